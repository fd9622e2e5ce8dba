"""Holders that cannot dial the requester: it dials them, or says that it cannot."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol

from p2p_twisted.download.fetching import HolderDialer, Unreachable
from p2p_twisted.download.limits import UNREACHABLE_AGAIN_SECONDS
from p2p_twisted.download.progress import Contribution, Progress, Saved, Seeking, Waiting
from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.dial_limit import DialLimit
from p2p_twisted.wire.limits import (
    FAILED_DIALS_PER_MINUTE,
    MIB,
)
from p2p_twisted.wire.messages import PROTOCOL, Hello, Refuse
from p2p_twisted.wire.names import PeerAddress
from tests.download.cases import DownloadCase, names_of
from tests.download.content import Content, some_bytes
from tests.download.world import Holder, World
from tests.upload.cases import Greeter, accepting

CONTENT = Content(some_bytes(3 * MIB + 10))


class FetchingTests(DownloadCase):
    """A requester behind a firewall, and a holder that may be behind another one."""

    def begun(
        self, is_open: bool = False, is_known: bool = False
    ) -> tuple[World, Holder, "Deferred[Progress]"]:
        """
        Begin a download of what one holder has.

        :param is_open: whether the holder may be dialed.
        :param is_known: whether the requester knows that it cannot be.
        """
        world = self.world()
        world.closed = is_known
        holder = world.holder("s1", Content(CONTENT.content))
        world.cut(world.address())
        if is_open:
            holder.listen()
        world.found = (holder.hit(CONTENT),)
        return world, holder, world.get(holder.hit(CONTENT))

    def shown(self, world: World) -> object:
        """Return the state that was shown last."""
        return world.shown[-1].state

    def test_dials_the_holder(self) -> None:
        """The holder pushes on the connection that the requester made; it is told."""
        world, holder, done = self.begun(is_open=True)
        world.wires.pass_time(1.0, 0.1)
        [delivered] = self.assert_saved(world, done, CONTENT).holders
        self.assertEqual(delivered, Contribution("s1", CONTENT.size, how="reversed"))
        self.assertEqual(world.wires.dialed[-1], (holder.address.host, holder.address.port))
        self.assertEqual(holder.unreached, [])
        self.assertEqual(len(world.wants), 1)

    def test_many_small_files(self) -> None:
        """A folder comes that way, too."""
        world = self.world()
        files = [Content(some_bytes(100, seed)) for seed in range(5)]
        holder = world.holder("s1", *files)
        world.cut(world.address())
        holder.listen()
        done = Deferred.fromCoroutine(
            world.downloads.get_selected(
                ["*"], [(holder.hit(each, f"f{n}"),) for n, each in enumerate(files)], print
            )
        )
        world.wires.pass_time(2.0, 0.1)
        self.assertIsInstance(self.successResultOf(done).state, Saved)
        self.assertEqual(world.saved("f3"), files[3].content)

    def test_many_files_neither_way(self) -> None:
        """Files of a selection, small and large, are waited for, and not said to be gone."""
        for size in (100, 2 * MIB):
            world = self.world()
            files = [Content(some_bytes(size, seed)) for seed in range(5)]
            holder = world.holder("s1", *files)
            world.cut(world.address())
            hits = [(holder.hit(each, f"f{n}"),) for n, each in enumerate(files)]
            world.found = tuple(hit for (hit,) in hits)
            Deferred.fromCoroutine(world.downloads.get_selected(["*"], hits, world.shown.append))
            world.wires.pass_time(5.0)
            self.assertEqual(self.shown(world), Seeking((holder.address,)), size)
            world.wires.pass_time(200.0)
            self.assertEqual(self.shown(world), Waiting((holder.address,)), size)
            holder.listen()
            world.wires.pass_time(UNREACHABLE_AGAIN_SECONDS + 5.0)
            self.assertIsInstance(self.shown(world), Saved, size)

    def test_neither_way(self) -> None:
        """Both sides say at once that neither reaches the other, whom it is about, and where."""
        world, holder, done = self.begun()
        world.wires.pass_time(1.0, 0.1)
        self.assertEqual(self.shown(world), Seeking((holder.address,)))
        self.assertEqual([want.name for want in holder.unreached], ["me"])
        world.wires.pass_time(150.0)
        self.assertEqual(self.successResultOf(done).state, Waiting((holder.address,)))

    def test_goes_on(self) -> None:
        """Whichever side is opened, and whenever: it goes on within seconds."""
        for opened in ("holder", "requester"):
            for after in (3.0, 40.0, 200.0):
                world, holder, _done = self.begun()
                world.wires.pass_time(after)
                if opened == "holder":
                    holder.listen()
                else:
                    world.listen()
                world.wires.pass_time(UNREACHABLE_AGAIN_SECONDS + 2.0)
                self.assertIsInstance(self.shown(world), Saved, (opened, after))

    def test_says_that_it_is_closed(self) -> None:
        """A requester that knows that it cannot be dialed is not, but dials at once."""
        world, holder, done = self.begun(is_open=True, is_known=True)
        self.assert_saved(world, done, CONTENT)
        self.assertEqual(world.wires.dialed, [(holder.address.host, holder.address.port)])
        self.assertEqual(holder.refused, ["me is to dial this peer"])

    def test_both_are_known_to_be_closed(self) -> None:
        """Where both are, perhaps one of them is nevertheless open to the other: both dial."""
        world = self.world()
        world.closed = True
        holder = world.holder("s1", Content(CONTENT.content))
        done = world.get(holder.hit(CONTENT, closed=True))
        self.assert_saved(world, done, CONTENT)
        self.assertFalse(world.wants[0].closed)

    def test_holder_is_closed_after_all(self) -> None:
        """A holder that cannot be dialed, though it did not say so, dials itself the next time."""
        world, _holder, done = self.begun(is_known=True)
        world.listen()
        world.wires.pass_time(UNREACHABLE_AGAIN_SECONDS + 2.0)
        self.assert_saved(world, done, CONTENT)
        self.assertEqual([want.closed for want in world.wants[:2]], [True, False])

    def test_open_holders_first(self) -> None:
        """Where the requester is closed, holders that are, too, are asked last."""
        world = self.world()
        world.closed = True
        holders = [world.holder(name, Content(CONTENT.content)) for name in ("s1", "s2")]
        hits = [holder.hit(CONTENT, closed=holder.name == "s1") for holder in holders]
        self.assertEqual([world.tickets.is_doubtful(hit) for hit in hits], [True, False])
        world.closed = False
        self.assertEqual([world.tickets.is_doubtful(hit) for hit in hits], [False, False])

    def test_linked(self) -> None:
        """A holder that has become a neighbor is asked again at once."""
        world, holder, _done = self.begun()
        world.wires.pass_time(5.0)
        holder.listen()
        world.tickets.linked("s2")
        world.wires.pass_time(2.0)
        self.assertEqual(self.shown(world), Seeking((holder.address,)))
        world.tickets.linked("s1")
        world.wires.pass_time(2.0)
        self.assertIsInstance(self.shown(world), Saved)

    def test_refused(self) -> None:
        """What a holder says that does not serve is told, while it is fresh."""
        world = self.world()
        holder = world.holder("s1", Content(CONTENT.content))
        holder.is_mute = True
        world.found = (holder.hit(CONTENT),)
        world.get(holder.hit(CONTENT))
        world.tickets.refused(Refuse(world.wants[0].ticket, "busy"))
        world.wires.settle()
        self.assertEqual(self.shown(world), Seeking())
        world.wires.pass_time(1.0)
        self.assertEqual(self.shown(world), Seeking(refused=(("s1", "busy"),)))
        world.wires.pass_time(70.0)
        self.assertEqual(self.shown(world), Seeking())
        holder.is_mute = False
        world.wires.pass_time(35.0)
        self.assertIsInstance(self.shown(world), Saved)

    def test_few_dials(self) -> None:
        """However many downloads want something of it, neither side dials more than it may."""
        world, holder, _done = self.begun()
        for seed in range(5):
            content = Content(some_bytes(2 * MIB, seed))
            holder.contents[content.file_id] = content
            world.get(holder.hit(content, f"f{seed}"))
        world.wires.pass_time(59.0)
        me = world.address()
        for address in (me, holder.address):
            dials = world.wires.dialed.count((address.host, address.port))
            self.assertLessEqual(dials, FAILED_DIALS_PER_MINUTE, address)
            self.assertGreaterEqual(dials, 3, address)

    def test_aimed(self) -> None:
        """A host that does not answer is dialed a few times, however often it is named."""
        wires = self.world().wires
        dialer = HolderDialer(wires, "default", lambda _host: True, DialLimit())
        nobody: Any = Protocol()
        for _ in range(3 * FAILED_DIALS_PER_MINUTE):
            dialing = Deferred.fromCoroutine(
                dialer.dial(PeerAddress("s9", "10.1.1.1", 9_000), nobody)
            )
            wires.pass_time(1.0)
            self.failureResultOf(dialing, Unreachable)
        self.assertEqual(wires.dialed.count(("10.1.1.1", 9_000)), FAILED_DIALS_PER_MINUTE)

    def test_another_one_delivers(self) -> None:
        """A holder that can be reached is asked meanwhile."""
        world, _holder, done = self.begun()
        world.wires.pass_time(5.0)
        other = world.holder("s2", Content(CONTENT.content))
        other.listen()
        world.found = (other.hit(CONTENT),)
        world.wires.pass_time(20.0)
        self.assertEqual(names_of(self.successResultOf(done).state), ("s2",))

    def test_only_the_holder(self) -> None:
        """Whoever else answers there gets no byte, and no other peer is dialed in its name."""
        world, holder, _done = self.begun()
        greeter = Greeter(encode(Hello(PROTOCOL, "peer", "other", "default")))
        other, address = world.security_of("other"), holder.address
        world.wires.listeners[address.host, address.port] = lambda: accepting(greeter, other)
        world.wires.pass_time(20.0)
        self.assertEqual((greeter.received, greeter.is_lost), (b"", True))
        holder.address = PeerAddress("s9", "127.0.0.1", 9_999)
        world.wires.pass_time(20.0)
        self.assertNotIn(("127.0.0.1", 9_999), world.wires.dialed)

    def test_uninvolved_host(self) -> None:
        """A host that may not be dialed is not, whoever asks for it."""
        world, holder, _done = self.begun()
        holder.address = PeerAddress("s1", "10.9.9.9", 9_000)
        world.wires.pass_time(40.0)
        self.assertNotIn("10.9.9.9", [host for host, _port in world.wires.dialed])

    def test_canceled_meanwhile(self) -> None:
        """A download that is canceled while the holder is dialed leaves no connection."""
        world, holder, _done = self.begun()
        greeter = Greeter(b"")
        world.wires.listeners[holder.address.host, holder.address.port] = lambda: greeter
        world.wires.pass_time(UNREACHABLE_AGAIN_SECONDS + 1.0)
        self.assertFalse(greeter.is_lost)
        world.downloads.cancel(1)
        world.wires.settle()
        self.assertTrue(greeter.is_lost)
        self.assertEqual(world.left(), [])
