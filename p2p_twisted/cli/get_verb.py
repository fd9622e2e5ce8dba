"""``p2p get``: download, wait for it, and put it where it is wanted."""

import argparse
import sys
from collections.abc import Iterator
from typing import Any, Final

from p2p_twisted.api.limits import WORDS_AT_ONCE
from p2p_twisted.cli.answers import say_json, say_lines
from p2p_twisted.cli.number_ranges import TooManyNumbers, numbers_in
from p2p_twisted.cli.peer_client import CommandFailed, PeerClient, failure_of
from p2p_twisted.console.dumb_terminal import is_dumb
from p2p_twisted.runtime.exit_status import Exit

STDOUT: Final = "-"
"""What ``--to`` calls standard output."""

_NEWER: Final = ("file", "detach")
"""Fields that peers of earlier versions do not know."""


def get(client: PeerClient, options: argparse.Namespace) -> int:
    """Download, and wait for it."""
    waiting = _Waiting(options)
    try:
        end = waiting.wait(client)
    except KeyboardInterrupt:
        waiting.clear()
        _interrupted(client, waiting)
        raise
    finally:
        waiting.clear()
    return _ended(client, end, options)


def check_get(options: argparse.Namespace) -> None:
    """
    Look at the options together.

    :raises CommandFailed: when they cannot be meant.
    """
    if options.names[-1] == STDOUT:
        options.names, options.to = options.names[:-1], STDOUT
    options.numbers = _numbers(options.names)
    options.names = [name.removeprefix("./") for name in options.names]
    why = None
    if not options.names:
        why = "p2p get takes the name of what to download"
    elif len(options.numbers or options.names) > WORDS_AT_ONCE:
        kind = "numbers" if options.numbers else "names"
        why = f"p2p get takes at most {WORDS_AT_ONCE:,} {kind} at once"
    elif options.to == STDOUT and (len(options.numbers or options.names) > 1 or options.json):
        why = "only one file can go to standard output, and nothing else with it"
    elif options.numbers and options.registry is not None:
        why = "numbers are of a list of a running peer: with --registry, say names or ids"
    elif options.detach and (options.to is not None or options.registry is not None):
        why = "--detach leaves the download to a running peer, so --to and --registry do not fit"
    if why is not None:
        raise CommandFailed(Exit.USAGE, why)
    if options.to not in (None, STDOUT):
        from p2p_twisted.cli.delivery import check_folder

        check_folder(options.to)


def _numbers(names: list[str]) -> list[int]:
    """Read numbers of the last list, such as ``1 3-5``; nothing where there is a name."""
    if any(not name[:1].isdigit() or name.startswith("0") for name in names):
        return []
    try:
        return [number for name in names for number in numbers_in(name)]
    except TooManyNumbers as error:
        name = next(name for name in names if "-" in name)
        raise CommandFailed(Exit.USAGE, f"{error}; a file called {name} is ./{name}") from None
    except argparse.ArgumentTypeError:
        return []


