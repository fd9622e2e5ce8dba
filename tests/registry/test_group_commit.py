"""Changes that are stored together."""

from collections.abc import Sequence

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.registry.group_commit import GroupCommit, Undone
from p2p_twisted.registry.roster import Change, Extend, Forget, Put, Roster
from p2p_twisted.registry.store import Conflict, StoreFault
from tests.registry.builders import NOW, crowd, registration
from tests.registry.stores import Slow


class GroupCommitTests(SynchronousTestCase):
    """A roster of three peers, and a store that takes its time."""

    def setUp(self) -> None:
        self.store = Slow()
        self.roster = Roster(crowd(3))
        self.clock = Clock()
        self.commits = GroupCommit(self.clock, self.store, self.roster.apply)

    def keep(self, *changes: Change) -> "Deferred[None]":
        """Make changes, and have them stored."""
        return self.commits.keep(changes, self.roster.apply(changes))

    def stored(self) -> list[Sequence[Change]]:
        """List what the store was given, transaction by transaction."""
        return [changes for _kept, changes in self.store.waiting]

    def test_groups(self) -> None:
        """What comes while something is being stored is stored next, all of it at once."""
        puts = [Put(registration(f"n{number}", 9_100 + number)) for number in range(4)]
        first = self.keep(puts[0])
        others = [self.keep(put) for put in puts[1:]]
        self.assertEqual(self.stored(), [[puts[0]]])
        self.store.waiting[0][0].callback(None)
        self.successResultOf(first)
        self.assertEqual(self.stored(), [[puts[0]], puts[1:]])
        for kept in others:
            self.assertNoResult(kept)
        self.store.waiting[1][0].callback(None)
        for kept in others:
            self.successResultOf(kept)

    def test_gathers(self) -> None:
        """Where a transaction costs much, the next one waits a moment for more; not the first."""
        self.store.gather_seconds = 0.5
        puts = [Put(registration(f"n{number}", 9_100 + number)) for number in range(5)]
        self.keep(puts[0])
        self.store.waiting[0][0].callback(None)
        gathered = [self.keep(put) for put in puts[1:3]]
        self.clock.advance(0.25)
        self.assertEqual(self.stored(), [[puts[0]]])
        self.clock.advance(0.25)
        self.assertEqual(self.stored(), [[puts[0]], puts[1:3]])
        # One that takes longer is followed at once, as before.
        late = self.keep(puts[3])
        self.clock.advance(1)
        self.store.waiting[1][0].callback(None)
        self.assertEqual(self.stored()[2:], [puts[3:4]])
        self.store.waiting[2][0].callback(None)
        self.clock.advance(0.5)
        self.keep(puts[4])
        self.assertEqual(self.stored()[3:], [puts[4:]])
        for kept in (*gathered, late):
            self.successResultOf(kept)

    def test_fault_while_gathering(self) -> None:
        """What is gathered is undone with what it may rest on; what comes then is stored."""
        self.store.gather_seconds = 0.5
        faults = [self.keep(Forget("s0")), self.keep(Put(registration("new", 9000)))]
        self.store.waiting[0][0].errback(StoreFault("the disk is full"))
        for kept in faults:
            self.failureResultOf(kept, StoreFault)
        again = self.keep(Forget("s0"))
        self.assertEqual(len(self.stored()), 1)
        self.clock.advance(0.5)
        self.store.waiting[1][0].callback(None)
        self.successResultOf(again)

    def test_fault(self) -> None:
        """What could not be stored is undone, with what was decided since, which may rest on it."""
        before = {name: self.roster.named(name) for name in ("s0", "s1", "s2", "new")}
        faults = [
            self.keep(Forget("s0")),
            self.keep(Put(registration("new", 9000))),
            self.keep(Put(registration("s1", 9_100, is_listening=False)), Extend("new", NOW + 1)),
        ]
        self.assertEqual(len(self.stored()), 1)
        self.store.waiting[0][0].errback(StoreFault("the disk is full"))
        for kept in faults:
            self.failureResultOf(kept, StoreFault)
        self.assertEqual({name: self.roster.named(name) for name in before}, before)
        self.assertEqual(len(self.stored()), 1)
        self.store.go()
        self.successResultOf(self.keep(Put(registration("new", 9_100))))

    def test_conflict(self) -> None:
        """Of several, none is to blame; they are stored by half as many, until one is alone."""
        puts = [Put(registration(f"n{number}", 9_100 + number)) for number in range(5)]
        self.keep(puts[0])
        asked = [self.keep(put) for put in puts[1:]]
        self.store.waiting[0][0].callback(None)
        self.store.waiting[1][0].errback(Conflict("n2 is another's"))
        for kept in asked:
            self.failureResultOf(kept, Undone)
        self.assertIsNone(self.roster.named("n1"))
        asked = [self.keep(put) for put in puts[1:]]
        self.store.waiting[2][0].callback(None)
        self.assertEqual(self.stored()[2:], [puts[1:2], puts[2:4]])
        self.store.waiting[3][0].errback(Conflict("n2 is another's"))
        for kept in asked[1:]:
            self.failureResultOf(kept, Undone)
        asked = [self.keep(put) for put in puts[2:]]
        self.store.waiting[4][0].errback(Conflict("n2 is another's"))
        self.failureResultOf(asked[0], Conflict)
        for kept in asked[1:]:
            self.failureResultOf(kept, Undone)
        asked = [self.keep(put) for put in puts[3:]]
        self.store.go()
        for kept in asked:
            self.successResultOf(kept)
        self.assertEqual(self.roster.named("n2"), None)

    def test_finish(self) -> None:
        """The end waits for all that is to be stored, also where some of it is undone."""
        self.keep(Forget("s0")).addErrback(lambda _conflict: None)
        self.keep(Forget("s1")).addErrback(lambda _undone: self.keep(Forget("s1")))
        finishing = Deferred.fromCoroutine(self.commits.finish())
        self.store.waiting[0][0].errback(Conflict("no"))
        self.assertNoResult(finishing)
        self.store.go()
        self.successResultOf(finishing)

    def test_leases(self) -> None:
        """A lease is no business of the store's, unless the rest of its registration waits."""
        self.successResultOf(self.keep(Extend("s1", NOW + 100)))
        put = self.keep(Put(registration("s2", 9002)))
        self.successResultOf(self.keep(Extend("s1", NOW + 200)))
        behind = self.keep(Extend("s2", NOW + 200))
        self.assertNoResult(behind)
        self.store.go()
        self.successResultOf(put)
        self.successResultOf(behind)
        self.assertEqual(len(self.stored()), 1)

    def test_nothing(self) -> None:
        """Who changes nothing waits for those who came before."""
        self.successResultOf(self.keep())
        put = self.keep(Forget("s1"))
        behind = self.keep()
        self.assertNoResult(behind)
        self.store.waiting[0][0].callback(None)
        self.successResultOf(put)
        self.store.waiting[1][0].callback(None)
        self.successResultOf(behind)
        self.assertEqual(self.stored()[1], [])
