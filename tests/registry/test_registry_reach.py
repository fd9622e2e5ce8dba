"""Whether the registry can dial a peer, and what follows from that."""

from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs, formatEvent

from p2p_twisted.registry.limits import REACH_CHECKS_AT_ONCE
from p2p_twisted.registry.registry import RosterChanged
from p2p_twisted.wire.messages import Error, Join, Leave, Renew, Report, Welcome
from p2p_twisted.wire.names import PeerAddress
from tests.registry.builders import FAR, POLICY, token
from tests.registry.registry_case import RegistryCase
from tests.registry.running import make_registry


class ReachTests(RegistryCase):
    """Peers that can be dialed, and some behind firewalls."""

    def test_reach(self) -> None:
        """A peer that asks is dialed where it is, and told; one that does not ask is not."""
        for name, reachable in (("s6", False), ("s7", True)):
            self.verdicts.dead = {"s6"}
            answer = self.answer(Renew(name, token(name)))
            self.assertIsNone(getattr(answer, "reachable", "?"))
            answer = self.answer(Renew(name, token(name), dial=True))
            self.assertIs(getattr(answer, "reachable", "?"), reachable)
        self.assertEqual(self.verdicts.dialed, ["s6", "s7"])
        self.assertIn("s6", self.kept())

    def test_behind_a_firewall(self) -> None:
        """A peer that renews keeps its name for its lease, though no dial has ever reached it."""
        self.registry.policy = attrs.evolve(POLICY, is_open=True)
        self.verdicts.dead = {"n1"}
        joined = self.asked(Join("n1"), FAR)
        self.assertFalse(self.asked(Renew("n1", joined.token, dial=True), FAR).reachable)
        self.clock.advance(20)
        # It may have lost its token, or moved; or be somebody else's, or a copy.
        for token_ in (joined.token, None):
            refused = self.asked(Join("n1", token=token_), "192.0.2.8")
            self.assertEqual((refused.code, refused.within), ("later", 40.0))
            self.assertIn("if that was this peer, it has the name back in 40 s", refused.reason)
        self.answer(Report(PeerAddress("n1", FAR, joined.port)))
        self.assertIsInstance(self.asked(Renew("n1", joined.token), FAR), Welcome)
        self.assertEqual(self.asked(Join("n1"), "192.0.2.8").within, 60.0)
        self.clock.advance(61)
        self.successResultOf(Deferred.fromCoroutine(self.registry.expire()))
        self.assertIsInstance(self.asked(Join("n1"), "192.0.2.8"), Welcome)

    def test_restart(self) -> None:
        """A registry that is started again knows whom nobody can dial."""
        self.registry.policy = attrs.evolve(POLICY, is_open=True)
        self.verdicts.dead = {"n1"}
        joined = self.asked(Join("n1"), FAR)
        self.asked(Renew("n1", joined.token, dial=True), FAR)
        self.registry = make_registry(self.clock, self.store, self.verdicts)
        self.registry.policy = attrs.evolve(POLICY, is_open=True)
        self.registry.start()
        self.assertEqual(self.asked(Join("n1"), "192.0.2.8").code, "later")
        names = [each.name for each in self.asked(Join("n2"), FAR).referrals]
        self.assertNotIn("n1", names)

    def test_not_kept(self) -> None:
        """A peer whose renewal is kept is welcome though what a dial has found is not."""
        self.registry.policy = attrs.evolve(POLICY, is_open=True)
        self.verdicts.pending = []
        joined = self.asked(Join("n1"), FAR)
        asking = self.asking(Renew("n1", joined.token, dial=True), FAR)
        self.store.is_broken = True
        self.verdicts.pending[0].callback(False)
        self.assertFalse(getattr(self.successResultOf(asking), "reachable", "?"))
        self.store.is_broken = False
        self.verdicts.dead = {"n1"}
        self.verdicts.pending = None
        self.assertIsInstance(self.asked(Join("n1"), "192.0.2.8"), Welcome)

    def test_moved_while_it_was_dialed(self) -> None:
        """What a dial has found says nothing of a peer that is elsewhere by then, or gone."""
        self.registry.policy = attrs.evolve(POLICY, is_open=True)
        self.verdicts.pending = []
        joined = self.asked(Join("n1"), FAR)
        asking = self.asking(Renew("n1", joined.token, dial=True), FAR)
        self.asked(Leave("n1", joined.token), FAR)
        again = self.asked(Join("n1"), "192.0.2.8")
        self.asked(Renew("n1", again.token), "192.0.2.8")
        gone = self.asking(Renew("n1", again.token, dial=True), "192.0.2.8")
        self.verdicts.pending[0].callback(False)
        self.successResultOf(asking)
        self.assertFalse(self.is_closed("n1"))
        self.asked(Leave("n1", again.token), "192.0.2.8")
        self.verdicts.pending[1].callback(False)
        self.successResultOf(gone)
        self.assertNotIn("n1", self.kept())

    def is_closed(self, name: str) -> bool:
        """Return what the registry knows of a peer."""
        [held] = [each for each in self.registry.members("", 99) if each.name == name]
        return held.is_closed

    def test_said_once(self) -> None:
        """That a dial has not reached a peer is not logged, nor told, as another joining."""
        self.registry.policy = attrs.evolve(POLICY, is_open=True)
        self.verdicts.dead = {"n1"}
        told: list[RosterChanged] = []
        self.registry.changes.watch(told.append)
        joined = self.asked(Join("n1"), FAR)
        with capturedLogs() as logs:
            self.asked(Renew("n1", joined.token, dial=True), FAR)
        said = [formatEvent(each) for each in logs]
        self.assertEqual(len([text for text in said if "n1" in text and "joined" in text]), 1)
        self.assertEqual(len(told), 2)

    def test_no_firewall_any_more(self) -> None:
        """A peer that could be reached at last is dead when it is not reached."""
        self.registry.policy = attrs.evolve(POLICY, is_open=True)
        joined = self.asked(Join("n1"), FAR)
        for self.verdicts.dead in ({"n1"}, set[str]()):
            self.asked(Renew("n1", joined.token, dial=True), FAR)
        self.verdicts.dead = {"n1"}
        self.assertIsInstance(self.asked(Join("n1"), "192.0.2.8"), Welcome)

    def test_no_firewall_on_loopback(self) -> None:
        """There, a place is not kept by saying that one lives, and listening nowhere."""
        self.verdicts.dead = {"s6"}
        self.answer(Renew("s6", token("s6"), dial=True))
        self.assertIsInstance(self.answer(Join("s10")), Welcome)

    def test_reach_is_no_scan(self) -> None:
        """Only the host that asks is dialed, once at a time, and few hosts at once."""
        self.registry.policy = attrs.evolve(POLICY, is_open=True)
        self.verdicts.pending = []
        answer = self.asked(Renew("s6", token("s6"), dial=True), FAR)
        self.assertIsNone(getattr(answer, "reachable", "?"))
        refused = Renew("s6", token("s7"), dial=True)
        self.assertIsInstance(self.answer(refused), Error)
        self.assertEqual(self.verdicts.dialed, [])
        hosts = [f"192.0.2.{number}" for number in range(1, REACH_CHECKS_AT_ONCE + 2)]
        asked = []
        for number, host in enumerate([*hosts, hosts[0]]):
            joined: Any = self.asked(Join(f"n{number}"), host)
            asked.append(self.asking(Renew(f"n{number}", joined.token, dial=True), host))
        self.assertEqual(len(self.verdicts.dialed), REACH_CHECKS_AT_ONCE)
        for late in asked[-2:]:
            self.assertIsNone(getattr(self.successResultOf(late), "reachable", "?"))
        for answered in list(self.verdicts.pending):
            answered.callback(True)
        for each in asked[:-2]:
            self.assertIs(getattr(self.successResultOf(each), "reachable", "?"), True)
        joined = self.asked(Join("last"), hosts[0])
        self.verdicts.pending = None
        self.assertTrue(self.asked(Renew("last", joined.token, dial=True), hosts[0]).reachable)
