"""The verbs that talk to a running peer."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from typing import Any, Final

from p2p_twisted.cli.peer_client import CommandFailed, PeerClient, find_peer
from p2p_twisted.runtime.exit_status import Exit

Verb = Callable[[PeerClient, argparse.Namespace], int]

_INTERRUPTED: Final = 130


def talk(options: argparse.Namespace) -> int:
    """Run a verb on the peer that it is for; return the exit status."""
    verb: Verb = options.verb
    try:
        return verb(find_peer(options.peer), options)
    except CommandFailed as failed:
        if failed.code == Exit.DONE:
            sys.stdout.write(f"{failed}\n")
        else:
            sys.stderr.write(f"{failed}\n")
        return failed.code
    except KeyboardInterrupt:
        return _INTERRUPTED


def status(client: PeerClient, options: argparse.Namespace) -> int:
    """Show a peer at a glance."""
    from p2p_twisted.cli import show

    return _say(options, client.get("/v1/status"), show.status_lines)


def peers(client: PeerClient, options: argparse.Namespace) -> int:
    """List the peers of the network."""
    answer = client.get("/v1/topology")
    names = [each["name"] for each in answer["peers"]]
    return _say(options, {"peers": names, "silent": answer["silent"]}, lambda _answer: names)


def topo(client: PeerClient, options: argparse.Namespace) -> int:
    """Show the network: a table, or a graph for other programs."""
    from p2p_twisted.cli import show

    formats = {"dot": show.dot_lines, "mermaid": show.mermaid_lines}
    lines = formats.get(options.format, show.topology_lines)
    return _say(options, client.get("/v1/topology"), lines)


def find(client: PeerClient, options: argparse.Namespace) -> int:
    """Search all peers."""
    from p2p_twisted.cli import show

    answer = client.get("/v1/find", text=options.text)
    _say(options, answer, show.hit_lines)
    return Exit.DONE if answer["hits"] else Exit.NOT_FOUND


def ls(client: PeerClient, options: argparse.Namespace) -> int:
    """List what a peer shares."""
    from p2p_twisted.cli import show

    return _say(options, client.get("/v1/files", peer=options.of), show.hit_lines)


def transfers(client: PeerClient, options: argparse.Namespace) -> int:
    """List downloads and uploads."""
    from p2p_twisted.cli import show

    return _say(options, client.get("/v1/transfers"), show.transfer_lines)


def get(client: PeerClient, options: argparse.Namespace) -> int:
    """Download, and wait for it."""
    body = {"names": options.names, "peer": options.holder}
    lines = client.lines("POST", "/v1/downloads", body)
    progress = _Progress(is_shown=sys.stderr.isatty() and not options.json)
    end: dict[str, Any] = {}
    try:
        for line in lines:
            if options.json:
                _write(line)
            if line["error"] is not None:
                raise CommandFailed(line["error"]["exit"], line["error"]["message"])
            if line["end"] is not None:
                end = line["end"]
            else:
                progress.show(line["download"])
                if options.detach:
                    break
    finally:
        progress.clear()
    return _ended(end, options)


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
    return _say(options, answer, lambda limits: [show.limits_line(limits)])


def leave(client: PeerClient, options: argparse.Namespace) -> int:
    """Have the peer leave, and end."""
    return _say(options, client.ask("POST", "/v1/leave", {}), lambda _answer: ["left the network"])


def stop(client: PeerClient, options: argparse.Namespace) -> int:
    """Stop every peer of the network."""
    answer = client.ask("POST", "/v1/stop", {})
    return _say(options, answer, lambda _answer: ["stopped the network"])


def _act(client: PeerClient, options: argparse.Namespace, method: str, what: str, done: str) -> int:
    from p2p_twisted.console.text import shown_name

    numbers: list[int] = options.numbers
    if not numbers and method == "DELETE":
        running = client.get("/v1/transfers")["downloads"]
        numbers = [each["number"] for each in running if not each["is_ended"]]
        paths = [f"/v1/downloads/{number}" for number in numbers]
    else:
        paths = [f"/v1/downloads/{number}/{what}".rstrip("/") for number in numbers]
        paths = paths or [f"/v1/downloads/{what}"]
    answers = [client.ask(method, path, {}) for path in paths]
    downloads = [each for answer in answers for each in answer["downloads"]]
    lines = [f"{done} {shown_name(each['name'])}" for each in downloads] or [
        "there is nothing to do"
    ]
    return _say(options, {"downloads": downloads}, lambda _answer: lines)


def _ended(end: dict[str, Any], options: argparse.Namespace) -> int:
    """Say how downloads have ended, and return the exit code for all of them."""
    from p2p_twisted.cli import show
    from p2p_twisted.console.text import shown_name

    if not end:
        return Exit.DONE
    if not options.json:
        lines = [show.download_line(each) for each in end["downloads"]]
        lines += [f"{shown_name(name)} is there already" for name in end["here"]]
        _print(lines)
        for failed in end["failed"]:
            sys.stderr.write(f"{failed['reason']}\n")
    exit_: int = end["exit"]
    return exit_


class _Progress:
    """Shows the progress of downloads on a terminal, in one line."""

    def __init__(self, is_shown: bool) -> None:
        self._is_shown = is_shown
        self._downloads: dict[int, Any] = {}

    def show(self, download: dict[str, Any]) -> None:
        """Show that one of them has come further."""
        self._downloads[download["number"]] = download
        if self._is_shown:
            import shutil

            from p2p_twisted.cli import show

            room = shutil.get_terminal_size().columns - 1
            line = show.progress_line(self._downloads.values(), room)
            sys.stderr.write(f"\r\x1b[K{line}")
            sys.stderr.flush()

    def clear(self) -> None:
        """Leave nothing of it."""
        if self._is_shown and self._downloads:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def _say(options: argparse.Namespace, answer: Any, lines: Callable[[Any], Iterable[str]]) -> int:
    if options.json:
        _write(answer)
    else:
        _print(lines(answer))
    return Exit.DONE


def _write(answer: Any) -> None:
    sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")
