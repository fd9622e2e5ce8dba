"""Relays that drop, hold back or change what they copy: downloads go on without them."""

from functools import partial
from typing import Any

from twisted.internet.defer import Deferred

from p2p_twisted.download.progress import Progress, Receiving, Saved, Seeking
from p2p_twisted.download.relays import ONE_AT_A_TIME
from p2p_twisted.relay import joint
from p2p_twisted.relay.copying import TransportCopier
from p2p_twisted.wire.limits import KIB, MIB
from tests.download.content import Content, some_bytes
from tests.download.relayed_case import CONTENT, GOES_ON_SECONDS, RelayedCase
from tests.download.relaying import WorldRelay, meddle, trickle
from tests.download.world import World


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

    def slow(self, copier: TransportCopier, after: int = 0) -> None:
        trickle(copier, self.wires, 20 * KIB, after)

    def test_slow(self) -> None:
        """A relay that is slow is left within seconds where another one may be faster."""
        self.first = self.slow
        world, _holder, done = self.begun("s6", "s7")
        self.assert_goes_on(world, done)

    def test_slowed_down(self) -> None:
        """So is one that was fast before; what has come is kept."""
        self.first = partial(self.slow, after=MIB + KIB)
        world, _holder, done = self.begun("s6", "s7")
        world.wires.pass_time(1.0, 0.1)
        self.assertEqual(world.shown[-1].received, MIB)
        self.assert_goes_on(world, done)

    def test_all_slow(self) -> None:
        """Where all are, each is tried once, and the fastest is kept."""
        rates = {"s5": 20 * KIB, "s6": 50 * KIB, "s7": 15 * KIB}

        def slow(copier: TransportCopier) -> None:
            [name] = [name for name, relay in self.relays.items() if relay.relaying.pairs]
            trickle(copier, self.wires, rates[name])

        self.patch(self, "copied", slow)
        world, holder, done = self.begun(*rates)
        world.wires.pass_time(25.0, 0.1)
        self.assertNoResult(done)
        self.assertLessEqual(len(self.copiers), 4)
        self.assertEqual([each.how for each in holder.uploads.all()], ["through s6"])

    def test_alone_and_slow(self) -> None:
        """Where there is no other relay, what comes slowly goes on."""
        self.first = self.slow
        world, _holder, done = self.begun("s7")
        world.wires.pass_time(25.0, 0.1)
        self.assertNoResult(done)
        self.assertEqual(len(self.copiers), 1)
        self.assertIsInstance(self.shown(world), Receiving)

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
