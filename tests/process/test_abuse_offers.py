"""Offers without end, of real strangers to real peers: an honest push gets to all of them."""

import contextlib
import itertools
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

import pytest

from tests.process.abused import AbusedCase, Network
from tests.process.daemons import wait_until
from tests.process.stranger import Neighbor, a_ticket

_LESSON = secrets.token_bytes(1 << 20)
_A_SECOND = 170
_RECEIVERS = ("s2", "s3", "s4", "s5")
_PATIENCE = 60.0
_WARM_SECONDS = 5.0


def a_text(**said: Any) -> str:
    """Write an offer that nobody has made."""
    now = int(time.time())
    offer = {
        "kind": "offer",
        "file_id": secrets.token_hex(32),
        "name": "free.exe",
        "size": 5,
        "sender": f"x{secrets.token_hex(5)}",
        "to": ["@all"],
        "issued": now,
        "until": now + 86_400,
        "network": "default",
        "lock": a_ticket(),
    }
    return json.dumps({**offer, **said})


def a_broadcast(text: str, kind: str = "offer") -> Mapping[str, Any]:
    return {"id": a_ticket(), "kind": kind, "origin": "s1", "age": 0, "life": 120, "text": text}


@pytest.mark.slow
class OfferFloodTests(AbusedCase):
    """Peers that take anything, and two strangers with a link to each of two of them."""

    files: ClassVar = {"s1": {f"lesson{number}.bin": _LESSON for number in range(4)}}

    @classmethod
    def setUpClass(cls) -> None:
        takes = dict.fromkeys(_RECEIVERS, ("--accept", "anyone"))
        cls.network = Network("s1", *_RECEIVERS, files=cls.files, options=takes)
        cls.addClassCleanup(cls.network.end)
        cls.network.exchange("s1", "s2")
        cls.remember_memory()

    @contextlib.contextmanager
    def flood(self, one: Callable[[Neighbor], object], **on: Any) -> Iterator[None]:
        """Have the strangers say something, together 10,000 times a minute."""
        is_over = threading.Event()
        at = ("s1", "s2", "s2", "s3")
        links = [
            Neighbor(self.network.port(name), f"evil{number}", **on)
            for number, name in enumerate(at)
        ]

        def run() -> None:
            began, said = time.monotonic(), 0
            while not is_over.wait(0.01):
                while said < _A_SECOND * (time.monotonic() - began):
                    one(links[said % len(links)])
                    said += 1

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        time.sleep(_WARM_SECONDS)
        try:
            yield
        finally:
            is_over.set()
            thread.join(_PATIENCE)
            for link in links:
                link.close()

    def push(self, name: str) -> None:
        """Push from s1, and wait until all have it, and nothing else has landed."""
        self.network.type("s1", f"push {name} --to @all", f"pushed {name}")
        folders = [self.network.folder / each / "Downloads" for each in _RECEIVERS]
        wait_until(lambda: all((each / name).exists() for each in folders), name, _PATIENCE)
        for folder in folders:
            self.network.downloaded.update(each.name for each in folder.iterdir())
            self.assertEqual((folder / name).read_bytes(), _LESSON)
        self.assertFalse([each for each in self.network.downloaded if each == "free.exe"])

    def test_in_ever_new_names(self) -> None:
        """Neither by broadcasts, nor beside them."""

        def offer(link: Neighbor) -> None:
            link.line.say("GOSSIP", **a_broadcast(a_text()))
            link.line.say("OFFERS", texts=[a_text()])

        with self.flood(offer):
            self.push("lesson0.bin")

    def test_in_the_senders_name(self) -> None:
        """Nor by what is said to be the sender's, to be had, or to have ended."""

        def offer(link: Neighbor) -> None:
            link.line.say("OFFERS", held=[a_text(sender="s1", name="lesson1.bin")])
            link.line.say("GOSSIP", **a_broadcast(a_text(sender="s1", size=1 << 40)))
            end = {"kind": "withdrawal", "offer": a_ticket(), "key": a_ticket()}
            link.line.say("GOSSIP", **a_broadcast(json.dumps(end), "withdraw"))

        with self.flood(offer):
            self.push("lesson1.bin")

    def test_all_at_once(self) -> None:
        """Nor by questions beside offers, of which they say that they have what is offered."""

        def say(link: Neighbor) -> None:
            kind = next(kinds)
            if kind == "broadcast":
                link.line.say("GOSSIP", **a_broadcast(a_text()))
            elif kind == "held":
                link.line.say("OFFERS", held=[a_text()])
            else:
                link.line.say("ASK", id=a_ticket(), what="id", text=a_ticket(), wait=10)

        kinds = itertools.cycle(("broadcast", "held", "question"))

        def say_two(link: Neighbor) -> None:
            say(link)
            say(link)

        with self.flood(say_two):
            self.push("lesson3.bin")

    def test_looks_and_false_receipts(self) -> None:
        """Nor by asking how far all are, and saying that they are all done."""

        def lie(_link: Neighbor, ask: Mapping[str, Any]) -> None:
            rows = [{"peer": name, "state": "saved"} for name in _RECEIVERS]
            said = {"answered": 1_000_000, "tally": {"saved": 1_000_000}, "receipts": rows}
            for link in list(links):
                link.line.say("TOLD", id=ask["id"], **said)

        links: set[Neighbor] = set()

        def ask(link: Neighbor) -> None:
            links.add(link)
            link.line.say("ASK", id=a_ticket(), what="id", text=a_ticket(), wait=10)

        with self.flood(ask, ASK=lie):
            self.push("lesson2.bin")
