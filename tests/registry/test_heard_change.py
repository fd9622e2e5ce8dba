"""What other registries have stored, and what that comes to here."""

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.registry.heard_change import heard_change
from p2p_twisted.registry.limits import LEASE_SECONDS, RESERVATION_SECONDS
from p2p_twisted.registry.roster import Change, Extend, Forget, Put, Roster
from tests.registry.builders import NOW, crowd, registration


def heard(change: Change, *pending: str) -> list[Change] | None:
    """Hear of a change where there are ``s0`` to ``s2``, and a peer that only has a reservation."""
    reserved = registration("r", 9100, is_listening=False)
    roster = Roster([*crowd(3), reserved])
    return heard_change(roster, change, pending.__contains__, NOW, LEASE_SECONDS)


class HeardChangeTests(SynchronousTestCase):
    """A roster of four, and one change."""

    def test_leases_begin_now(self) -> None:
        """A lease lasts from when it is heard of, a reservation not so long."""
        new = registration("new", 9200, expires=0.0)
        full = registration("new", 9200, expires=NOW + LEASE_SECONDS)
        self.assertEqual(heard(Put(new)), [Put(full)])
        self.assertEqual(heard(Extend("s1", 0.0)), [Extend("s1", NOW + LEASE_SECONDS)])
        self.assertEqual(heard(Extend("r", 0.0)), [Extend("r", NOW + RESERVATION_SECONDS)])

    def test_place_of_another(self) -> None:
        """Who has the place by what is known here has left it, or is told of next."""
        new = registration("new", 9001, expires=0.0)
        full = registration("new", 9001, expires=NOW + LEASE_SECONDS)
        self.assertEqual(heard(Put(new)), [Forget("s1"), Put(full)])

    def test_pending(self) -> None:
        """Nothing is heard about a peer that is being stored here, or has the place."""
        for change in (Put(registration("s1", 9200)), Extend("s1", 0.0), Forget("s1")):
            self.assertIsNone(heard(change, "s1"))
        self.assertIsNone(heard(Put(registration("new", 9001)), "s1"))

    def test_unknown(self) -> None:
        """What concerns nobody who is known comes to nothing."""
        self.assertEqual(heard(Extend("who", 0.0)), [])
        self.assertEqual(heard(Forget("who")), [])
        self.assertEqual(heard(Forget("s1")), [Forget("s1")])
