"""How the registry takes in a peer."""

from random import Random

import attrs
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.registry import limits
from p2p_twisted.registry.roster import Forget, Roster
from p2p_twisted.registry.rules import Check, Decision, Policy, RegistryRequest, decide
from p2p_twisted.wire.codec import decode, encode
from p2p_twisted.wire.messages import Error, Join
from tests.registry.builders import (
    DATE,
    FAR,
    LOOPBACK,
    NOW,
    POLICY,
    SINCE,
    ask,
    crowd,
    refusal,
    registration,
    settled,
    token,
)


class JoinTests(SynchronousTestCase):
    """Somebody asks to be introduced."""

    def test_first(self) -> None:
        """The first peer gets the first port, and nobody to link with."""
        welcome = settled(Roster(), Join("s1"))
        self.assertEqual((welcome.name, welcome.host, welcome.port), ("s1", LOOPBACK, 9000))
        self.assertEqual(welcome.referrals, ())
        self.assertEqual(len(welcome.token), 32)

    def test_name_as_typed(self) -> None:
        """Names are folded: S1 is s1."""
        self.assertEqual(settled(Roster(), Join(" S1 ")).name, "s1")

    def test_no_name(self) -> None:
        """A bare p2p is told how to give a name."""
        self.assertIn('p2p {"name": "s1"}', refusal(Roster(), Join()).reason)

    def test_bad_name(self) -> None:
        """A name that may not be used is refused with the rule."""
        for name in ("", "-", "s 4", "sé", "../s1"):
            self.assertIn("letters", refusal(Roster(), Join(name)).reason)

    def test_reservation(self) -> None:
        """A place is kept for 10 s, and nobody is referred to it before it listens."""
        roster = Roster()
        self.assertEqual(settled(roster, Join("s1")).lease, 10)
        self.assertEqual(settled(roster, Join("s2")).referrals, ())
        self.assertEqual(roster.expired(NOW + 9.9), ())
        self.assertEqual(roster.expired(NOW + 10), (Forget("s1"), Forget("s2")))

    def test_referrals(self) -> None:
        """A newcomer is referred to eight listening peers."""
        roster = Roster(crowd(9))
        welcome = settled(roster, Join("s9"))
        self.assertEqual(len(set(welcome.referrals)), 8)
        self.assertLessEqual(set(welcome.referrals), {held.address for held in crowd(9)})

    def test_lowest_free_port(self) -> None:
        """A port that was given back is given out again."""
        roster = Roster(crowd(3))
        roster.apply([Forget("s1")])
        self.assertEqual(settled(roster, Join("new")).port, 9001)

    def test_ports_are_per_host(self) -> None:
        """Hosts do not take each other's ports."""
        roster = Roster(crowd(10))
        self.assertEqual(settled(roster, Join("far"), host=FAR).port, 9000)

    def test_unusable_ports(self) -> None:
        """Ports that the peer could not listen on are skipped."""
        self.assertEqual(settled(Roster(), Join("s1", unusable=(9000, 9001))).port, 9002)

    def test_nothing_usable(self) -> None:
        """A peer that can use no port at all is told so."""
        error = refusal(Roster(), Join("s1", unusable=tuple(range(9000, 9010))))
        self.assertEqual(error.code, "full")
        self.assertIn("none of the ports 9000-9009", error.reason)

    def test_wanted_port(self) -> None:
        """A peer may bring its own port, also one that is not given out."""
        self.assertEqual(settled(Roster(), Join("s1", port=12_345)).port, 12_345)

    def test_wanted_port_taken(self) -> None:
        """A port that somebody else has is refused with who has it."""
        error = refusal(Roster(crowd(2)), Join("new", port=9001))
        self.assertEqual(error.code, "taken")
        self.assertIn("9001 is taken by s1", error.reason)

    def test_full(self) -> None:
        """The eleventh peer of a host is told the reason and the way out."""
        error = refusal(Roster(crowd(10)), Join("s10"))
        self.assertEqual(error.code, "full")
        for words in ("full: all ports 9000-9009 on 127.0.0.1", "and 5 more", "--ports 9000-9099"):
            self.assertIn(words, error.reason)

    def test_a_reason_fits_on_the_wire(self) -> None:
        """The longest names still make a reason that the other side accepts."""
        roster = Roster(registration(f"{number}" + 30 * "x", 9000 + number) for number in range(10))
        error = refusal(roster, Join("new"))
        self.assertEqual(decode(encode(error)), error)

    def test_name_taken(self) -> None:
        """A live name is refused with who has it and since when."""
        error = refusal(Roster(crowd(1)), Join("S0"))
        self.assertEqual(error.code, "taken")
        self.assertIn("taken by 127.0.0.1:9000 since 2026-09-21 14:13:20 UTC", error.reason)

    def test_name_reserved(self) -> None:
        """A reserved name is refused with how long, and its holder is not dialed."""
        roster = Roster([registration("s1", expires=NOW + 7, is_listening=False)])
        verdict = ask(roster, Join("s1"), is_checked=False)
        assert isinstance(verdict, Decision)
        self.assertIn("reserved for another 7 s", str(verdict.answer))

    def test_reclaim(self) -> None:
        """The token brings back one's own name and port."""
        roster = Roster(crowd(3))
        welcome = settled(roster, Join("s2", token=token("s2")))
        self.assertEqual((welcome.port, welcome.token), (9002, token("s2")))
        self.assertNotIn("s2", {peer.name for peer in welcome.referrals})
        again = roster.named("s2")
        assert again is not None
        # If it is a copy, that cannot listen there, and the original has lost nothing.
        self.assertEqual((again.is_listening, again.since), (True, SINCE))

    def test_reclaim_a_reservation(self) -> None:
        """Whoever does not listen yet has its place for ten seconds more, perhaps elsewhere."""
        roster = Roster([registration("s1", 9001, is_listening=False, expires=NOW + 1)])
        mine = Join("s1", token=token("s1"), unusable=(9001,))
        welcome = settled(roster, mine)
        self.assertEqual((welcome.port, welcome.token, welcome.lease), (9000, token("s1"), 10))

    def test_reclaim_elsewhere(self) -> None:
        """On another host, or at another port, it is a copy, unless the original is gone."""
        for mine, host, port in (
            (Join("s1", token=token("s1")), FAR, 9000),
            (Join("s1", token=token("s1"), unusable=(9001,)), LOOPBACK, 9001),
        ):
            roster = Roster(crowd(3))
            original = roster.named("s1")
            assert original is not None
            self.assertEqual(ask(roster, mine, host, is_checked=False), Check((original,)))
            error = refusal(roster, mine, host)
            self.assertEqual(error.code, "taken")
            self.assertIn("is this directory a copy", error.reason)
            roster.apply(roster.unanswered([original]))
            self.assertEqual(settled(roster, mine, host).port, port if host == FAR else 9003)

    def test_reclaim_where_all_is_full(self) -> None:
        """Whoever has a port already does not need a free one."""
        roster = Roster(crowd(10))
        self.assertEqual(settled(roster, Join("s4", token=token("s4"))).port, 9004)

    def test_wrong_token(self) -> None:
        """Somebody else's token reclaims nothing."""
        self.assertEqual(refusal(Roster(crowd(1)), Join("s0", token="0" * 32)).code, "taken")

    def test_advertised_host(self) -> None:
        """A peer's word about its host counts only where the operator allows it."""
        error = refusal(Roster(), Join("s1", advertise=FAR))
        self.assertEqual(error.code, "refused")
        self.assertIn("--allow-advertise", error.reason)
        believing = Policy(POLICY.ports, believes_advertised=True)
        welcome = settled(Roster(), Join("s1", advertise=FAR), policy=believing)
        self.assertEqual(welcome.host, FAR)

    def test_advertising_the_truth(self) -> None:
        """What the connection says anyway may be said."""
        self.assertEqual(settled(Roster(), Join("s1", advertise=LOOPBACK)).host, LOOPBACK)

    def test_loopback_at_an_open_registry(self) -> None:
        """Nobody is referred to an address that only one machine can reach."""
        opened = Policy(POLICY.ports, is_open=True)
        for host in (LOOPBACK, "::1"):
            error = refusal(Roster(), Join("s1"), host=host, policy=opened)
            self.assertEqual(error.code, "refused")
            # What get and find take, too.
            self.assertIn("in --registry, and --insecure-lan", error.reason)
        self.assertEqual(settled(Roster(), Join("s1"), host=FAR, policy=opened).host, FAR)

    def test_loopback_only(self) -> None:
        """A peer that is open to other machines does not fit a registry that is not."""
        asked = RegistryRequest(Join("s1"), FAR, DATE)
        verdict = decide(Roster(), POLICY, asked, NOW, Random(1))
        assert isinstance(verdict, Decision)
        assert isinstance(verdict.answer, Error)
        self.assertIn("listens on loopback only", verdict.answer.reason)

    def test_host_that_cannot_be_passed_on(self) -> None:
        """A link-local address means something else on every machine."""
        self.assertIn("fe80::1", refusal(Roster(), Join("s1"), host="fe80::1%eth0").reason)

    def test_too_many(self) -> None:
        """One host cannot make the registry keep any number of peers."""
        self.patch(limits, "REGISTERED_PER_HOST", 3)
        roster = Roster(registration(f"s{n}", 20_000 + n, host=FAR) for n in range(3))
        self.assertEqual(refusal(roster, Join("s4", port=30_000), host=FAR).code, "later")
        self.patch(limits, "REGISTERED", 3)
        self.assertEqual(refusal(roster, Join("s4")).code, "later")

    def test_only_reserved(self) -> None:
        """A pool that is taken by peers that may never listen is full for a moment only."""
        reserved = [registration(f"x{n}", 9000 + n, is_listening=False) for n in range(5)]
        for others in ([], crowd(10)[5:]):
            roster = Roster([*reserved, *others])
            if not others:
                roster = Roster(attrs.evolve(held, is_listening=False) for held in crowd(10))
            error = refusal(roster, Join("s99"))
            self.assertEqual(error.code, "later")
            self.assertIn("only reserved", error.reason)
