"""The time of a peer's reactor is for all: dear questions, floods and bombs keep nobody waiting."""

import json
import time
from collections.abc import Callable
from itertools import count
from typing import Any, ClassVar

import pytest

from tests.process.abused import AbusedCase, memory_of
from tests.process.daemons import wait_until
from tests.process.odd_holder import a_holder, push
from tests.process.stranger import Neighbor, a_ticket, id_of

_SAME = b"the same in very many files"
_PER_SECOND = 400
_MEMORY_BYTES = 60 << 20
_HONEST_SECONDS = 5.0
_EVIL = count()


def an_ask(what: str, text: str = "", peer: str | None = None) -> dict[str, Any]:
    """Ask for something that takes long to find."""
    return {"id": a_ticket(), "what": what, "text": text, "peer": peer, "wait": 10}


@pytest.mark.slow
class DearLinesTests(AbusedCase):
    """s1 shares very many files; its neighbor sends 400 lines a second, as dear as can be."""

    files: ClassVar = {
        "s1": {
            **{f"js/d{n % 300}/e{n}/index.js": b"%d" % n for n in range(4_000)},
            **{f"same/d{n % 300}/f{n}.txt": _SAME for n in range(4_000)},
            **{f"one/d{n % 100}/one-{n}.txt": b"1 %d" % n for n in range(8_000)},
            **{f"two/d{n % 100}/two-{n}.txt": b"2 %d" % n for n in range(8_000)},
        }
    }
    folders: ClassVar[list[str]]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        with Neighbor(cls.network.port("s1"), "asker") as asker:
            cls.folders = [cls.folder_id(asker, name) for name in ("one", "two")]
        cls.network.exchange("s1", "s2")
        cls.remember_memory()

    @classmethod
    def folder_id(cls, asker: Neighbor, name: str) -> str:
        """Ask s1 for a folder's id, until it has one."""

        def ask() -> str | None:
            ask = an_ask("name", name)
            asker.line.say("ASK", **ask)
            time.sleep(0.5)
            told = [each for _, each in asker.heard if each.get("id") == ask["id"]]
            hits = [hit for each in told for hit in each.get("hits", ())]
            return next((hit.get("file") for hit in hits if hit["name"] == name), None)

        file_id = wait_until(ask, f"the id of {name}", 120.0)
        assert isinstance(file_id, str)
        return file_id

    def a_want(self, file: str, number: int) -> tuple[str, dict[str, Any]]:
        """Want something, for a host that has no part in this."""
        place = {"name": self.evil, "host": "127.0.0.1", "port": 20_000 + number % 10_000}
        # Not on the link, however small it is.
        via = [self.evil]
        return "WANT", {"ticket": a_ticket(), "file": file, "via": via, "more": True, **place}

    def flood(self, a_line: Callable[[int], tuple[str, dict[str, Any]]], seconds: float) -> None:
        """Send lines, while others do what honest peers do, and are served in time."""
        numbers, began = count(), time.monotonic()
        memory = memory_of(self.network.daemons["s1"].pid)
        # One that was cut off may not come back at once.
        self.evil = f"evil-{next(_EVIL)}"
        with Neighbor(self.network.port("s1"), self.evil) as evil:
            for part in range(1, 4):
                while (ahead := time.monotonic() - began) < seconds * part / 3:
                    number = next(numbers)
                    verb, fields = a_line(number)
                    if not evil.line.say(verb, **fields):
                        return
                    time.sleep(max(0.0, number / _PER_SECOND - ahead))
                self.network.type("s2", "find s1-1.txt", "s1-1.txt", _HONEST_SECONDS)
            self.network.exchange("s1", "s2")
        grown = memory_of(self.network.daemons["s1"].pid) - memory
        self.assertLess(grown, _MEMORY_BYTES)

    def test_questions(self) -> None:
        """Questions for names, contents and listings."""
        dear = "*a*e*i*o*-*-*?????*z*"
        for ask in (
            lambda: an_ask("name", "index.js"),
            lambda: an_ask("name", "INDEX.JS"),
            lambda: an_ask("id", id_of(_SAME)),
            lambda: an_ask("text", dear),
            lambda: an_ask("text", dear + "/" + dear),
            lambda: an_ask("ls", peer="s1"),
        ):
            self.flood(lambda _number, ask=ask: ("ASK", ask()), 3.0)  # type: ignore[misc]

    def test_wants(self) -> None:
        """Two large folders by turns, and content that is there very often."""
        self.flood(lambda number: self.a_want(self.folders[number % 2], number), 5.0)
        self.flood(lambda number: self.a_want(id_of(_SAME), number), 5.0)


