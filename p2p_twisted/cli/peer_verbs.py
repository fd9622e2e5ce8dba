"""The verbs that one request to a running peer carries out, or a few."""

import argparse
import time
from collections.abc import Sequence
from typing import Any, Final

from p2p_twisted.cli.answers import complain, say
from p2p_twisted.cli.peer_client import CommandFailed, PeerClient
from p2p_twisted.runtime.exit_status import Exit

_END_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 0.02


def status(client: PeerClient, options: argparse.Namespace) -> int:
    """Show a peer at a glance."""
    from p2p_twisted.cli import show

    return say(options, client.get("/v1/status"), show.status_lines)


def peers(client: PeerClient, options: argparse.Namespace) -> int:
    """List the peers of the network."""
    answer = client.get("/v1/topology")
    names = [each["name"] for each in answer["peers"]]
    return say(options, {"peers": names, "silent": answer["silent"]}, lambda _answer: names)


def topo(client: PeerClient, options: argparse.Namespace) -> int:
    """Show the network: a table, or a graph for other programs."""
    from p2p_twisted.cli import show

    graph = show.mermaid_lines if options.mermaid else show.topology_lines
    lines = show.dot_lines if options.dot else graph
    return say(options, client.get("/v1/topology"), lines)


def find(client: PeerClient, options: argparse.Namespace) -> int:
    """Search all peers."""
    from p2p_twisted.cli import show

    answer = client.get("/v1/find", text=options.text)
    if options.registry is not None:
        # The peer that was asked ends now, and with it what numbers would mean.
        answer["hits"] = [{**hit, "number": None} for hit in answer["hits"]]
    say(options, answer, show.hit_lines)
    return Exit.DONE if answer["hits"] else Exit.NOT_FOUND


def ls(client: PeerClient, options: argparse.Namespace) -> int:
    """List what a peer shares."""
    from p2p_twisted.cli import show

    return say(options, client.get("/v1/files", peer=options.of), show.hit_lines)


def transfers(client: PeerClient, options: argparse.Namespace) -> int:
    """List downloads and uploads."""
    from p2p_twisted.cli import show

    return say(options, client.get("/v1/transfers"), show.transfer_lines)


def explain(client: PeerClient, options: argparse.Namespace) -> int:
    """Say what limits a download."""
    from p2p_twisted.cli import show
    from p2p_twisted.console.explanation_lines import explanation_lines

    answer = client.get("/v1/explain", of=options.what)
    return say(options, answer, lambda explained: explanation_lines(explained, show.width()))


def pause(client: PeerClient, options: argparse.Namespace) -> int:
    """Pause downloads."""
    return _act(client, options, "POST", "pause", "pausing")


def resume(client: PeerClient, options: argparse.Namespace) -> int:
    """Go on with downloads."""
    return _act(client, options, "POST", "resume", "going on with")


def cancel(client: PeerClient, options: argparse.Namespace) -> int:
    """Give downloads up."""
    return _act(client, options, "DELETE", "", "canceling")


def limit(client: PeerClient, options: argparse.Namespace) -> int:
    """Show or set the limits."""
    from p2p_twisted.bandwidth.rates import BadRate, read_rate
    from p2p_twisted.cli import show

    if options.way is None:
        answer = client.get("/v1/status")["limits"]
    elif options.rate is None:
        raise CommandFailed(
            Exit.USAGE, "p2p limit takes up or down, and a rate such as 10M, or off"
        )
    else:
        try:
            rate = read_rate(options.rate) or 0
        except BadRate as error:
            raise CommandFailed(Exit.USAGE, str(error)) from None
        answer = client.ask("PATCH", "/v1/limits", {options.way: rate})
    return say(options, answer, lambda limits: [show.limits_line(limits)])


def leave(client: PeerClient, options: argparse.Namespace) -> int:
    """Have the peer leave, and end."""
    answer = client.ask("POST", "/v1/leave", {})
    _wait_for_end(client)
    return say(options, answer, lambda _answer: ["left the network"])


def stop(client: PeerClient, options: argparse.Namespace) -> int:
    """Stop every peer of the network."""
    if options.of_registry is not None:
        answer = client.ask("POST", "/v1/peers/stop", {})
        said = (
            "all peers end that renew their places now, within half a minute, and tell the others"
        )
        return say(options, answer, lambda _answer: [said])
    answer = client.ask("POST", "/v1/stop", {})
    _wait_for_end(client)
    return say(options, answer, lambda _answer: ["stopped the network"])


def _wait_for_end(client: PeerClient) -> None:
    """Wait for a moment until a peer has ended, so that no command behind this one finds it."""
    ends = time.monotonic() + _END_SECONDS
    while client.place.path.exists() and time.monotonic() < ends:
        time.sleep(_LOOK_SECONDS)


def _act(client: PeerClient, options: argparse.Namespace, method: str, what: str, done: str) -> int:
    """
    Do something with downloads; of a range, with those that it can be done with.

    :raises CommandFailed: when it can be done with none.
    """
    from p2p_twisted.console.text import none_of, shown_name

    downloads: list[Any] = []
    unknown: list[tuple[int, CommandFailed]] = []
    for number in _numbers(client, options, method):
        path = "/v1/downloads" if number is None else f"/v1/downloads/{number}"
        try:
            downloads += client.ask(method, f"{path}/{what}".rstrip("/"), {})["downloads"]
        except CommandFailed as failed:
            if number is None or failed.code != Exit.NOT_FOUND:
                raise
            unknown.append((number, failed))
    others = [number for number, _failed in unknown]
    if unknown:
        why = none_of(str(unknown[0][1]), others[1:])
        if not downloads:
            raise CommandFailed(Exit.NOT_FOUND, why)
        if not options.json:
            complain(why)
    lines = [f"{done} {shown_name(each['name'])}" for each in downloads] or [
        "there is nothing to do"
    ]
    return say(options, {"downloads": downloads, "unknown": others}, lambda _answer: lines)


def _numbers(
    client: PeerClient, options: argparse.Namespace, method: str
) -> Sequence[int] | Sequence[None]:
    """Return the numbers of the downloads that are meant; ``None`` for all at once."""
    # The empty range stands for all.
    if all(options.numbers) and options.numbers:
        return [number for some in options.numbers for number in some]
    if method != "DELETE":
        return [None]
    running = client.get("/v1/transfers")["downloads"]
    return [each["number"] for each in running if not each["is_ended"]]
