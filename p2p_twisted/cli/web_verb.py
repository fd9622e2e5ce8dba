"""``p2p web``: open the page of a running peer in the browser."""

import argparse
import os
import sys
from typing import Final

from p2p_twisted.api.socket_index import running_registries
from p2p_twisted.cli.answers import say_json, say_lines
from p2p_twisted.cli.peer_client import CommandFailed, PeerClient
from p2p_twisted.runtime.exit_status import Exit

_SCREENS: Final = ("DISPLAY", "WAYLAND_DISPLAY")


def web(client: PeerClient, options: argparse.Namespace) -> int:
    """Open the page, signed in by an address that counts once; or write that address."""
    page = client.ask("POST", "/v1/page", {})
    if options.json:
        say_json(page)
    elif not options.url and _has_screen() and _is_opened(page["url"]):
        say_lines([f"opened the page of {client.name} in the browser"])
    else:
        say_lines([page["url"]])
        if sys.stderr.isatty():
            sys.stderr.write("open it within a minute; it lets one browser in\n")
    return Exit.DONE


def find_registry(network: str) -> PeerClient:
    """
    Find the running registry that is meant: that of a network, or the only one.

    :param network: its name; empty for the only one.
    :raises CommandFailed: when there is none, or several.
    """
    running = list(running_registries())
    chosen = [place for place in running if network in ("", place.name)]
    if len(chosen) == 1:
        return PeerClient(chosen[0])
    names = ", ".join(place.name for place in running)
    if chosen:
        which = (
            f"several registries run, of {names}; say which, as in --of-registry {running[0].name}"
        )
        raise CommandFailed(Exit.USAGE, which)
    if running:
        raise CommandFailed(Exit.NO_NETWORK, f"no registry of {network} runs; there is {names}")
    raise CommandFailed(
        Exit.NO_NETWORK, "no registry of yours runs here; start one: p2p registry --background"
    )


def _is_opened(url: str) -> bool:
    # Slow to import, and seldom needed.
    import webbrowser

    return webbrowser.open(url)


def _has_screen() -> bool:
    """Return whether a browser can be shown that is not in the terminal itself."""
    return sys.platform == "darwin" or any(map(os.environ.get, _SCREENS))