@pytest.mark.slow
class FloodTests(AbusedCase):
    """A neighbor sends as much as it can, of all kinds."""

    def test_floods(self) -> None:
        """It takes at most 60 % of a core, and is cut off after a while."""
        hits = [{"peer": "x", "name": f"n{n}", "size": 1, "file": "0" * 64} for n in range(100)]
        gossip = {"kind": "x", "origin": "s2", "age": 0, "life": 9, "text": "x" * 2_000}
        for verb, fields in (
            ("GOSSIP", gossip),
            ("IHAVE", {"ids": [a_ticket() for _ in range(200)]}),
            ("TOLD", {"hits": hits}),
            ("ASK", an_ask("topo")),
            ("WANT", {"file": "0" * 64, "name": "evil", "host": "127.0.0.1", "port": 9_999}),
            ("PING", {"n": 1}),
        ):
            self.flood(verb, fields)

    def flood(self, verb: str, fields: dict[str, Any]) -> None:
        """Send one kind until it is cut off."""
        ids = [{"id": a_ticket(), "ticket": a_ticket()} for _ in range(200)]
        lines = "".join(f"{verb} {json.dumps({**fields, **each})}\n" for each in ids).encode()
        began, used = time.monotonic(), self.network.processor_seconds("s1")
        with Neighbor(self.network.port("s1"), f"evil-{verb.lower()}") as evil:
            while evil.line.write(lines) and time.monotonic() < began + 60.0:
                pass
            wait_until(lambda: not evil.is_linked, verb)
            took = time.monotonic() - began
        used = self.network.processor_seconds("s1") - used
        self.assertLess(used, 0.6 * took + 1.0, verb)
        self.network.exchange("s1", "s2")


@pytest.mark.slow
class BombTests(AbusedCase):
    """A neighbor offers folders whose lists are bombs."""

    def test_bombs(self) -> None:
        """They are refused before anything is made, and take neither memory nor time."""
        numbers = range(300_000)
        file = f"{id_of(b'x')} 1 z\n".encode()
        memory = memory_of(self.network.daemons["s1"].pid)
        for name, text in (
            ("bare", b"".join(b"- 0 %06d\n" % n for n in numbers) + file),
            ("few", b"".join(b"- 0 %06d\n" % n for n in range(2_000)) + file),
            ("tiny", b"".join(b"%064x 1 %06d\n" % (n, n) for n in numbers)),
            (
                "deep",
                b"".join(b"%064x 1 %06d/%s\n" % (n, n, b"d/" * 29 + b"f") for n in range(9_000)),
            ),
        ):
            hit = {"peer": "evil", "name": name, "size": 7, "kind": "folder", "file": id_of(text)}

            def deliver(want: dict[str, Any], text: bytes = text) -> None:
                push(want, text)

            with a_holder(self.network.port("s1"), "evil", [hit], deliver):
                self.network.type("s1", f"get {name}", "a folder may have at most", 60.0)
                self.network.exchange("s1", "s2")
            self.assertFalse((self.network.folder / "s1" / "Downloads" / name).exists())
        self.assertLess(memory_of(self.network.daemons["s1"].pid) - memory, _MEMORY_BYTES)
