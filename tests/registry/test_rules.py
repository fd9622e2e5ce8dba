"""The rules of the registry: whom it checks, renews and forgets, and what never happens."""

from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.registry import limits
from p2p_twisted.registry.leases import lease_seconds, renewed
from p2p_twisted.registry.roster import Extend, Forget, Put, Roster
from p2p_twisted.registry.rules import (
    Check,
    Decision,
    Policy,
    Question,
    RegistryRequest,
    decide,
)
from p2p_twisted.wire.codec import decode, encode
from p2p_twisted.wire.messages import Bye, Join, Leave, Renew, Report, Welcome
from p2p_twisted.wire.names import PeerAddress
from tests.registry.builders import (
    DATE,
    FAR,
    LOOPBACK,
    NOW,
    ask,
    crowd,
    refusal,
    registration,
    settled,
    token,
)


class CheckTests(SynchronousTestCase):
    """Those in the way are dialed before somebody is refused."""

    def test_name(self) -> None:
        """Whoever has the name is checked."""
        [held] = crowd(1)
        self.assertEqual(ask(Roster([held]), Join("s0"), is_checked=False), Check((held,)))

    def test_port(self) -> None:
        """Whoever has the wanted port is checked."""
        held, other = crowd(2)
        verdict = ask(Roster([held, other]), Join("new", port=9000), is_checked=False)
        self.assertEqual(verdict, Check((held,)))

    def test_full(self) -> None:
        """All of a full pool are checked, who renewed longest ago first, within a bound."""
        held = [registration(f"s{n}", 9000 + n, expires=NOW + 60 - n) for n in range(20)]
        roster = Roster([*held, registration("far", 9000, host=FAR)])
        policy = Policy(range(9000, 9020))
        verdict = ask(roster, Join("new"), policy=policy, is_checked=False)
        self.assertEqual(verdict, Check(tuple(held[:3:-1])))

    def test_reserved_ports(self) -> None:
        """Who does not listen yet is not dialed."""
        roster = Roster(registration(f"s{n}", 9000 + n, is_listening=False) for n in range(10))
        verdict = ask(roster, Join("new"), is_checked=False)
        self.assertIsInstance(verdict, Decision)


class RenewTests(SynchronousTestCase):
    """Somebody is still there."""

    def test_first_renewal(self) -> None:
        """It makes a peer referable."""
        roster = Roster()
        welcome = settled(roster, Join("s1"))
        settled(roster, Renew("s1", welcome.token))
        [referred] = settled(roster, Join("s2")).referrals
        self.assertEqual(referred, PeerAddress("s1", LOOPBACK, 9000))

    def test_later_renewals(self) -> None:
        """They extend the lease, and write nothing else."""
        verdict = ask(Roster(crowd(1)), Renew("s0", token("s0")), now=NOW + 30)
        assert isinstance(verdict, Decision)
        self.assertEqual(verdict.changes, (Extend("s0", NOW + 90),))

    def test_fresh_referrals(self) -> None:
        """Three others come back: that is what merges a split network."""
        welcome = settled(Roster(crowd(9)), Renew("s3", token("s3")))
        self.assertEqual(len(welcome.referrals), 3)
        self.assertNotIn("s3", {peer.name for peer in welcome.referrals})

    def test_unknown(self) -> None:
        """Who was forgotten, or has the wrong token, must join again."""
        for name, secret in (("s9", token("s9")), ("s0", token("s9"))):
            error = refusal(Roster(crowd(1)), Renew(name, secret))
            self.assertEqual(error.code, "unknown")

    def test_lease_grows(self) -> None:
        """However many peers there are, their renewals stay bearable."""
        for most in (limits.RENEWALS_PER_SECOND, limits.PRIVATE_RENEWALS_PER_SECOND):
            self.assertEqual(lease_seconds(10, most), 60)
            for peers in (4_000, 10_000, 100_000):
                self.assertLessEqual(3 * peers / lease_seconds(peers, most), most)
        policy = Policy(range(9_000, 9_010), renewals_per_second=50)
        welcome = settled(Roster(crowd(2_000)), Renew("s3", token("s3")), policy=policy)
        self.assertEqual(welcome.lease, 120)

    def test_grace_after_a_restart(self) -> None:
        """What the store kept gets one lease, and what was only reserved a reservation."""
        held, reserved = registration("s1"), registration("s2", 9001, is_listening=False)
        expires = [kept.expires for kept in renewed([held, reserved], NOW, 200)]
        self.assertEqual(expires, [NOW + 60, NOW + 10])


