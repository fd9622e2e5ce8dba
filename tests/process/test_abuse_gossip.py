"""A neighbor that lies, floods and forges harms nobody but itself."""

import json
import time
from typing import Any, ClassVar

import pytest
from twisted.trial.unittest import SynchronousTestCase

from tests.process.abused import AbusedCase, Network
from tests.process.daemons import wait_until
from tests.process.stranger import Line, Listener, Neighbor, a_ticket, become_neighbor, call, id_of

_SMALL = b"small" * 12_000
# More than a neighbor may ask at once; a busy machine takes half a minute and more for them.
_FLOOD = 2_000
_FLOOD_SECONDS = 120.0


def a_line(verb: str, **fields: Any) -> bytes:
    """Write a message as bytes."""
    return f"{verb} {json.dumps(fields)}\n".encode()


def a_stop(age: float = 0.0, life: float = 60.0) -> bytes:
    """Forge a stop."""
    return a_line(
        "GOSSIP", id=a_ticket(), kind="stop", origin="s2", age=age, life=life, urgent=True
    )


class GossipTests(AbusedCase):
    """s1's neighbor means harm."""

    files: ClassVar = {
        "s1": {"small": _SMALL, **{f"{'long' * 35}-{n}.txt": b"" for n in range(1_500)}}
    }

    def setUp(self) -> None:
        super().setUp()
        self.port = self.network.port("s1")

    def forged(self, listener: Listener, number: int = 0) -> list[dict[str, Any]]:
        """Make up a sample: many names for a host that has no part in this."""
        return [
            {"name": f"v{number}-{n}", "host": "127.0.0.1", "port": listener.port} for n in range(8)
        ]

    def test_stops_of_another_time(self) -> None:
        """A stop that has expired, or was issued before a peer started, is not obeyed."""
        with Neighbor(self.port, "evil") as evil:
            for age, life in ((61.0, 60.0), (119.0, 120.0), (100.0, 120.0)):
                evil.line.write(a_stop(age, life))
            self.network.type("s1", "TOPO", "3 peers")

    def test_flood_of_gossip(self) -> None:
        """Of a flood only so much is passed on, and the peer answers meanwhile."""
        with Neighbor(self.port, "evil") as evil, Neighbor(self.port, "other") as other:
            began = time.monotonic()
            for _ in range(20_000):
                text = "\u202e\x1b[2J" * 100
                evil.line.say(
                    "GOSSIP", id=a_ticket(), kind="x", origin="s2", age=0, life=9, text=text
                )
            self.network.type("s1", "TOPO", "4 peers")
            passed = sum(verb == "GOSSIP" for verb, _ in other.heard)
            self.assertLess(passed, 100 + 20 * (time.monotonic() - began + 1))
            self.assertTrue(evil.is_linked)

    def test_flood_of_announcements(self) -> None:
        """Announcing what does not exist, and asking for it, leads nowhere."""
        with Neighbor(self.port, "evil") as evil:
            for _ in range(2_000):
                ids = [a_ticket() for _ in range(200)]
                evil.line.say("IHAVE", ids=ids)
                evil.line.say("GRAFT", ids=ids)
            self.network.type("s1", "TOPO", "3 peers")

    @pytest.mark.slow
    def test_flood_of_questions(self) -> None:
        """Each question is answered, most of them with nothing, and others' still are."""
        with Neighbor(self.port, "flooder") as evil, Neighbor(self.port, "other") as other:
            for _ in range(_FLOOD):
                evil.line.say("ASK", id=a_ticket(), what="text", text="*s*t*", wait=10)
            self.find()
            passed = sum(verb == "ASK" for verb, _ in other.heard)
            self.assertLess(passed, 1_000)

            def is_answered_or_cut_off() -> bool:
                # A busy machine takes so long over the flood that the link is ended for it.
                answered = sum(v == "TOLD" and not f.get("more") for v, f in evil.heard)
                return answered == _FLOOD or any(verb == "BYE" for verb, _ in evil.heard)

            wait_until(is_answered_or_cut_off, "answers", _FLOOD_SECONDS)

    def find(self) -> None:
        """Find what s2 shares; on a busy machine a flood may outlast a question, and another."""
        wait_until(
            lambda: "s2-1.txt" in self.network.type("s1", "find s2-1*", "asked "),
            "an answer of s2",
            _FLOOD_SECONDS,
        )

    @pytest.mark.slow
    def test_questions_that_nobody_answers(self) -> None:
        """A thousand open questions keep nobody from asking, nor the processor busy."""
        with Neighbor(self.port, "mute", ASK=lambda _self, _ask: None) as mute:
            with Neighbor(self.port, "evil") as evil:
                for _ in range(1_000):
                    evil.line.say("ASK", id=a_ticket(), what="topo", wait=10)
                before = self.network.processor_seconds("s1")
                time.sleep(2.0)
                self.assertLess(self.network.processor_seconds("s1") - before, 0.6)
                self.network.type("s1", "find s2-1*", "no answer from mute")
            self.assertTrue(mute.is_linked)

    def test_false_answers(self) -> None:
        """Answers to nothing, and immense ones, neither stop a peer nor reach its asker whole."""

        def lie(evil: Neighbor, ask: dict[str, Any]) -> None:
            for _ in range(60):
                records = [{"peer": "x"}] * 1_000
                evil.line.say("TOLD", id=ask["id"], peers=records, more=True)
            names = [f"y{n}" for n in range(256)]
            evil.line.say("TOLD", id=ask["id"], answered=1_000_000, silent=names)
            evil.line.say("TOLD", id=ask["id"], answered=1_000_000)

        with Neighbor(self.port, "evil", ASK=lie) as evil:
            for _ in range(2_000):
                evil.line.say("TOLD", id=a_ticket(), answered=9, silent=["s1", "s2"])
            for name in ("s1", "s2"):
                self.network.type(name, "TOPO", "no answer from")
            self.assertTrue(evil.is_linked)

    @pytest.mark.slow
    def test_storm_of_goodbyes(self) -> None:
        """Links of a moment change a peer's neighbors, and have it dial, only so often."""
        victim = Listener()
        self.addCleanup(victim.close)
        linked = 0
        for number in range(600):
            with call(self.port) as line:
                line.hear("HELLO")
                line.say("LINK", why="join", name=f"e{number}", port=1_024, alone=True)
                linked += line.hear()[0] == "LINKED"
                line.say("BYE", why="evicted", peers=self.forged(victim, number))
        self.assertLess(linked, 250)
        self.assertLessEqual(victim.calls, 4)
        self.assertEqual(victim.received, b"")

    @pytest.mark.slow
    def test_neighbors_that_say_goodbye(self) -> None:
        """A peer does not chase one that accepts every link and ends it at once."""

        def accept(line: Line) -> None:
            line.say("HELLO", protocol=1, role="peer", name="fickle", network="default")
            line.hear("LINK")
            line.say("LINKED", peers=self.forged(victim))
            line.say("BYE", why="evicted", peers=self.forged(victim))
            line.hear()

        victim, fickle = Listener(), Listener(accept)
        self.addCleanup(victim.close)
        self.addCleanup(fickle.close)
        named = {"name": "fickle", "host": "127.0.0.1", "port": fickle.port}
        began = time.monotonic()
        while time.monotonic() < began + 3.0:
            with call(self.port) as line:
                line.hear("HELLO")
                line.say("PEERS", name="evil", port=1_024, peers=[named])
                line.hear("PEERS")
            time.sleep(0.01)
        self.assertGreater(fickle.calls, 0)
        self.assertLess(fickle.calls, 60)
        self.assertLessEqual(victim.calls, 4)
        self.assertEqual(victim.received, b"")

    def test_forged_samples(self) -> None:
        """Whatever names are given to it, a host that is none of us gets 4 dials and no byte."""
        victim = Listener()
        self.addCleanup(victim.close)
        for number in range(300):
            with call(self.port) as line:
                line.hear("HELLO")
                line.say("PEERS", name="evil", port=1_024, peers=self.forged(victim, number))
                line.hear("PEERS")
        with become_neighbor(self.port, "evil") as line:
            line.say("BYE", why="leaving", peers=self.forged(victim))
        self.assertLessEqual(victim.calls, 4)
        self.assertEqual(victim.received, b"")

    def test_addresses_that_are_none(self) -> None:
        """An address in any odd spelling ends the conversation."""
        for host in (
            "127.1",
            "0",
            "0x7f.1",
            "2130706433",
            "localhost",
            "0.0.0.0",
            "224.0.0.1",
            "::ffff:127.0.0.1",
            "127.0.0.1 ",
            "169.254.169.254",
            "fe80::1%lo",
            "",
        ):
            with call(self.port) as line:
                line.hear("HELLO")
                sample = [{"name": "v", "host": host, "port": 9_000}]
                line.say("PEERS", name="evil", port=1_024, peers=sample)
                self.assertEqual([verb for verb, _ in line.hear_all()], ["ERROR"], host)

    def test_neighbor_that_never_reads(self) -> None:
        """Whoever asks for hundreds of megabytes and takes none of them is cut off."""
        with become_neighbor(self.port, "deaf") as line:
            for _ in range(2_000):
                # The listing has half a megabyte.
                line.say("ASK", id=a_ticket(), what="ls", peer="s1", wait=10)
                line.say(
                    "WANT",
                    ticket=a_ticket(),
                    file=id_of(_SMALL),
                    name="deaf",
                    host="127.0.0.1",
                    port=9_999,
                    via=["deaf"],
                )
            wait_until(lambda: self.died("deaf"), "cut")

    def died(self, name: str) -> bool:
        """Tell whether a link has been given up."""
        return f"{name}@127.0.0.1:1024 died" in self.network.daemons["s1"].log


