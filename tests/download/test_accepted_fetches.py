"""What a holder accepts as a fetch: one for each ticket, in time, of a few."""

from twisted.internet.defer import Deferred

from p2p_twisted.upload.limits import FETCHES_AWAITED_PER_LINK
from p2p_twisted.wire.limits import (
    FETCH_WITHIN_SECONDS,
    MIB,
    STALL_SECONDS,
)
from p2p_twisted.wire.messages import Error, Fetch, Push, Want
from tests.download.cases import DownloadCase
from tests.download.content import Content, some_bytes
from tests.download.swarms import talk
from tests.download.wires import Stranger
from tests.download.world import Holder, World

CONTENT = Content(some_bytes(3 * MIB + 10))
NOTHING = "nothing waits to be fetched by that ticket"


class FetchTests(DownloadCase):
    """What a holder accepts as a fetch."""

    def asked(self) -> tuple[World, Holder, Want]:
        """Ask a holder that can be dialed, but cannot dial; the requester does nothing more."""
        world = self.world()
        holder = world.holder("s1", Content(CONTENT.content))
        holder.listen()
        name = "stranger"
        want = Want("e" * 32, CONTENT.file_id, name, "127.0.0.1", 9_999, via=(name,))
        holder.uploads.serve(want, None, holder.note)
        world.wires.settle()
        return world, holder, want

    def fetch(self, world: World, holder: Holder, ticket: str) -> Stranger:
        """Dial a holder, and name a ticket."""
        stranger = world.stranger(holder.address, "stranger")
        stranger.received = b""
        stranger.say(Fetch(ticket))
        world.wires.settle()
        return stranger

    def test_once(self) -> None:
        """A ticket is good for one fetch, and for a few seconds; then there is one refusal."""
        world, holder, want = self.asked()
        unknown = self.fetch(world, holder, "f" * 32)
        self.assertEqual(talk(unknown.received), [Error(NOTHING, "refused")])
        self.assertTrue(unknown.is_lost)
        first = self.fetch(world, holder, want.ticket)
        self.assertEqual(
            talk(first.received), [Push(want.ticket, want.file, CONTENT.size, reorders=True)]
        )
        self.assertTrue(self.fetch(world, holder, want.ticket).is_lost)
        world, holder, want = self.asked()
        world.wires.pass_time(FETCH_WITHIN_SECONDS)
        self.assertTrue(self.fetch(world, holder, want.ticket).is_lost)

    def test_changed_meanwhile(self) -> None:
        """What is not there any more is not pushed, and nobody is told of a firewall."""
        world, holder, want = self.asked()
        holder.contents.clear()
        self.assertTrue(self.fetch(world, holder, want.ticket).is_lost)
        holder.uploads.not_fetched(want.ticket)
        self.assertEqual(holder.unreached, [])

    def test_bounded_per_link(self) -> None:
        """What comes over one link cannot take the places of another one."""
        world, holder, _want = self.asked()
        for number in range(FETCHES_AWAITED_PER_LINK + 1):
            port = 10_000 + number
            want = Want(f"{number:032x}", CONTENT.file_id, "x", "127.0.0.1", port, via=("x",))
            holder.uploads.serve(want, None, holder.note)
            world.wires.settle()
        self.assertEqual(holder.are_to_fetch.count(True), 1 + FETCHES_AWAITED_PER_LINK)
        self.assertFalse(holder.are_to_fetch[-1])
        other = Want("d" * 32, CONTENT.file_id, "y", "127.0.0.1", 20_000, via=("y",))
        holder.uploads.serve(other, None, holder.note)
        world.wires.settle()
        self.assertTrue(holder.are_to_fetch[-1])

    def test_silent(self) -> None:
        """Whoever fetches and then asks for nothing loses its place after half a minute."""
        world, holder, want = self.asked()
        fetched = self.fetch(world, holder, want.ticket)
        self.assertEqual([each.how for each in holder.uploads.all()], ["reversed"])
        world.wires.pass_time(STALL_SECONDS + 1.0)
        self.assertTrue(fetched.is_lost)
        self.assertEqual(holder.uploads.all(), ())

    def test_stopped(self) -> None:
        """A holder that stops pushes nothing more."""
        world, holder, want = self.asked()
        Deferred.fromCoroutine(holder.uploads.stop())
        self.assertTrue(self.fetch(world, holder, want.ticket).is_lost)
