"""``p2p web``: open the page of a running peer in the browser."""

import argparse
import os
import sys
from typing import Final

from p2p_twisted.cli.answers import say_json, say_lines
from p2p_twisted.cli.peer_client import PeerClient
from p2p_twisted.runtime.exit_status import Exit

_SCREENS: Final = ("DISPLAY", "WAYLAND_DISPLAY")


def web(client: PeerClient, options: argparse.Namespace) -> int:
    """Open the page, signed in by an address that counts once; or write that address."""
    page = client.ask("POST", "/v1/page", {})
    if options.json:
        say_json(page)
    else:
        show_page(page["url"], f"the page of {client.name}", options.url)
    return Exit.DONE


def show_page(url: str, what: str, only_url: bool) -> None:
    """
    Open an address in the browser, or write it where there is none.

    :param only_url: whether it is written in any case.
    """
    if not only_url and _has_screen() and _is_opened(url):
        say_lines([f"opened {what} in the browser"], at_once=True)
        return
    say_lines([url], at_once=True)
    if sys.stderr.isatty():
        sys.stderr.write("open it within a minute; it lets one browser in\n")


def _is_opened(url: str) -> bool:
    # Slow to import, and seldom needed.
    import webbrowser

    return webbrowser.open(url)


def _has_screen() -> bool:
    """Return whether a browser can be shown that is not in the terminal itself."""
    return sys.platform == "darwin" or any(map(os.environ.get, _SCREENS))
