"""Holders that neither side reaches: they push through a third peer, if any joins the two."""

from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from zope.interface import implementer

from p2p_twisted.download.limits import UNREACHABLE_SECONDS
from p2p_twisted.download.progress import Saved, Seeking
from p2p_twisted.relay.meeting import meet
from p2p_twisted.relay.relay_places import RelayPlaces
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.dialing import BoundDialer
from p2p_twisted.wire.limits import MIB
from p2p_twisted.wire.messages import Fetch, Link, Meet, Push, Relay, Want
from p2p_twisted.wire.names import PeerAddress
from tests.download.content import Content, some_bytes
from tests.download.relayed_case import CONTENT, GOES_ON_SECONDS, RelayedCase
from tests.download.relaying import WorldRelay
from tests.download.world import World
from tests.relay.cases import Talker, hello


class RelayedTests(RelayedCase):
    """Downloads through relays that do what they should."""

    def test_through_a_relay(self) -> None:
        """It comes through the relay, and both sides say so."""
        world, holder, done = self.begun("s7")
        world.wires.pass_time(1.0, 0.1)
        saved = self.assert_saved(world, done, CONTENT)
        self.assertEqual([each.how for each in saved.holders], ["through s7"])
        self.assertEqual((holder.unreached, self.used()), ([], ["s7"]))

    def test_many_small_files(self) -> None:
        """A folder comes that way, too, on one connection."""
        world = self.world()
        WorldRelay(world, "s7")
        files = [Content(some_bytes(100, seed)) for seed in range(5)]
        holder = world.holder("s1", *files)
        world.cut(world.address())
        hits = [(holder.hit(each, f"f{n}"),) for n, each in enumerate(files)]
        done = Deferred.fromCoroutine(world.downloads.get_selected(["*"], hits, print))
        world.wires.pass_time(2.0, 0.1)
        self.assertIsInstance(self.successResultOf(done).state, Saved)
        self.assertEqual(world.saved("f3"), files[3].content)

    def test_at_once(self) -> None:
        """What is wanted next of that holder comes through a relay without another try."""
        world, holder, _done = self.begun("s7")
        world.wires.pass_time(1.0, 0.1)
        for after, dials in ((0.0, 0), (UNREACHABLE_SECONDS, 2)):
            world.wires.pass_time(after)
            world.wires.dialed.clear()
            content = Content(some_bytes(2 * MIB, int(after)))
            holder.contents[content.file_id] = content
            world.get(holder.hit(content, f"after{after}"))
            world.wires.pass_time(1.0, 0.1)
            self.assertIsInstance(self.shown(world), Saved)
            straight = [(a.host, a.port) for a in (world.address(), holder.address)]
            self.assertEqual(sum(each in straight for each in world.wires.dialed), dials)

    def test_no_detour_between_neighbors(self) -> None:
        """Once the holder is a neighbor, it is asked to push as ever."""
        world, holder, _done = self.begun("s7")
        world.wires.pass_time(1.0, 0.1)
        world.tickets.linked("s1")
        world.listen()
        content = Content(some_bytes(2 * MIB, 9))
        holder.contents[content.file_id] = content
        world.get(holder.hit(content, "f2"))
        world.wires.pass_time(1.0, 0.1)
        self.assertEqual([each.how for each in self.shown(world).holders], ["direct"])

    def test_nobody_relays(self) -> None:
        """Where nobody does, both persons are told at once, as without relays."""
        world, holder, _done = self.begun()
        world.wires.pass_time(1.0, 0.1)
        self.assertEqual(self.shown(world), Seeking((holder.address,)))
        self.assertEqual([want.name for want in holder.unreached], ["me"])

    def test_refused(self) -> None:
        """The same where all that are asked refuse; and it comes once one does not."""
        world, holder, _done = self.begun()
        relay = WorldRelay(world, "s7")
        relay.rate = None
        world.wires.pass_time(3.0, 0.1)
        self.assertEqual(self.shown(world), Seeking((holder.address,)))
        relay.rate = MIB
        world.wires.pass_time(15.0)
        self.assertIsInstance(self.shown(world), Saved)

    def test_full(self) -> None:
        """Where those that relay have no place left, that is said; it comes once they have one."""
        said: list[str] = []

        @implementer(ILogObserver)
        def hear(event: LogEvent) -> None:
            said.append(formatEvent(event))

        globalLogPublisher.addObserver(hear)
        self.addCleanup(globalLogPublisher.removeObserver, hear)
        no_room = self.patch(RelayPlaces, "_has_room", False)
        world, _holder, _done = self.begun("s7")
        world.wires.pass_time(3.0, 0.1)
        told = [each for each in said if "the peers that relay have no place left" in each]
        self.assertEqual(len(told), 1)
        self.assertIn("--relay", told[0])
        self.assertFalse([each for each in said if "a firewall?" in each])
        no_room.restore()
        world.wires.pass_time(15.0)
        self.assertIsInstance(self.shown(world), Saved)

    def test_next_relay(self) -> None:
        """A relay that is not there, refuses, or is not reached by the holder makes no odds."""
        world, _holder, _done = self.begun()
        world.neighbors.append(PeerAddress("s5", "127.0.0.1", 9_300))
        WorldRelay(world, "s6").rate = None
        WorldRelay(world, "s7")
        world.wires.pass_time(10.0, 0.1)
        self.assertIsInstance(self.shown(world), Saved)

    def test_for_all(self) -> None:
        """Where no neighbor relays, somebody does who relays for all; neighbors come first."""
        for neighbors, used in (((), ["s9"]), (("s7",), ["s7"])):
            world, _holder, done = self.begun(*neighbors, for_all=["s9"])
            world.wires.pass_time(1.0, 0.1)
            self.assert_saved(world, done, CONTENT)
            self.assertEqual(self.used(), used)

    def test_comes(self) -> None:
        """Once a relay is there, a neighbor or another, what was waited for goes on within 5 s."""
        for is_neighbor in (True, False):
            world, _holder, done = self.begun()
            world.wires.pass_time(40.0)
            relay = WorldRelay(world, "s9")
            if not is_neighbor:
                world.neighbors.remove(relay.address)
                world.others_relaying.append(relay.address)
            # Between two tries, which are 8 s apart.
            world.tickets.relay_came("s9")
            world.wires.pass_time(GOES_ON_SECONDS, 0.1)
            self.assert_saved(world, done, CONTENT)

    def test_comes_back(self) -> None:
        """One that was away is not asked last any more."""
        world, holder, done = self.begun(refusing=[f"r{number}" for number in range(12)])
        world.wires.pass_time(40.0)
        relays = world.tickets._relays
        self.assertEqual({relay for relay, _ in relays._last}, set(self.relays))
        self.relays["r7"].rate = 1_000 * MIB
        world.tickets.relay_came("r7")
        self.assertEqual(relays._worthy(world.neighbors, holder.hit(CONTENT))[0].name, "r7")
        world.wires.pass_time(GOES_ON_SECONDS, 0.1)
        self.assert_saved(world, done, CONTENT)
        self.assertEqual(self.used(), ["r7"])

    def test_hurry_is_bounded(self) -> None:
        """Whoever says again and again that a relay came has holders tried a little more often."""
        world, _holder, _done = self.begun()
        world.wires.pass_time(10.0)
        before = len(world.wants)
        for _ in range(600):
            world.tickets.relay_came("evil")
            world.wires.pass_time(0.1, 0.1)
        # Nor is any try cut short by the next word of it.
        self.assertIn(len(world.wants) - before, range(3, 13))

    def test_neighbors_refuse(self) -> None:
        """Where all neighbors that were asked have refused, others are asked the next time."""
        refusing = ["s5", "s6", "s7", "s8"]
        world, _holder, done = self.begun(refusing=refusing, for_all=["s9"])
        world.wires.pass_time(20.0, 0.1)
        self.assert_saved(world, done, CONTENT)
        self.assertEqual(self.used(), ["s9"])

    def test_holder_cannot_reach_it(self) -> None:
        """Where the holder cannot dial the first relay, the next one is asked."""
        world, holder, done = self.begun()
        for name in ("s6", "s7"):
            WorldRelay(world, name)
        first = world.neighbors[0]
        dial = world.wires.connectTCP
        seen: list[int] = []

        def cut(host: str, port: int, *args: Any, **options: Any) -> Any:
            """Let only the first of two dial the first relay."""
            if port == first.port:
                seen.append(port)
                if len(seen) % 2 == 0:
                    host = "10.0.0.99"
            return dial(host, port, *args, **options)

        self.patch(world.wires, "connectTCP", cut)
        world.wires.pass_time(10.0, 0.1)
        self.assert_saved(world, done, CONTENT)
        self.assertEqual(holder.unreached[1:], [])

    def test_not_by_the_holder_itself(self) -> None:
        """The holder is no relay to itself, though it may be a neighbor."""
        world, holder, _done = self.begun()
        world.neighbors.append(holder.address)
        world.wires.pass_time(20.0)
        self.assertEqual({want.relay for want in world.wants}, {None})

    def test_forbidden_relay(self) -> None:
        """A holder dials no relay where it may not dial."""
        world, _holder, _done = self.begun()
        world.neighbors.append(PeerAddress("s7", "10.9.9.9", 9_001))
        world.wires.pass_time(5.0)
        self.assertNotIn("10.9.9.9", [host for host, _port in world.wires.dialed])


