"""Who is relayed."""

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.relay.limits import (
    PAIRS_RELAYED,
    PAIRS_RELAYED_FOR_ALL,
    RELAY_PLACES_PER_PEER,
    RELAY_PLACES_WAITING,
)
from p2p_twisted.relay.relay_places import BUSY, NotRelayed, RelayPlaces
from p2p_twisted.wire.messages import Meet, Relay

HOST = "10.0.0.1"


class PlacesTests(SynchronousTestCase):
    """Peers that ask for a place, and others that come."""

    def setUp(self) -> None:
        self.places = RelayPlaces()

    def ask(self, name: str, peer: str, host: str | None = None, by_name: bool = False) -> str:
        """Ask from a host of one's own; return the token."""
        token = f"{name}-{peer}"
        asked, host = Relay(name, peer), host or f"10.0.1.{len(name)}{sum(name.encode())}"
        self.places.ask(asked, host, f"{host}-{token}", by_name=by_name)
        return f"{host}-{token}"

    def assert_refused(self, name: str, peer: str, host: str | None = None) -> str:
        return str(self.assertRaises(NotRelayed, self.ask, name, peer, host))

    def meet(self, name: str, token: str) -> None:
        self.places.meet(Meet(name, token))

    def test_meet(self) -> None:
        """Two meet by the token."""
        token = self.ask("anna", "ben")
        self.assertEqual(self.places.pairs, ())
        self.meet("ben", token)
        self.assertEqual(self.places.pairs, (("anna", "ben"),))
        self.places.left(token)
        self.places.left(token)
        self.assertEqual(self.places.pairs, ())

    def test_tokens(self) -> None:
        """A token is good once, and only for who is waited for; a guess spends none."""
        token = self.ask("anna", "ben")
        for name, shown in (("cleo", token), ("ben", "guessed"), ("anna", token)):
            self.assertRaises(NotRelayed, self.meet, name, shown)
        self.meet("ben", token)
        self.assertRaises(NotRelayed, self.meet, "ben", token)
        self.places.left(token)
        self.assertRaises(NotRelayed, self.meet, "ben", token)

    def test_one_place_a_pair(self) -> None:
        """Who waits for another one, or has met it, has one place for that until it has left."""
        token = self.ask("anna", "ben")
        self.assertEqual(self.assert_refused("anna", "ben"), BUSY)
        self.meet("ben", token)
        self.assertEqual(self.assert_refused("anna", "ben"), BUSY)
        self.ask("ben", "anna")
        self.places.left(token)
        self.ask("anna", "ben")

    def test_itself(self) -> None:
        """Nobody waits for itself."""
        self.assert_refused("anna", "anna")

    def test_places_of_one_peer(self) -> None:
        """One peer, or one host, has two places; on loopback all have one host."""
        for n in range(RELAY_PLACES_PER_PEER):
            self.ask("anna", f"s{n}", HOST)
        self.assertEqual(self.assert_refused("anna", "ben", HOST), BUSY)
        self.assertEqual(self.assert_refused("cleo", "ben", HOST), BUSY)
        self.ask("cleo", "ben", "10.0.0.2")
        for n in range(RELAY_PLACES_PER_PEER + 1):
            self.ask(f"s{n}", "dora", "127.0.0.1")

    def test_one_network_of_ipv6(self) -> None:
        """Of IPv6 a /64 counts as one host."""
        for n in range(RELAY_PLACES_PER_PEER):
            self.ask(f"s{n}", "ben", f"2001:db8::{n + 1}")
        self.assertEqual(self.assert_refused("anna", "ben", "2001:db8::99"), BUSY)

    def test_waiting(self) -> None:
        """So many wait at a time, and places are free again when they have left."""
        tokens = [self.ask(f"s{n}", "ben", f"10.0.2.{n}") for n in range(RELAY_PLACES_WAITING)]
        self.assertEqual(self.assert_refused("anna", "ben"), BUSY)
        self.places.left(tokens[0])
        self.ask("anna", "ben")

    def test_pairs(self) -> None:
        """So many pairs are relayed at a time, however many wait: more is refused to either."""
        waiting = [self.ask(f"s{n}", "ben", f"10.0.2.{n}") for n in range(PAIRS_RELAYED + 1)]
        *met, late = waiting
        for token in met:
            self.meet("ben", token)
        self.assertEqual(self.assert_refused("anna", "ben"), BUSY)
        self.assertRaises(NotRelayed, self.meet, "ben", late)
        self.places.left(met[0])
        self.meet("ben", late)


