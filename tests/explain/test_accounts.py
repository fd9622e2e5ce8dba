"""What is kept of how downloads and questions went."""

from typing import Any
from weakref import ref

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.explain import limits
from p2p_twisted.explain.bounded import FairList
from p2p_twisted.explain.download_account import DownloadAccount
from p2p_twisted.explain.facts import AccountNote, HolderFacts, OwnWork, Waits
from p2p_twisted.explain.push_times import PushTimes
from p2p_twisted.wire.messages import HeldUp
from p2p_twisted.wire.tcp_info import TcpInfo
from tests.explain.timed import Timed


class FairListTests(SynchronousTestCase):
    """What many neighbors make this peer remember."""

    def test_share(self) -> None:
        """Whoever makes most happen pushes out its own."""
        kept: FairList[tuple[str, int]] = FairList(4, lambda each: each[0])
        for each in [("s2", 1), *(("evil", number) for number in range(100)), ("s3", 2)]:
            kept.add(each)
        self.assertEqual(kept.kept, [("s2", 1), ("evil", 98), ("evil", 99), ("s3", 2)])

    def test_worth(self) -> None:
        """Of its own, that goes first which is worth least."""
        kept: FairList[tuple[str, int]] = FairList(2, lambda each: each[0], lambda each: each[1])
        for number in (5, 1, 7, 2):
            kept.add(("s2", number))
        self.assertEqual(kept.kept, [("s2", 5), ("s2", 7)])


class PushTimesTests(Timed):
    """How the time of one push goes by."""

    def test_waits(self) -> None:
        """Each second counts for what kept the push waiting in it, until the push ends."""
        push = self.push(paused=lambda: 2.5)
        push.is_asked(False)
        self.clock.advance(1.0)
        push.is_asked(True)
        push.is_asked(True)
        push.is_held_up(True)
        self.clock.advance(3.0)
        push.is_held_up(False)
        self.clock.advance(4.0)
        push.received += 100
        self.assertEqual(push.waits(), Waits(8.0, limit=2.5, disk=3.0, idle=1.0, received=100))
        push.is_held_up(True)
        push.end()
        push.end()
        self.clock.advance(4.0)
        self.assertEqual(push.waits(), Waits(8.0, limit=2.5, disk=3.0, idle=1.0, received=100))

    def test_let_go(self) -> None:
        """Once it has ended, it keeps nothing of its connection."""

        class Connection:
            """Something that the system knows nothing of."""

            def look(self) -> TcpInfo | None:
                return None

        connection = Connection()
        push, watched = self.push(paused=lambda: 2.5, look=connection.look), ref(connection)
        del connection
        self.assertIsNotNone(watched())
        push.end()
        self.assertIsNone(watched())
        self.assertEqual(push.waits().limit, 2.5)

    def test_claim(self) -> None:
        """What a holder has said counts for half a minute."""
        push = self.push()
        self.assertIsNone(push.held)
        push.claimed(HeldUp("disk"))
        self.clock.advance(29.0)
        self.assertEqual(push.held, HeldUp("disk"))
        self.clock.advance(2.0)
        self.assertIsNone(push.held)


