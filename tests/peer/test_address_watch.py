"""What happens when a machine's address changes under a peer."""

from pathlib import Path

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.peer import address_watch
from p2p_twisted.peer.address_watch import AddressWatch
from p2p_twisted.peer.settings import Settings
from p2p_twisted.runtime.threads import inline

OLD, NEW = "10.9.0.2", "10.9.0.77"


class AddressWatchTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.addresses = [OLD]
        self.way: str | None = OLD
        self.moved: list[str] = []
        self.faults: list[str | None] = []
        self.patch(address_watch, "has_address", lambda host: host in self.addresses)
        self.patch(address_watch, "own_addresses", lambda: self.addresses)
        self.patch(address_watch, "address_towards", lambda _host: self.way)

    def start(self, is_guessed: bool = False, host: str = OLD) -> AddressWatch:
        settings = Settings(
            "s1", Path("s1"), Path("Downloads"), interface=host, is_guessed=is_guessed
        )
        watch = AddressWatch(settings, self.clock, inline)
        watch.start(self.moved.append, self.faults.append)
        self.addCleanup(watch.stop)
        return watch

    def change(self, *addresses: str) -> None:
        """Give the machine other addresses, and let some time pass."""
        self.addresses, self.way = list(addresses), next(iter(addresses), None)
        self.clock.pump([5.0] * 3)

    def test_nothing_changes(self) -> None:
        """An address that is there is no matter."""
        self.start()
        self.change(OLD, NEW)
        self.assertEqual((self.moved, self.faults), ([], []))

    def test_guessed(self) -> None:
        """One that was guessed is followed, again and again."""
        watch = self.start(is_guessed=True)
        self.change(NEW)
        self.change(OLD)
        self.assertEqual((self.moved, self.faults, watch.host), ([NEW, OLD], [], OLD))

    def test_no_way(self) -> None:
        """Without any address, it is said once, and a new one is waited for."""
        self.start(is_guessed=True)
        self.change()
        [said] = self.faults
        self.assertIn("going on when it has", str(said))
        self.change(NEW)
        self.assertEqual((self.moved, len(self.faults)), ([NEW], 1))

    def test_useless_way(self) -> None:
        """An address that no peer could have is none."""
        self.start(is_guessed=True)
        for useless in ("127.0.0.1", "169.254.1.1"):
            self.change(useless)
        self.assertEqual((self.moved, len(self.faults)), ([], 1))

    def test_given(self) -> None:
        """One that somebody named is not replaced: what to do is said, once."""
        self.start()
        self.change(NEW, "10.8.0.2")
        [said] = self.faults
        self.assertEqual(
            said,
            f"this machine no longer has the address {OLD}: start this peer again with"
            f" --interface {NEW} or 10.8.0.2",
        )
        self.change(OLD)
        self.assertEqual((self.moved, self.faults[1:]), ([], [None]))

    def test_stopped_meanwhile(self) -> None:
        """What was looked up for a peer that has left comes to nothing."""
        watch = self.start(is_guessed=True)

        def look_up(_host: str) -> str:
            watch.stop()
            return NEW

        self.patch(address_watch, "address_towards", look_up)
        self.change(NEW)
        self.assertEqual(self.moved, [])

    def test_loopback(self) -> None:
        """Loopback stays."""
        self.start(host="127.0.0.1")
        self.assertEqual(self.clock.getDelayedCalls(), [])