class PlacesForAllTests(PlacesTests):
    """The same at a relay that is there for all, where many are behind one NAT."""

    def setUp(self) -> None:
        self.places = RelayPlaces(PAIRS_RELAYED_FOR_ALL)

    def test_places_of_one_peer(self) -> None:
        """A host has half of all places, and of these each name two; others have theirs left."""
        half = PAIRS_RELAYED_FOR_ALL // 2
        for n in range(half):
            self.ask(f"s{n // 2}", f"ben{n}", HOST)
        self.assertEqual(self.assert_refused("cleo", "ben", HOST), BUSY)
        for n in range(half):
            self.ask("anna", f"ben{n}", f"10.0.2.{n // 2}")
        self.assertEqual(self.assert_refused("cleo", "ben", "10.0.3.1"), BUSY)

    def test_one_name_of_a_host(self) -> None:
        """While there is room, a name has two places nevertheless."""
        for n in range(RELAY_PLACES_PER_PEER):
            self.ask("anna", f"ben{n}", HOST)
        self.assertEqual(self.assert_refused("anna", "ben", HOST), BUSY)
        self.ask("cleo", "ben", HOST)

    def test_by_name(self) -> None:
        """Whose name is known has two places of its own, however many are behind its NAT."""
        for n in range(PAIRS_RELAYED_FOR_ALL):
            self.ask(f"s{n // 2}", f"ben{n}", HOST, by_name=True)
            if n == 1:
                refused = self.assertRaises(NotRelayed, self.ask, "s0", "ben", HOST, True)
                self.assertEqual(str(refused), BUSY)
        self.assertEqual(self.assert_refused("cleo", "ben", "10.0.0.2"), BUSY)

    def test_claimed_elsewhere(self) -> None:
        """Who claims a name takes none of its places, and learns nothing of whom it is with."""
        for by_name in (True, False):
            for n in range(RELAY_PLACES_PER_PEER):
                self.ask("anna", f"ben{n}", "10.0.9.9")
            self.assertEqual(self.assert_refused("anna", "ben", "10.0.9.9"), BUSY)
            self.ask("anna", "ben0", HOST, by_name=by_name)
            # A stranger is answered as if the two had no place here.
            self.ask("anna", "ben0", "10.0.8.8")
            self.setUp()

    def test_one_network_of_ipv6(self) -> None:
        """Of IPv6 a /64 counts as one host."""
        for n in range(PAIRS_RELAYED_FOR_ALL // 2):
            self.ask(f"s{n}", "ben", f"2001:db8::{n + 1}")
        self.assertEqual(self.assert_refused("anna", "ben", "2001:db8::99"), BUSY)

    def test_waiting(self) -> None:
        """As many wait at a time as are relayed."""
        tokens = [self.ask(f"s{n}", "ben", f"10.0.2.{n}") for n in range(PAIRS_RELAYED_FOR_ALL)]
        self.assertEqual(self.assert_refused("anna", "ben"), BUSY)
        self.places.left(tokens[0])
        self.ask("anna", "ben")

    def test_pairs(self) -> None:
        """So many pairs are relayed at a time."""
        for n in range(PAIRS_RELAYED_FOR_ALL):
            self.meet("ben", self.ask(f"s{n}", "ben", f"10.0.2.{n}"))
        self.assertEqual(self.assert_refused("anna", "ben"), BUSY)
