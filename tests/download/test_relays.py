"""Holders that neither side reaches: they push through a third peer, if any joins the two."""

from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from zope.interface import implementer

from p2p_twisted.download.limits import UNREACHABLE_SECONDS
from p2p_twisted.download.progress import Progress, Receiving, Saved, Seeking
from p2p_twisted.download.relays import ONE_AT_A_TIME
from p2p_twisted.relay import joint
from p2p_twisted.relay.copying import TransportCopier
from p2p_twisted.relay.meeting import meet
from p2p_twisted.relay.relay_places import RelayPlaces
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.dialing import BoundDialer
from p2p_twisted.wire.limits import MIB
from p2p_twisted.wire.messages import Fetch, Link, Meet, Push, Relay, Want
from p2p_twisted.wire.names import PeerAddress
from tests.download.cases import DownloadCase
from tests.download.content import Content, some_bytes
from tests.download.relaying import WorldRelay, meddle
from tests.download.world import Holder, World
from tests.relay.cases import Talker, hello

CONTENT = Content(some_bytes(3 * MIB + 10))
GOES_ON_SECONDS = 5.0


class RelayedCase(DownloadCase):
    """A requester and a holder that are both closed."""

    def begun(
        self, *relays: str, refusing: Sequence[str] = (), for_all: Sequence[str] = ()
    ) -> tuple[World, Holder, "Deferred[Progress]"]:
        """Begin a download of what a holder has, where some neighbors relay, or others."""
        world = self.world()
        self.relays = {name: WorldRelay(world, name) for name in (*relays, *refusing, *for_all)}
        for name in refusing:
            self.relays[name].rate = None
        for name in for_all:
            world.neighbors.remove(self.relays[name].address)
            world.others_relaying.append(self.relays[name].address)
        holder = world.holder("s1", Content(CONTENT.content))
        world.cut(world.address())
        world.found = (holder.hit(CONTENT),)
        return world, holder, world.get(holder.hit(CONTENT))

    def used(self) -> list[str]:
        """List the relays by which more came than lines."""
        return [name for name, relay in self.relays.items() if relay.copied > 1_000]

    def shown(self, world: World) -> Any:
        return world.shown[-1].state


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
        world, _holder, done = self.begun(refusing=[f"r{number}" for number in range(12)])
        world.wires.pass_time(40.0)
        relays = world.tickets._relays
        self.assertEqual({relay for relay, _ in relays._last}, set(self.relays))
        self.relays["r7"].rate = 1_000 * MIB
        world.tickets.relay_came("r7")
        self.assertEqual(relays._worthy(world.neighbors, "s1")[0].name, "r7")
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
        self.assertLessEqual(len(world.wants) - before, 12)

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