class LeaveAndReportTests(SynchronousTestCase):
    """Somebody goes, or is said to have gone."""

    def test_leave(self) -> None:
        """It ends the lease; again does no harm."""
        roster = Roster(crowd(1))
        verdict = ask(roster, Leave("s0", token("s0")))
        self.assertEqual(verdict, Decision(Bye("noted"), (Forget("s0"),)))
        roster.apply([Forget("s0")])
        self.assertEqual(ask(roster, Leave("s0", token("s0"))), Decision(Bye("noted")))

    def test_leave_for_another(self) -> None:
        """Nobody can end somebody else's lease."""
        self.assertEqual(refusal(Roster(crowd(1)), Leave("s0", "0" * 32)).code, "unknown")

    def test_report(self) -> None:
        """The reported peer is dialed, and then the report is noted."""
        [held] = crowd(1)
        roster = Roster([held])
        self.assertEqual(ask(roster, Report(held.address), is_checked=False), Check((held,)))
        self.assertEqual(ask(roster, Report(held.address)), Decision(Bye("noted")))

    def test_report_of_another_address(self) -> None:
        """Nobody makes the registry dial what is not registered."""
        roster = Roster(crowd(1))
        for address in (PeerAddress("s0", FAR, 9000), PeerAddress("x", LOOPBACK, 9000)):
            verdict = ask(roster, Report(address), is_checked=False)
            self.assertEqual(verdict, Decision(Bye("noted")))


names = st.sampled_from(["s1", "S1", "s2", "s3", "", "s 4", None])
some_ports = st.sampled_from([None, 9000, 9001, 9002, 30_000])


class AnyRequestTests(SynchronousTestCase):
    """Rules that hold whatever is asked."""

    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["join", "rejoin", "renew", "leave", "wait"]),
                names,
                some_ports,
                st.sampled_from([LOOPBACK, FAR]),
            )
        )
    )
    def test_never_two_of_anything(self, steps: list[tuple[Any, ...]]) -> None:
        """No name and no place is ever given to two, and nobody is referred to itself."""
        roster, now, rng = Roster(), NOW, Random(3)
        known: dict[str, str] = {}
        policy = Policy(range(9000, 9003))
        for kind, name, port, host in steps:
            now += 4 if kind == "wait" else 0
            roster.apply(roster.expired(now))
            question = _question(kind, name, port, known)
            verdict = decide(roster, policy, RegistryRequest(question, host, DATE, True), now, rng)
            assert isinstance(verdict, Decision)
            for change in verdict.changes:
                if isinstance(change, Put):
                    address = change.registration.address
                    holder = roster.placed(address.host, address.port)
                    self.assertIn(holder and holder.name, (None, address.name))
            roster.apply(verdict.changes)
            self.assertEqual(decode(encode(verdict.answer)), verdict.answer)
            if isinstance(verdict.answer, Welcome):
                known[verdict.answer.name] = verdict.answer.token
                self.assertNotIn(
                    verdict.answer.name, {peer.name for peer in verdict.answer.referrals}
                )


def _question(kind: str, name: str | None, port: int | None, known: dict[str, str]) -> Question:
    secret = known.get((name or "").lower())
    if kind in ("renew", "leave") and name in known and secret is not None:
        return Renew(name, secret) if kind == "renew" else Leave(name, secret)
    return Join(name, port=port, token=secret if kind == "rejoin" else None)