@pytest.mark.slow
class StopTests(SynchronousTestCase):
    """What comes after a real stop."""

    def test_replayed(self) -> None:
        """A stop that somebody recorded does not stop the peers that were started since."""
        network = Network("s1", "s2")
        self.addCleanup(network.end)
        with Neighbor(network.port("s1"), "evil") as evil:
            network.daemons["s2"].type("Stop")
            began = time.monotonic()
            self.assertEqual([network.daemons[name].wait() for name in ("s1", "s2")], [0, 0])
            self.assertLess(time.monotonic() - began, 3.0)
        [stop] = [fields for verb, fields in evil.heard if verb == "GOSSIP"]
        for name in ("s1", "s2"):
            network.start(name)
        for name in ("s1", "s2"):
            network.daemons[name].wait_for_log("linked with ")
        for name in ("s1", "s2"):
            with Neighbor(network.port(name), "evil") as evil:
                age = time.monotonic() - began
                evil.line.say("GOSSIP", **{**stop, "age": age})
                network.type(name, "TOPO", "3 peers")
        network.exchange("s1", "s2")
        self.assertEqual(network.complaints(), [])

    def test_forged(self) -> None:
        """On one machine anybody may stop the network, once; what follows changes nothing."""
        network = Network("s1", "s2")
        self.addCleanup(network.end)
        with Neighbor(network.port("s1"), "evil") as evil:
            for _ in range(50):
                evil.line.write(a_stop())
            for name in ("s1", "s2"):
                self.assertEqual(network.daemons[name].wait(), 0)
        self.assertEqual(network.complaints(), [])
        self.assertIn("s2 has stopped the network", network.daemons["s1"].log)
