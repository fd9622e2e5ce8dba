"""Who is registered."""

from collections import Counter
from collections.abc import Iterable
from random import Random

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.registry.roster import Change, Extend, Forget, Put, Roster
from tests.registry.builders import LOOPBACK, NOW, crowd, registration

names = st.sampled_from([f"s{number}" for number in range(8)])
ports = st.integers(9000, 9007)


class RosterTests(SynchronousTestCase):
    """Names, places and leases."""

    def test_found_by_name_and_place(self) -> None:
        """A registration is found by its name and by its place."""
        held = registration("s1", 9001)
        roster = Roster([held])
        self.assertEqual(roster.named("s1"), held)
        self.assertEqual(roster.placed(LOOPBACK, 9001), held)
        self.assertIsNone(roster.named("s2"))
        self.assertIsNone(roster.placed("192.0.2.1", 9001))

    def test_moving(self) -> None:
        """Whoever takes another place leaves its old one."""
        roster = Roster([registration("s1", 9001)])
        roster.apply([Put(registration("s1", 9002))])
        self.assertIsNone(roster.placed(LOOPBACK, 9001))
        self.assertEqual(len(roster), 1)

    def test_expiry(self) -> None:
        """Leases run out unless they are extended."""
        roster = Roster([registration("s1", 9001, expires=5), registration("s2", 9002, expires=5)])
        roster.apply([Extend("s2", 7)])
        self.assertEqual(roster.expired(4.9), ())
        self.assertEqual(roster.expired(5), (Forget("s1"),))

    def test_referrals_are_random(self) -> None:
        """Every listening peer is referred to about as often as any other."""
        roster = Roster(crowd(20))
        rng = Random(7)
        counts = dict.fromkeys((f"s{number}" for number in range(1, 20)), 0)
        for _ in range(1_000):
            for peer in roster.referrals(rng, 8, besides="s0"):
                counts[peer.name] += 1
        self.assertEqual(sum(counts.values()), 8_000)
        self.assertGreater(min(counts.values()), 300)

    def test_no_referral_to_who_does_not_listen(self) -> None:
        """A reserved place is not passed on."""
        roster = Roster([registration("s1", is_listening=False)])
        self.assertEqual(roster.referrals(Random(1), 8, besides="s2"), ())

    def test_only_the_silent_dead(self) -> None:
        """Whoever renewed while being dialed is not dead."""
        dead, alive = crowd(2)
        roster = Roster([dead, alive])
        roster.apply([Extend("s1", NOW + 90)])
        self.assertEqual(roster.unanswered([dead, alive]), (Forget("s0"),))

    @given(
        st.lists(
            st.one_of(
                st.builds(Forget, names),
                st.builds(
                    lambda name, port, is_listening: Put(
                        registration(name, port, is_listening=is_listening)
                    ),
                    names,
                    ports,
                    st.booleans(),
                ),
            )
        )
    )
    def test_any_changes(self, changes: list[Change]) -> None:
        """Whatever happens, it knows the same as a plain dictionary."""
        roster, known = Roster(), dict[str, Put]()
        for change in changes:
            if isinstance(change, Put):
                holder = roster.placed(LOOPBACK, change.registration.address.port)
                if holder is not None and holder.name != change.registration.name:
                    continue
                known[change.registration.name] = change
            else:
                known.pop(change.name, None)
            roster.apply([change])
        self.assert_knows(roster, known)
        # All is taken back, in reverse.
        others: list[Change] = [
            *map(Forget, known),
            Put(registration("s1", 9000)),
            Extend("s1", NOW + 100),
        ]
        roster.apply(roster.apply(others)[::-1])
        self.assert_knows(roster, known)

    def assert_knows(self, roster: Roster, known: dict[str, Put]) -> None:
        """Check all that a roster can tell."""
        self.assertEqual(len(roster), len(known))
        self.assertEqual(roster.on_host(LOOPBACK), len(known))
        for name, put in known.items():
            self.assertEqual(roster.named(name), put.registration)
            self.assertEqual(
                roster.placed(LOOPBACK, put.registration.address.port), put.registration
            )
        listening = {put.registration.address for put in known.values() if _listens(put)}
        referred = roster.referrals(Random(1), 8, besides="s9")
        self.assertEqual(set(referred), listening)
        self.assertEqual(len(referred), len(listening))

    def test_referrals(self) -> None:
        """Each peer is as likely to be referred to, at any place, and nobody to itself."""
        roster, rng = Roster(crowd(5)), Random(1)
        places = Counter(
            (place, address.name)
            for _ in range(4_000)
            for place, address in enumerate(roster.referrals(rng, 3, besides="s2"))
        )
        self.assertEqual({name for _place, name in places}, {"s0", "s1", "s3", "s4"})
        self.assertEqual(len(places), 3 * 4)
        self.assertTrue(all(800 < count < 1_200 for count in places.values()), places)
        self.assertEqual(len(roster.referrals(rng, 3, besides="nobody")), 3)
        self.assertEqual(len(set(roster.referrals(rng, 8, besides="s4"))), 4)

    def test_closed(self) -> None:
        """Where a dial does not reach peers, they are referred to only where others are too few."""
        roster, rng = Roster(crowd(6)), Random(1)
        closed = ("s0", "s1", "s2", "s3")
        roster.apply([_seen(put, is_closed=True) for put in _puts(roster, closed)])
        others = {address.name for address in roster.referrals(rng, 2, besides="s9")}
        self.assertEqual(others, {"s4", "s5"})
        self.assertEqual(len(set(roster.referrals(rng, 4, besides="s4"))), 4)
        self.assertEqual(len(set(roster.referrals(rng, 8, besides="s9"))), 6)
        self.assertEqual(roster.listening, 6)
        # Whoever is forgotten, and that is taken back, is where it was.
        roster.apply(reversed(roster.apply([Forget("s0"), *_puts(roster, ("s1",))])))
        self.assertEqual(len(set(roster.referrals(rng, 2, besides="s9"))), 2)
        roster.apply([_seen(put, is_closed=False) for put in _puts(roster, ("s0",))])
        found = {address.name for address in roster.referrals(rng, 3, besides="s9")}
        self.assertEqual(found, {"s0", "s4", "s5"})


def _seen(put: Put, is_closed: bool) -> Put:
    return Put(evolve(put.registration, is_closed=is_closed))


def _puts(roster: Roster, names: Iterable[str]) -> list[Put]:
    held = [roster.named(name) for name in names]
    return [Put(each) for each in held if each is not None]


def _listens(put: Put) -> bool:
    return put.registration.is_listening