class _Waiting:
    """
    Waits for downloads, and shows their progress on a terminal, in one line.

    :ivar downloads: how each stands, by its number.
    """

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._is_shown = sys.stderr.isatty() and not (is_dumb() or options.json)
        self.downloads: dict[int, Any] = {}

    def wait(self, client: PeerClient) -> dict[str, Any]:
        """
        Wait for the end of all, and return it; with ``--detach``, how they have begun.

        :raises CommandFailed: when there is nothing to download.
        """
        numbers = self._options.numbers
        what = {"numbers": numbers} if numbers else {"names": self._options.names}
        body = {**what, "peer": self._options.holder}
        if self._options.registry is not None:
            # The peer that is asked ends with this command, and with it what numbers would mean.
            body["numbered"] = False
        if self._options.to == STDOUT:
            body["file"] = True
        if self._options.detach:
            body["detach"] = True
        for line in self._lines(client, body):
            if self._options.json:
                say_json(line)
            if line["error"] is not None:
                raise failure_of(line["error"])
            if line["end"] is not None:
                end: dict[str, Any] = line["end"]
                return end
            self._show(line["download"])
            if self._options.detach and "detach" not in body:
                return {
                    "exit": Exit.DONE,
                    "downloads": [line["download"]],
                    "here": [],
                    "failed": [],
                }
        raise CommandFailed(Exit.NO_NETWORK, f"{client.name} has ended, and the downloads with it")

    def _lines(self, client: PeerClient, body: dict[str, Any]) -> Iterator[Any]:
        try:
            yield from client.lines("POST", "/v1/downloads", body)
        except CommandFailed as failed:
            if failed.fault == "is_folder":
                raise CommandFailed(failed.code, f"{failed}, or say --to DIR") from None
            if failed.fault == "bad_request" and any(body.pop(each, False) for each in _NEWER):
                yield from self._lines(client, body)
                return
            if failed.code != Exit.USAGE or not self._options.numbers:
                raise
            name = self._options.names[0]
            raise CommandFailed(
                failed.code, f"{failed}; a file called {name} is ./{name}"
            ) from None

    def _show(self, download: dict[str, Any]) -> None:
        self.downloads[download["number"]] = download
        if self._is_shown:
            from p2p_twisted.cli.progress_of import shown_progress

            sys.stderr.write(f"\r\x1b[K{shown_progress(self.downloads.values(), sys.stderr)}")
            sys.stderr.flush()

    def clear(self) -> None:
        """Leave nothing of the line."""
        if self._is_shown and self.downloads:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def _interrupted(client: PeerClient, waiting: _Waiting) -> None:
    """Ask on a terminal whether the peer is to go on; it does where nobody answers."""
    running = [each for each in waiting.downloads.values() if not each["is_ended"]]
    if not (running and sys.stdin.isatty() and sys.stderr.isatty()):
        return
    from p2p_twisted.console.text import shown_name

    what = shown_name(running[0]["name"]) if len(running) == 1 else f"{len(running)} downloads"
    sys.stderr.write(f"{client.name} goes on with {what}; cancel instead? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() in ("y", "yes"):
        for each in running:
            client.ask("DELETE", f"/v1/downloads/{each['number']}", {})


def _ended(client: PeerClient, end: dict[str, Any], options: argparse.Namespace) -> int:
    """Say how downloads have ended, and return the exit code for all of them."""
    from p2p_twisted.cli import show

    exit_ = _exit(end, options)
    if options.detach:
        lines = [*show.download_lines(end["downloads"]), *map(_here_line, end["here"])]
    elif options.to is not None and not _lands_there(options):
        from p2p_twisted.cli.delivery import deliver, to_stdout

        deliver_to = to_stdout if options.to == STDOUT else deliver
        lines = deliver_to(client, end, options.to)
    else:
        lines = [show.download_line(each) for each in end["downloads"]]
        lines += map(_here_line, end["here"])
    if not options.json:
        say_lines(lines)
        for failed in end["failed"]:
            sys.stderr.write(f"{failed['reason']}\n")
        if options.registry is None and "blocked" in _states(end):
            shows = f"{client.typed('transfers')} shows how"
            sys.stderr.write(f"{client.name} goes on by itself once there is room: {shows}\n")
    return exit_


def _here_line(here: Any) -> str:
    from p2p_twisted.console.text import shown_name

    if isinstance(here, str):
        # A peer of an older version does not tell where.
        return f"{shown_name(here)} is there already"
    return f"{shown_name(here['name'])} is there already, as {shown_name(here['path'])}"


def _lands_there(options: argparse.Namespace) -> bool:
    """Return whether downloads land where they are wanted: a peer of their own does so."""
    return options.registry is not None and options.to != STDOUT


def _exit(end: dict[str, Any], options: argparse.Namespace) -> int:
    is_blocked = end["exit"] == Exit.UNFINISHED and _states(end) == {"blocked"}
    if options.registry is not None and is_blocked:
        # A peer that stays goes on when there is space again; this one does not stay.
        return Exit.DISK
    exit_: int = end["exit"]
    return exit_


def _states(end: dict[str, Any]) -> set[str]:
    return {each["state"] for each in end["downloads"]}
