"""Who is relayed."""

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.relay.limits import PAIRS_RELAYED, RELAY_PLACES_PER_PEER, RELAY_PLACES_WAITING
from p2p_twisted.relay.relay_places import BUSY, NotRelayed, RelayPlaces
from p2p_twisted.wire.messages import Meet, Relay

HOST = "10.0.0.1"


class PlacesTests(SynchronousTestCase):
    """Peers that ask for a place, and others that come."""

    def setUp(self) -> None:
        self.places = RelayPlaces()

    def ask(self, name: str, peer: str, host: str | None = None) -> str:
        """Ask from a host of one's own; return the token."""
        token = f"{name}-{peer}"
        self.places.ask(Relay(name, peer), host or f"10.0.1.{len(name)}{sum(name.encode())}", token)
        return token

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
        """Two peers have one place, whoever of them asks, and until they have left it."""
        token = self.ask("anna", "ben")
        self.assertIn("have a place here", self.assert_refused("anna", "ben"))
        self.meet("ben", token)
        self.assertIn("have a place here", self.assert_refused("ben", "anna"))
        self.places.left(token)
        self.ask("ben", "anna")

    def test_itself(self) -> None:
        """Nobody waits for itself."""
        self.assert_refused("anna", "anna")

    def test_places_of_one_peer(self) -> None:
        """One peer, or one host, has two places; on loopback all have one host."""
        for n in range(RELAY_PLACES_PER_PEER):
            self.ask("anna", f"s{n}", HOST)
        self.assertEqual(self.assert_refused("anna", "ben", "10.0.0.2"), BUSY)
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
