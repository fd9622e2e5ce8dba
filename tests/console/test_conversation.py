"""What a command makes the peer do, and what is said of it."""

from typing import Any

import attrs
from twisted.internet.defer import Deferred
from zope.interface.verify import verifyObject

from p2p_twisted.console.downloading import Outcome
from p2p_twisted.console.text import FailureLine
from p2p_twisted.peer.interface import IPeer
from p2p_twisted.peer_errors import NotFound, PeerError
from tests.console.conversation_case import ConversationCase
from tests.console.fake_peer import (
    STATUS,
    UPLOAD,
    found,
    running,
    saved,
    topology,
)

LINES = ["topo", "find f", "get 1", "get 1 --from s6", "ls", "ls s4", "peers", "transfers"]
LINES += [
    "pause 1",
    "pause all",
    "resume 1",
    "resume all",
    "limit",
    "limit up 2M",
    "limit down off",
]
LINES += ["cancel 1", "explain", "explain 1", "status", "help", "help get", "f1", "./f1", '"f1"']


class ConversationTests(ConversationCase):
    """Commands, carried out by a peer."""

    def test_fake(self) -> None:
        """The fake peer is one."""
        self.assertTrue(verifyObject(IPeer, self.peer))

    def test_all_commands(self) -> None:
        """Every command ends well when the peer does."""
        for line in LINES:
            self.assertEqual(self.outcome(line), Outcome.OK, line)
            self.assertTrue(self.talk.said, line)

    def test_gone(self) -> None:
        """Leave and Stop end the console, too."""
        self.assertEqual(self.outcome("leave"), Outcome.GONE)
        self.assertEqual(self.outcome("Stop"), Outcome.GONE)
        self.assertEqual(self.peer.asked, [("leave",), ("topology",), ("stop_network",)])

    def test_left_undone(self) -> None:
        """Who leaves is told what is not complete; a script need not answer anything."""
        self.peer.downloads_now = (running(1), saved(2))
        self.peer.uploads_now = (UPLOAD, UPLOAD)
        self.assertEqual(self.outcome("leave"), Outcome.GONE)
        self.assertEqual(
            self.talk.said,
            [
                "not complete: f1.txt (50 %); it goes on at the next start",
                "s7 was fetching from here",
                "left the network",
            ],
        )

    def test_stop_asks(self) -> None:
        """A person is asked before others' peers are stopped."""
        self.peer.will("topology", many := topology(**{f"s{n}": "" for n in range(11)}), many)
        self.talk.answers = [False, True]
        self.assertEqual(self.outcome("Stop"), Outcome.FAILED)
        self.assertEqual(self.talk.said, ["the network goes on"])
        self.assertEqual(self.talk.asked, ["stop all 11 peers of the network?"])
        self.assertEqual(self.outcome("Stop"), Outcome.GONE)
        self.assertEqual(self.peer.asked[-1], ("stop_network",))

    def test_stop_refused(self) -> None:
        """A Stop that is refused is said, and nothing ends."""
        self.peer.will("stop_network", PeerError("only an admin may stop this network"))
        self.assertEqual(self.outcome("Stop"), Outcome.FAILED)
        self.assertEqual(self.talk.said, ["only an admin may stop this network"])

    def test_stop_refused_at_once(self) -> None:
        """Who may not stop the network is told so, and not asked before."""
        self.peer.no_stop = PeerError("only an admin may stop this network, and anna is none")
        self.peer.will("topology", topology(**{f"s{n}": "" for n in range(11)}))
        self.assertEqual(self.outcome("Stop"), Outcome.FAILED)
        self.assertEqual(self.talk.said, [str(self.peer.no_stop)])
        self.assertEqual(self.talk.asked, [])

    def test_not_found(self) -> None:
        """A bare name that is not found may be a misspelled command; any other is not."""
        missing = NotFound("no peer has tpoo (asked 7 of 7, 0.03 s)")
        self.peer.will("get", missing, missing)
        self.assertEqual(self.outcome("tpoo"), Outcome.FAILED)
        self.assertEqual(self.talk.said, [f"{missing}; did you mean TOPO?"])
        self.assertEqual(self.outcome("get tpoo"), Outcome.FAILED)
        self.assertEqual(self.talk.said, [str(missing)])

    def test_nothing_found(self) -> None:
        """A search without hits has failed; a peer that shares nothing has not."""
        self.peer.will("find", found())
        self.peer.will("listing", found())
        self.assertEqual(self.outcome("find x"), Outcome.FAILED)
        self.assertEqual(self.outcome("ls"), Outcome.OK)

    def test_own_listing(self) -> None:
        """Below a list of one's own stands how much is not in it; below another's does not."""
        footnote = "1,001 not shared: status tells why"
        self.peer.status_now = attrs.evolve(STATUS, excluded=1_001)
        for line, is_own in (("ls", True), ("ls s2", True), ("ls s4", False)):
            self.outcome(line)
            self.assertEqual(self.talk.said[-1] == footnote, is_own, line)
        self.peer.status_now = STATUS
        self.outcome("ls")
        self.assertNotEqual(self.talk.said[-1], footnote)

    def test_alone(self) -> None:
        """A search without other peers says that there are none, as get does."""
        alone = "there is no other peer at the moment"
        self.peer.will("find", attrs.evolve(found(asked=0, answered=0), alone=alone))
        self.assertEqual(self.outcome("find x"), Outcome.FAILED)
        self.assertEqual(self.talk.said[-1], "there is no other peer at the moment")
        self.peer.will("listing", found(asked=0, answered=0))
        self.outcome("ls")
        self.assertNotIn("there is no other peer at the moment", self.talk.said)

    def test_not_in_a_network_yet(self) -> None:
        """What is waited for is said at once, wherever the network is asked."""
        self.peer.status_now = attrs.evolve(STATUS, address=None)
        awaited = "not in a network yet: waiting for the registry at 127.0.0.1:9011"
        for line, method in (
            *[("find x", "find"), ("f1", "get"), ("get f1 f2", "get"), ("topo", "topology")],
            *[("peers", "topology"), ("ls s3", "listing"), ("stop", "stop_network")],
        ):
            self.talk.said.clear()
            waiting: Deferred[Any] = Deferred()
            self.peer.will(method, waiting)
            asking = self.talk.begin(line)
            self.assertEqual(self.talk.said, [awaited], line)
            waiting.errback(PeerError("not in a network yet"))
            self.peer.will("select", PeerError("not in a network yet"))
            self.successResultOf(asking)
        for line in ("ls", "status", "transfers", "limit", "help"):
            self.outcome(line)
            self.assertNotIn(awaited, self.talk.said, line)

    def test_pause_and_resume(self) -> None:
        """Paused and resumed downloads are named; a number that is neither is reported."""
        for line, said in [
            ("pause all", "pausing f1.txt"),
            ("pause 2", "there is no running download 2"),
            ("resume 1", "going on with f1.txt"),
            ("resume all", "nothing is paused"),
        ]:
            self.outcome(line)
            self.assertEqual(self.talk.said, [said])

    def test_several_transfers(self) -> None:
        """What can be done is done, and the other numbers are named; nothing is a failure."""
        self.peer.downloads_now = (running(1), saved(2))
        for line, outcome, said in [
            ("cancel all", Outcome.OK, ["canceled f1.txt"]),
            ("cancel 3-9 1", Outcome.OK, ["canceled f1.txt", "no download 3 runs, nor 4-9"]),
            (
                "pause 1-3 7 5 9-10",
                Outcome.OK,
                ["pausing f1.txt", "there is no running download 2, nor 3, 7, 5, 9-10"],
            ),
            ("cancel 3-9", Outcome.FAILED, ["no download 3 runs, nor 4-9"]),
            ("resume 1", Outcome.OK, ["going on with f1.txt"]),
        ]:
            self.assertEqual(self.outcome(line), outcome)
            self.assertEqual(self.talk.said, said)

    def test_misused(self) -> None:
        """A command that is given what it does not take says what it takes."""
        missing = NotFound("no peer has that (asked 7 of 7, 0.03 s)")
        for line, said in [
            ("cancel", "cancel takes numbers of downloads, or all: see transfers"),
            ("pause abc", "pause takes numbers of downloads, or all: see transfers"),
            ("limit down", "limit takes up or down, and a rate: 10M, 500K, off"),
            ("find", "find takes what to search for"),
            ("quit now", f"leave takes nothing more; {missing}"),
            ("TOPO s1", f"TOPO takes nothing more; {missing}"),
        ]:
            self.peer.will("get", missing)
            self.assertEqual(self.outcome(line), Outcome.FAILED, line)
            self.assertEqual(self.talk.said, [said])
            self.assertEqual(self.peer.asked[-1], ("get", line, None))

    def test_misused_alone(self) -> None:
        """Without another peer, nobody is waited for."""
        self.peer.status_now = attrs.evolve(STATUS, neighbors=())
        self.assertEqual(self.outcome("cancel"), Outcome.FAILED)
        self.assertEqual(self.peer.asked, [])

    def test_name_like_a_command(self) -> None:
        """A line that begins like a command may be the name of something shared."""
        self.assertEqual(self.outcome("stop words.txt"), Outcome.OK)
        self.assertEqual(self.peer.asked, [("get", "stop words.txt", None)])

    def test_limit(self) -> None:
        """A rate applies to its direction only; an invalid one is explained."""
        self.outcome("limit up 2M")
        self.outcome("limit down 1.5M")
        self.assertEqual(self.talk.said, ["up 2.0 MiB/s, down 1.5 MiB/s"])
        self.outcome("limit up 500k")
        self.assertEqual(self.talk.said, ["up 500.0 KiB/s, down 1.5 MiB/s"])
        self.outcome("limit down off")
        self.assertEqual(self.talk.said, ["up 500.0 KiB/s, down unlimited"])
        self.assertEqual(self.outcome("limit up fast"), Outcome.FAILED)
        self.assertEqual(
            self.talk.said, ["a rate is bytes a second, such as 10M, 1.5M or 500K, not 'fast'"]
        )
        self.assertEqual(self.outcome("limit up 1"), Outcome.FAILED)
        self.assertEqual(self.talk.said, ["1 up is too slow"])

    def test_failures(self) -> None:
        """Lines on failures are told from others."""
        self.peer.will("find", found())
        for line, is_failure in [
            ("get 9", True),
            ("cancel 9", True),
            ("topo", False),
            ("cancel x", True),
            ("find x", False),
        ]:
            self.peer.will("get", NotFound("no peer has that"))
            self.outcome(line)
            self.assertEqual(isinstance(self.talk.said[-1], FailureLine), is_failure, line)

    def test_fault(self) -> None:
        """An unexpected error is logged, and the console goes on."""
        self.peer.will("topology", RuntimeError("oops"))
        self.assertEqual(self.outcome("topo"), Outcome.FAILED)
        self.assertEqual(self.talk.said, ["that went wrong; the log says more"])
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
