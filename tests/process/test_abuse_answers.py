"""Answers that are far too long: they neither hold up who asked nor fill its console."""

from collections.abc import Iterable
from itertools import count
from typing import Any, ClassVar

import pytest

from tests.process.abused import AbusedCase
from tests.process.stranger import Neighbor

_NUMBERS = count()
_RECORDS = 20_000
_LINKS = 28
_LINE_BYTES = 16_000
_SHOWN = 200
_HONEST = 10
_GROWN_BYTES = 60 << 20


@pytest.mark.slow
class AnswerTests(AbusedCase):
    """A neighbor answers with all that it may, and more."""

    _at_first: ClassVar[dict[str, int]]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls._at_first = cls._memory

    def ask(self, typed: str, end: str, field: str, records: list[dict[str, Any]]) -> list[str]:
        """Have s1 ask the neighbor something; return what it shows."""

        def answer(neighbor: Neighbor, ask: dict[str, Any]) -> None:
            for some in packed(records):
                neighbor.line.say("TOLD", id=ask["id"], more=True, **{field: some})
            neighbor.line.say("TOLD", id=ask["id"], answered=1)

        # Another one each time: for a while nobody believes one that has lost its link.
        with Neighbor(self.network.port("s1"), f"evil{next(_NUMBERS)}", ASK=answer):
            shown = self.network.type("s1", typed, end).splitlines()
        self.assertLess(self.network.memory()["s1"] - self._at_first["s1"], _GROWN_BYTES)
        # What Python does not give back, it uses the next time.
        self.remember_memory()
        return shown

    def test_topology(self) -> None:
        """Of 20,000 invented peers with more links than any peer has, few are shown."""
        records = [
            {"peer": f"i{number}", "links": [f"j{number}-{link}" for link in range(_LINKS)]}
            for number in range(_RECORDS)
        ]
        shown = self.ask("TOPO", "; no answer from ", "peers", records)
        self.assertLess(len(shown), _SHOWN + 5)
        # Each counts as four. A busy machine reads fewer, or none, in the time that a question has.
        told = int(shown[-1].partition(" peers, ")[0].replace(",", ""))
        self.assertLess(told, _RECORDS // 4 + _HONEST)

    def test_hits(self) -> None:
        """Of very many hits the first are shown, with names cut to what fits on a line."""
        for name, number in (("\u6f22" * 60, 2_000), ("short", _RECORDS)):
            hits = [
                {"peer": "evil", "name": f"{name}-{n}", "size": 1, "file": f"{n:064x}"}
                for n in range(number)
            ]
            shown = self.ask(f"find {name[:5]}", "asked ", "hits", hits)
            self.assertLess(len(shown), _SHOWN + 5)
            self.assertIn(" more ", " ".join(shown[-2:]))
            self.assertLess(max(map(len, shown)), 200)


def packed(records: list[dict[str, Any]]) -> Iterable[list[dict[str, Any]]]:
    """Split records into as many as go on a line each."""
    per_line = max(1, _LINE_BYTES // len(str(records[-1]).encode("unicode_escape")))
    return (records[start : start + per_line] for start in range(0, len(records), per_line))
