"""Fetches: strangers that guess tickets, requesters that take nothing, holders that aim dials."""

import json
import time
from collections.abc import Callable
from typing import Any, ClassVar

from tests.process.abused import AimedCase
from tests.process.daemons import free_port, wait_until
from tests.process.odd_holder import a_holder
from tests.process.stranger import CHUNK, Line, Neighbor, a_hit, a_ticket, call, digests_of, id_of

_CONTENT = bytes(range(256)) * (5 * CHUNK // 256)
_RARE = b"rare" * CHUNK
_REFUSED = [("ERROR", {"reason": "nothing waits to be fetched by that ticket", "code": "refused"})]
Want = dict[str, Any]


class FetchTests(AimedCase):
    """s1 has something, and wants something."""

    files: ClassVar = {"s1": {"large.bin": _CONTENT}, "s2": {"rare.bin": _RARE}}

    def fetch(self, ticket: Any) -> Line:
        """Dial s1, and name a ticket."""
        line = call(self.port)
        self.addCleanup(line.close)
        line.hear("HELLO")
        line.say("FETCH", ticket=ticket)
        return line

    def test_guessed_tickets(self) -> None:
        """A ticket that waits for nobody gets one refusal; what is none, an error."""
        for _ in range(100):
            self.assertEqual(self.fetch(a_ticket()).hear_all(), _REFUSED)
        for odd in ("", "x" * 32, 7, None, [a_ticket()], "f" * 33):
            ((verb, _fields),) = self.fetch(odd).hear_all()
            self.assertEqual(verb, "ERROR", odd)

    def test_floods(self) -> None:
        """Others are served while many name tickets granted to nobody, or say nothing."""
        silent = [call(self.port) for _ in range(100)]
        for line in silent:
            self.addCleanup(line.close)
        named = [self.fetch(a_ticket()) for _ in range(200)]
        self.assertEqual(self.network.get("s2", "large.bin"), _CONTENT)
        for line in named:
            self.assertEqual(line.hear_all(), _REFUSED)

    def test_greedy_requesters(self) -> None:
        """Those that fetch and take nothing have their places, and no more than those."""
        fetched: list[Line] = []

        def refused(_evil: Neighbor, fields: Want) -> None:
            if "dial" in fields:
                fetched.append(self.fetch(fields["ticket"]))

        with Neighbor(self.port, "evil", REFUSE=refused) as evil:
            for _ in range(60):
                # Nobody listens there.
                want = {"ticket": a_ticket(), "file": id_of(_CONTENT), "name": "victim"}
                where = {"host": "127.0.0.1", "port": free_port(), "via": ["victim", "evil"]}
                evil.line.say("WANT", **want, **where)
            wait_until(lambda: len(fetched) > 8, "fetches")
            memory = self.network.memory()["s1"]
            time.sleep(1.0)
            self.assertLess(self.network.memory()["s1"] - memory, 8 << 20)
        for line in fetched:
            line.close()

    def aimed(self, port: int, **odd: Any) -> int:
        """
        Have s1 ask a new holder that cannot dial, and says where it is; s2 delivers in the end.

        :returns: how often it was asked.
        """
        # Who has led to nobody is asked last: so each time it is another one.
        name = self.aiming = f"a-evil-{a_ticket()[:8]}"
        where = {"name": name, "host": "127.0.0.1", "port": port} | odd
        wants: list[Want] = []

        def refuse(want: Want) -> None:
            wants.append(want)
            holder.line.say("REFUSE", ticket=want["ticket"], reason="no", dial=where)

        hits = [a_hit(_RARE, "rare.bin", name)]
        (self.network.folder / "s1" / "Downloads" / "rare.bin").unlink(missing_ok=True)
        with a_holder(self.port, name, hits, refuse) as holder:
            self.assertEqual(self.network.get("s1", "rare.bin"), _RARE)
        return len(wants)

    def test_victims(self) -> None:
        """Whoever is named in the holder's place is dialed once for a ticket, and gets no byte."""
        victim = self.listen()
        wants: list[int] = []

        def is_dialed() -> bool:
            # On a busy machine s2 may have delivered before the victim was dialed.
            wants.append(self.aimed(victim.port))
            return victim.calls > 0

        wait_until(is_dialed, "a dial")
        self.assertLessEqual(victim.calls, sum(wants))
        self.assertEqual(victim.received, b"")
        for odd in ({"name": "s2"}, {"host": "10.0.0.1"}, {"host": "192.0.2.1"}):
            calls = victim.calls
            self.assertGreater(self.aimed(victim.port, **odd), 0)
            self.assertEqual(victim.calls, calls)

    def test_odd_addresses(self) -> None:
        """What is no address ends the link."""
        for place in ({"host": "localhost"}, {"port": 22}, {"name": ""}, {"host": "0"}):
            address = {"name": "a-evil", "host": "127.0.0.1", "port": 9_000} | place
            with Neighbor(self.port, "evil") as evil:
                evil.line.say("REFUSE", ticket=a_ticket(), reason="x", dial=address)
                wait_until(lambda evil=evil: not evil.is_linked, "the end of the link")

    def test_what_comes_instead(self) -> None:
        """A holder that is fetched from, and says anything else, keeps nothing from coming."""
        for answer in _ANSWERS:
            fetched: list[str] = []

            def serve(
                line: Line,
                answer: Callable[[str], bytes] = answer,
                fetched: list[str] = fetched,
            ) -> None:
                name = self.aiming
                line.say("HELLO", protocol=1, role="peer", name=name, network="default")
                fetched.append(line.hear("FETCH")[1]["ticket"])
                line.write(answer(fetched[-1]))
                line.is_cut()

            port = self.listen(serve).port

            def is_fetched(port: int = port, fetched: list[str] = fetched) -> bool:
                # On a busy machine s2 may have delivered before the holder was dialed.
                self.aimed(port)
                return bool(fetched)

            wait_until(is_fetched, "a fetch")


def _push(ticket: str, **forged: Any) -> bytes:
    said = {"ticket": ticket, "file": id_of(_RARE), "size": len(_RARE)} | forged
    return f"PUSH {json.dumps(said)}\r\n".encode() + digests_of(_RARE)


_ANSWERS: list[Callable[[str], bytes]] = [
    lambda _ticket: b"",
    lambda _ticket: b"\xff" * 20_000,
    lambda _ticket: b"CHUNK {}\r\n",
    lambda ticket: _push(ticket, size=1),
    lambda ticket: _push(ticket, file="0" * 64),
    lambda _ticket: _push(a_ticket()),
    lambda ticket: _push(ticket) + b'CHUNK {"index":0,"length":1048576}\r\n' + bytes(CHUNK),
    lambda ticket: _push(ticket) * 2,
]