class HostileRelaysTests(RelayedCase):
    """Downloads through relays that drop, hold back, or change what they copy."""

    def setUp(self) -> None:
        self.copiers: list[TransportCopier] = []
        make = TransportCopier

        def kept(*given: Any) -> TransportCopier:
            copier = make(*given)
            self.copiers.append(copier)
            self.copied(copier)
            return copier

        self.patch(joint, "TransportCopier", kept)
        self.first = lambda _copier: None

    def copied(self, copier: TransportCopier) -> None:
        """Have the first relay that is used do what a test says."""
        if len(self.copiers) == 1:
            self.first(copier)

    def assert_goes_on(self, world: World, done: "Deferred[Progress]") -> None:
        world.wires.pass_time(GOES_ON_SECONDS, 0.1)
        self.assert_saved(world, done, CONTENT)
        self.assertEqual(len(self.copiers), 2)

    def test_shown(self) -> None:
        """While it comes, both sides say through whom."""
        self.first = lambda copier: meddle(copier, lambda _data: b"", 2 * MIB)
        world, holder, _done = self.begun("s7")
        world.wires.pass_time(1.0, 0.1)
        self.assertEqual([each.how for each in holder.uploads.all()], ["through s7"])
        self.assertIsInstance(self.shown(world), Receiving)
        self.assertEqual([each.how for each in self.shown(world).holders], ["through s7"])

    def test_one_at_a_time(self) -> None:
        """While one file of a holder comes, the next one waits; nobody is told of a firewall."""
        self.first = lambda copier: meddle(copier, lambda _data: b"", 2 * MIB)
        world, holder, _done = self.begun("s7", "s8")
        second = Content(some_bytes(2 * MIB, 6))
        holder.contents[second.file_id] = second
        world.found += (holder.hit(second, "f2"),)
        world.get(holder.hit(second, "f2"))
        world.wires.pass_time(0.2, 0.1)
        self.assertEqual(self.shown(world), Seeking(refused=(("s1", ONE_AT_A_TIME),)))
        world.wires.pass_time(20.0)
        self.assertEqual(world.saved("f2"), second.content)
        self.assertEqual(world.saved(), CONTENT.content)

    def test_empty_file(self) -> None:
        """A file without a byte is no exception."""
        world, holder, _done = self.begun("s7")
        world.wires.pass_time(20.0)
        empty = Content(b"")
        holder.contents[empty.file_id] = empty
        for name in ("e1", "e2"):
            world.get(holder.hit(empty, name))
            world.wires.pass_time(2.0)
            self.assertIsInstance(self.shown(world), Saved)

    def test_dropped(self) -> None:
        """Where a relay ends in the middle, another one is used; what has come is kept."""

        def drop(_data: bytes) -> bytes:
            for relay in self.relays.values():
                for each in list(relay.relaying._joints.values()):
                    each.end()
            return b""

        self.first = lambda copier: meddle(copier, drop, MIB)
        world, _holder, done = self.begun("s6", "s7")
        self.assert_goes_on(world, done)
        self.assertEqual(len(self.used()), 2)

    def test_held_back(self) -> None:
        """A relay that copies nothing any more is left within seconds."""
        self.first = lambda copier: meddle(copier, lambda _data: b"", MIB)
        world, _holder, done = self.begun("s6", "s7")
        self.assert_goes_on(world, done)

    def test_small_files_held_back(self) -> None:
        """The same among the small files of a folder."""
        self.first = lambda copier: meddle(copier, lambda _data: b"", MIB)
        world, _holder, _done = self.begun()
        for name in ("s6", "s7"):
            WorldRelay(world, name)
        files = [Content(some_bytes(MIB // 4, seed)) for seed in range(9)]
        holder = world.holder("s2", *files)
        hits = [(holder.hit(each, f"f{n}"),) for n, each in enumerate(files)]
        world.found = tuple(hit for (hit,) in hits)
        done = Deferred.fromCoroutine(world.downloads.get_selected(["*"], hits, print))
        world.wires.pass_time(GOES_ON_SECONDS, 0.1)
        self.assertIsInstance(self.successResultOf(done).state, Saved)

    def test_changed(self) -> None:
        """What a relay changes is not kept; the holder is asked again, and that relay is not."""
        self.first = lambda copier: meddle(copier, lambda data: bytes(len(data)), MIB)
        world, holder, done = self.begun("s6", "s7")
        self.assert_goes_on(world, done)
        bad = {relay for relay, _holder in world.tickets._relays._never}
        self.assertEqual(len(bad), 0 if self.private else 1)
        self.assertTrue(world.tickets.may_ask(holder.hit(CONTENT)))

    def test_holder_lies(self) -> None:
        """A holder that lies is asked through each relay once, and then through none."""
        lies: list[TransportCopier] = []

        def lie(copier: TransportCopier) -> None:
            lies.append(copier)
            meddle(copier, lambda data: bytes(len(data)), MIB)

        self.patch(self, "copied", lie)
        world, holder, done = self.begun("s5", "s6", "s7")
        world.wires.pass_time(60.0)
        self.assertNoResult(done)
        if not self.private:
            self.assertEqual(len(lies), 3)
            self.assertEqual(self.shown(world), Seeking((holder.address,)))


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