class StrangersTests(RelayedCase):
    """What is said through a relay, and by whom."""

    def test_only_a_push(self) -> None:
        """Through a relay nothing is taken but a push: it is no way to a closed peer."""
        for said in (Link("join", "s1", 9_100), Fetch("0" * 32), Relay("s1", "s2")):
            world, talker = self.met("s1")
            talker.connection.send(said)
            world.wires.settle()
            self.assertIn("here s1 says PUSH", str(talker.heard))
            self.assertTrue(talker.is_lost)
            self.assertIsInstance(self.shown(world), Seeking)

    def test_another_ticket(self) -> None:
        """A push by another ticket than that of the request is not taken."""
        world, talker = self.met("s1")
        talker.connection.send(Push("f" * 32, CONTENT.file_id, CONTENT.size))
        world.wires.settle()
        self.assertTrue(talker.is_lost)
        self.assertIsInstance(self.shown(world), Seeking)

    def met(self, name: str) -> tuple[World, Talker]:
        """Come to the relay in the holder's place, with the token that it was told."""
        world = self.world()
        relay = WorldRelay(world, "s7")
        holder = world.holder("s1", Content(CONTENT.content))
        world.cut(world.address())
        serve = holder.uploads.serve

        def serve_some(want: Want, *rest: Any) -> None:
            if want.relay is None:
                serve(want, *rest)

        self.patch(holder.uploads, "serve", serve_some)
        world.get(holder.hit(CONTENT))
        meeting = world.wants[-1].relay
        assert meeting is not None
        self.assertEqual(meeting.at, relay.address)
        talkers: list[Talker] = []
        connection = Connection(world.wires, lambda made: kept(talkers, Talker(made)))
        dialer = BoundDialer(world.wires, "", world.security_of(name))
        came = Meet(name, meeting.token)
        maybeDeferred(meet, dialer, meeting, came, lambda _hello: True, connection)
        world.wires.settle()
        [talker] = talkers
        self.assertEqual(talker.greeting, hello("me"))
        return world, talker


def kept(talkers: list[Talker], talker: Talker) -> Talker:
    talkers.append(talker)
    return talker
