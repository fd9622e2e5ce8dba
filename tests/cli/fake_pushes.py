"""A peer with pushes as its API tells of them, and a clock, for the verbs that ask it."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, cast

from p2p_twisted.cli import push_verb
from p2p_twisted.cli.main import command_parser
from p2p_twisted.cli.peer_client import CommandFailed, PeerClient
from p2p_twisted.runtime.exit_status import Exit

WEEK = 604_800


def offer(number: int = 1, **more: Any) -> dict[str, Any]:
    """What the API says of a push of this peer's own."""
    usual = {
        "number": number,
        "id": "0" * 32,
        "file": "f" * 64,
        "name": "lesson.tar",
        "size": 2_048,
        "kind": "file",
        "sender": "s2",
        "to": ["@all"],
        "issued": 1_800_000_000,
        "until": 1_800_000_000 + WEEK,
        "into": None,
        "state": None,
        "download": None,
        "reason": "",
        "is_over": False,
    }
    return {**usual, **more}


def board(saved: int, fetching: int, *, of: Any = None, **more: Any) -> dict[str, Any]:
    """What the API says of how a push goes."""
    counts = {"saved": saved, "fetching": fetching}
    usual = {
        "offer": of or offer(),
        "counts": {state: number for state, number in counts.items() if number},
        "receipts": [
            {"peer": f"s{n}", "state": "fetching", "received": 1_024, "rate": 512.0, "reason": ""}
            for n in range(fetching)
        ],
        "off": [],
        "unheard": [],
        "is_whole": True,
        "received": 2_048 * saved + 1_024 * fetching,
        "rate": 512.0 * fetching,
        "share": 0.5,
        "seconds_left": 2.0,
        "unaware": 0,
        "is_unshared": False,
        "is_done": not fetching,
        "have_all": not fetching,
        "look_again": 4.0,
    }
    return {**usual, **more}


class Client:
    """
    A peer that shares a directory.

    :ivar asked: what it was asked for and told.
    :ivar boards: what the next looks bring; the last one stays.
    :ivar lost: what can be pushed no more.
    :ivar is_here: whether all that is accepted is here already.
    :ivar certificate: is of a private network.
    :ivar there: who is in the network; an error where it is not known.
    """

    name = "s2"
    lost = ""
    is_here = False
    certificate: Any = ()
    there: Any = ("s2", "anna", "ben")

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.asked: list[Any] = []
        self.shares: list[Any] = []
        self.reshared: int | None = None
        self.boards: list[Any] = []
        self.steps: Iterable[Any] = [{"hashed": None, "offer": offer(), "error": None}]

    def typed(self, words: str) -> str:
        return f"p2p --peer {self.name} {words}"

    def get(self, path: str) -> Any:
        if path == "/v1/status":
            directory, downloads = str(self.directory), str(self.directory / "Downloads")
            where = {"directory": directory, "downloads": downloads, "shares": self.shares}
            who = {"name": self.name, "certificate": self.certificate}
            return {**who, **where, "reshared": self.reshared}
        if path == "/v1/topology":
            if isinstance(self.there, CommandFailed):
                raise self.there
            return {"peers": [{"name": name} for name in self.there], "silent": ["mute"]}
        self.asked.append(path)
        if path == "/v1/offers":
            return {"offers": [offer(), offer(2, state="asked", sender="s4")]}
        now = self.boards[0]
        del self.boards[: len(self.boards) > 1]
        return now(path) if callable(now) else now

    def ask(self, method: str, path: str, _body: Any) -> Any:
        self.asked.append((method, path))
        if path.startswith("/v1/offers/9"):
            raise CommandFailed(Exit.NOT_FOUND, "there is no push 9")
        return {"is_here": self.is_here}

    def lines(self, method: str, path: str, body: Any) -> Iterator[Any]:
        self.asked.append((method, path, body))
        if body["name"] == self.lost:
            raise CommandFailed(Exit.NOT_FOUND, f"this peer shares no {self.lost}")
        yield from self.steps

    def upload(self, path: str, content: Any, _watch: object) -> Any:
        name = path.removeprefix("/v1/shares/")
        there = self.directory / name
        if there.exists():
            raise CommandFailed(Exit.CONFLICT, f"{name} is there already")
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_bytes(content.read())
        return {"name": name, "path": str(there)}


class Time:
    """
    A clock that stands still but for sleep.

    :ivar interrupts: whether somebody presses Ctrl-C while it sleeps.
    """

    def __init__(self) -> None:
        self.interrupts = False
        self.now = 0.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        if self.interrupts:
            raise KeyboardInterrupt
        self.slept.append(seconds)
        self.now += seconds


def run(client: Client, *words: str) -> int:
    """Run a verb as it was typed."""
    options = command_parser().parse_args(list(words))
    verb: Callable[..., int] = getattr(push_verb, words[0])
    return verb(cast(PeerClient, client), options)
