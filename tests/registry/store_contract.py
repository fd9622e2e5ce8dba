"""What every store of registrations must do."""

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from p2p_twisted.registry.roster import Change, Extend, Forget, Put, Registration
from p2p_twisted.registry.store import Conflict, IRegistryStore
from tests.registry.builders import NOW, registration


class StoreContract(SynchronousTestCase):
    """What every store must do."""

    def make(self) -> IRegistryStore:
        """Make a store that is empty and open."""
        raise NotImplementedError

    def kept(self, store: IRegistryStore) -> set[Registration]:
        """Fetch what it keeps."""
        kept: tuple[Registration, ...] = self.successResultOf(store.load())
        return set(kept)

    def test_interface(self) -> None:
        """It has all methods."""
        verifyObject(IRegistryStore, self.make())

    def test_put(self) -> None:
        """What was put is there, without its lease."""
        store = self.make()
        held = (
            registration("s1", expires=NOW),
            registration("s2", 9001, is_listening=False),
            registration("s3", 9002, is_closed=True),
        )
        self.successResultOf(store.apply([Put(each) for each in held]))
        expected = {
            registration("s1", expires=0),
            registration("s2", 9001, expires=0, is_listening=False),
            registration("s3", 9002, expires=0, is_closed=True),
        }
        self.assertEqual(self.kept(store), expected)

    def test_put_again(self) -> None:
        """A name is there once: the last one counts, and the old place is free."""
        store = self.make()
        self.successResultOf(store.apply([Put(registration("s1", 9000))]))
        self.successResultOf(store.apply([Put(registration("s1", 9001))]))
        self.successResultOf(store.apply([Put(registration("s2", 9000))]))
        places = {held.name: held.address.port for held in self.kept(store)}
        self.assertEqual(places, {"s1": 9001, "s2": 9000})

    def test_forget(self) -> None:
        """What was forgotten is not there, and its place is free; again does no harm."""
        store = self.make()
        self.successResultOf(store.apply([Put(registration("s1"))]))
        self.successResultOf(store.apply([Forget("s1"), Put(registration("s2"))]))
        self.successResultOf(store.apply([Forget("s1")]))
        self.assertEqual([held.name for held in self.kept(store)], ["s2"])

    def test_extend(self) -> None:
        """Leases are not its business."""
        store = self.make()
        self.successResultOf(store.apply([Put(registration("s1"))]))
        before = self.kept(store)
        self.successResultOf(store.apply([Extend("s1", NOW + 100)]))
        self.assertEqual(self.kept(store), before)

    def test_conflict(self) -> None:
        """A place is given once, and a refused transaction leaves nothing behind."""
        store = self.make()
        self.successResultOf(store.apply([Put(registration("s1", 9000))]))
        changes = [Put(registration("s2", 9001)), Put(registration("s3", 9000))]
        self.failureResultOf(store.apply(changes), Conflict)
        self.assertEqual([held.name for held in self.kept(store)], ["s1"])

    def test_one_after_the_other(self) -> None:
        """What passes from one to another in one transaction is the last one's."""
        store = self.make()
        self.successResultOf(store.apply([Put(registration("s0", 9001))]))
        changes: list[Change] = [
            Put(registration("s1", 9000)),
            Forget("s1"),
            Put(registration("s2", 9000)),
            Put(registration("s0", 9002)),
            Put(registration("s3", 9001)),
            Forget("s4"),
        ]
        self.successResultOf(store.apply(changes))
        places = {held.name: held.address.port for held in self.kept(store)}
        self.assertEqual(places, {"s2": 9000, "s0": 9002, "s3": 9001})

    def test_conflict_within(self) -> None:
        """Two who want one place in one transaction get nothing."""
        store = self.make()
        changes = [Put(registration("s1", 9000)), Put(registration("s2", 9000))]
        self.failureResultOf(store.apply(changes), Conflict)
        self.assertEqual(self.kept(store), set())

    def test_ports_are_per_host(self) -> None:
        """The same port of two hosts is two places."""
        store = self.make()
        there = registration("s2", 9000, host="192.0.2.7")
        self.successResultOf(store.apply([Put(registration("s1", 9000)), Put(there)]))
        self.assertEqual(len(self.kept(store)), 2)

    def test_close(self) -> None:
        """It can be closed."""
        self.successResultOf(self.make().close())