class DownloadAccountTests(Timed):
    """What is kept of one download."""

    def setUp(self) -> None:
        super().setUp()
        self.busy = self.wrote = 0.0
        self.account = DownloadAccount(
            self.clock.seconds, lambda: self.busy, lambda: 10.0 + self.wrote
        )

    def holders(self, **delivered: int) -> tuple[HolderFacts, ...]:
        """Return what is known of the holders."""
        return self.account.measured(delivered)[2]

    def deliver(self, holder: str, first_hop: str, count: int, **more: Any) -> PushTimes:
        """Have a holder deliver for a second."""
        self.account.asked(holder, (first_hop, holder)[first_hop == holder :])
        push = self.push(holder, first_hop, **more)
        self.account.joined(push, "direct")
        push.received += count
        self.clock.advance(1.0)
        return push

    def test_story(self) -> None:
        """It tells who was asked and when, who delivered, and how that ended."""
        self.account.looked(1)
        self.account.became("seeking")
        self.account.asked("s4", ("s2", "s4"))
        self.clock.advance(0.25)
        push = self.push("s4", "s2")
        self.account.joined(push, "reversed")
        self.account.became("receiving")
        self.clock.advance(2.0)
        push.received += 300
        push.end()
        self.account.left("s4", ("s2", "s4"), "complete")
        self.account.became("saved", is_ended=True)
        self.clock.advance(60.0)
        self.assertEqual(
            self.account.notes,
            (
                AccountNote(0.0, "looked for holders: 1 found"),
                AccountNote(0.0, "asked s4 by way of s2", "s2"),
                AccountNote(0.25, "s4 delivers (reversed), 0.25 s after it was asked", "s2"),
                AccountNote(2.25, "s4: complete", "s2"),
                AccountNote(2.25, "saved"),
            ),
        )
        self.assertEqual(self.account.seconds, 2.25)
        self.assertEqual(self.account.seconds_in, {"seeking": 0.25, "receiving": 2.0})
        window, _work, holders = self.account.measured({"s4": 300})
        self.assertEqual(window, 2.25)
        waits = Waits(2.0, received=300)
        expected = HolderFacts(
            "s4", "s2", False, "reversed", 1, "complete", waits, received=300, share=1.0
        )
        self.assertEqual(holders, (expected,))

    def test_repeated(self) -> None:
        """What happens again and again is one note."""
        for _ in range(3):
            self.account.looked(0)
            self.clock.advance(30.0)
        [note] = self.account.notes
        self.assertEqual(note, AccountNote(0.0, "looked for holders: 0 found", None, 3, 60.0))

    def test_several(self) -> None:
        """Several pushes of one holder add up, as for a folder."""
        for _ in range(2):
            self.deliver("s4", "s4", 50)
        [holder] = self.holders(s4=100)
        # The first ran on while the second did.
        self.assertEqual(holder.waits, Waits(3.0, received=100))
        self.assertTrue(holder.is_delivering)

    def test_one_of_several(self) -> None:
        """The end of one push of a holder is not that of another one."""
        first = self.deliver("s4", "s4", 50)
        self.deliver("s4", "s4", 50)
        first.end()
        self.account.left("s4", ("s4",), "complete")
        self.clock.advance(2.0)
        [holder] = self.holders(s4=100)
        self.assertEqual(holder.waits, Waits(5.0, received=100))
        self.assertTrue(holder.is_delivering)

    def test_of_late(self) -> None:
        """While it goes on, the last quarter of a minute counts; then, all of it."""
        push = self.deliver("s4", "s4", 1_000)
        for _ in range(100):
            self.clock.advance(1.0)
            push.received += 10
            self.busy += 0.5
            self.wrote += 0.25
            self.account.tick()
        window, work, [holder] = self.account.measured({"s4": 2_000})
        self.assertEqual(window, 14.0)
        self.assertEqual(work, OwnWork(14.0, processor=7.0, chunks=3.5))
        self.assertEqual(holder.waits, Waits(14.0, received=140))
        self.account.became("saved", is_ended=True)
        window, work, [holder] = self.account.measured({"s4": 2_000})
        self.assertEqual((window, work.watched, work.chunks), (101.0, 101.0, 25.0))
        self.assertEqual(holder.waits, Waits(101.0, received=2_000))

    def test_asleep(self) -> None:
        """What lies long behind is no delivery, whatever a thread did meanwhile."""
        self.clock.advance(60.0)
        self.busy = self.wrote = 60.0
        self.account.tick()
        self.assertEqual(self.account.measured({})[1], OwnWork())

    def test_way(self) -> None:
        """What the system knows of a connection is kept once that has ended."""
        known: list[TcpInfo | None] = [TcpInfo(0.18, 0.01, 0.0, 1.0, 0.0), None]
        push = self.deliver("s4", "s4", 1, look=lambda: known.pop(0) if known else None)
        self.account.tick()
        push.end()
        self.account.left("s4", ("s4",), "complete")
        [holder] = self.holders(s4=1)
        self.assertEqual((holder.round_trip, holder.reordered), (0.18, 0.01))

    def test_made_up_holders(self) -> None:
        """A neighbor that makes up holders pushes out none that another one has led to."""
        push = self.deliver("s4", "s2", 1_000)
        self.account.asked("s5", ("s5",))
        for number in range(10_000):
            self.account.asked(f"fake{number}", ("evil", f"fake{number}"))
            self.account.left(f"fake{number}", ("evil", f"fake{number}"), "x" * 1_000)
        self.account.left("s4", ("s2", "s4"), "the connection was lost")
        kept = self.holders(s4=1_000)
        self.assertEqual(len(kept), limits.HOLDERS_PER_ACCOUNT)
        self.assertEqual(kept[0].holder, "s4")
        self.assertEqual(kept[0].last, "the connection was lost")
        self.assertIn("s5", [each.holder for each in kept])
        notes = self.account.notes
        self.assertEqual(len(notes), limits.NOTES_PER_DOWNLOAD)
        texts = [note.text for note in notes]
        self.assertEqual(texts[0], "asked s4 by way of s2")
        self.assertIn("s4: the connection was lost", texts)
        self.assertLessEqual(max(map(len, texts)), limits.NOTE_CHARACTERS)
        self.assertEqual(push.waits().received, 1_000)

    def test_honest_name(self) -> None:
        """What a neighbor answers in a holder's name is not that which the holder itself does."""
        self.deliver("s4", "s4", 1_000)
        self.account.asked("s4", ("evil", "s4"))
        self.account.left("s4", ("evil", "s4"), "busy")
        told = [(each.holder, each.via, each.last, each.received) for each in self.holders(s4=900)]
        self.assertEqual(told, [("s4", None, "", 900), ("s4", "evil", "busy", 0)])

    def test_goes_on(self) -> None:
        """One that has failed, and goes on, is judged by all of its time."""
        self.account.became("receiving")
        self.clock.advance(2.0)
        self.account.became("failed", is_ended=True)
        self.clock.advance(100.0)
        self.account.became("seeking")
        self.clock.advance(1.0)
        self.assertEqual(self.account.seconds_in, {"receiving": 2.0, "seeking": 1.0})
