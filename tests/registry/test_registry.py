"""The registry at work."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs, formatEvent

from p2p_twisted.wire.messages import Bye, Error, Join, Leave, Renew, Report, Welcome
from p2p_twisted.wire.names import PeerAddress
from tests.registry.builders import LOOPBACK, token
from tests.registry.registry_case import RegistryCase


class RegistryTests(RegistryCase):
    """Requests, one at a time."""

    def test_restart(self) -> None:
        """Who was known before is referred to, may renew, and has one lease to do so."""
        self.assertIsInstance(self.answer(Renew("s3", token("s3"))), Welcome)
        self.clock.advance(59)
        self.successResultOf(Deferred.fromCoroutine(self.registry.expire()))
        self.assertEqual(len(self.kept()), 10)
        self.answer(Renew("s4", token("s4")))
        self.clock.advance(1)
        self.successResultOf(Deferred.fromCoroutine(self.registry.expire()))
        self.assertEqual(self.kept(), {"s4"})

    def test_stood_still(self) -> None:
        """Where it was stopped for longer than a lease, all have a whole one to renew."""
        self.successResultOf(Deferred.fromCoroutine(self.registry.expire()))
        self.clock.advance(3_600)
        for _ in range(60):
            self.successResultOf(Deferred.fromCoroutine(self.registry.expire()))
            self.assertEqual(len(self.kept()), 10)
            self.clock.advance(1)
        self.successResultOf(Deferred.fromCoroutine(self.registry.expire()))
        self.assertEqual(self.kept(), set())

    def test_revoked(self) -> None:
        """Who was revoked is forgotten at once; whoever is not here is not missed."""
        self.registry.forget("s6")
        self.registry.forget("nobody")
        self.assertEqual(self.kept(), {f"s{n}" for n in range(10)} - {"s6"})
        answer = self.answer(Renew("s6", token("s6")))
        assert isinstance(answer, Error)
        self.assertEqual(answer.code, "unknown")

    def test_full(self) -> None:
        """A full pool whose peers all live stays full."""
        answer = self.answer(Join("s10"))
        assert isinstance(answer, Error)
        self.assertEqual(answer.code, "full")
        self.assertEqual(len(self.verdicts.dialed), 10)

    def test_room_of_the_dead(self) -> None:
        """A dead peer's port is given to the next one at once."""
        self.verdicts.dead = {"s6"}
        answer = self.answer(Join("s10"))
        assert isinstance(answer, Welcome)
        self.assertEqual(answer.port, 9006)
        self.assertNotIn("s6", self.kept())

    def test_name_of_the_dead(self) -> None:
        """A dead peer's name can be taken at once."""
        self.verdicts.dead = {"s6"}
        self.assertIsInstance(self.answer(Join("s6")), Welcome)
        self.assertEqual(self.verdicts.dialed, ["s6"])

    def test_report(self) -> None:
        """Who was reported and is dead is forgotten; who lives is not."""
        self.verdicts.dead = {"s6"}
        for name in ("s6", "s7"):
            report = Report(PeerAddress(name, LOOPBACK, 9000 + int(name[1:])))
            self.assertEqual(self.answer(report), Bye("noted"))
        self.assertEqual(self.kept(), {f"s{n}" for n in range(10)} - {"s6"})

    def test_a_sign_of_life_in_time(self) -> None:
        """Who renews while being dialed is not forgotten."""
        self.verdicts.pending = []
        asked = Deferred.fromCoroutine(self.registry.answer(Join("s6"), LOOPBACK))
        self.clock.advance(1)
        self.answer(Renew("s6", token("s6")))
        self.verdicts.pending[0].callback(False)
        self.assertIsInstance(self.successResultOf(asked), Error)
        self.assertIn("s6", self.kept())

    def test_dialing_holds_up_nobody(self) -> None:
        """While somebody is dialed, others are answered."""
        self.verdicts.pending = []
        asked = Deferred.fromCoroutine(self.registry.answer(Join("s6"), LOOPBACK))
        self.assertIsInstance(self.answer(Renew("s7", token("s7"))), Welcome)
        self.assertNoResult(asked)

    def test_two_for_one_dead_name(self) -> None:
        """Of two who want the name of a dead peer, one gets it."""
        self.verdicts.pending = []
        asked = [
            Deferred.fromCoroutine(self.registry.answer(Join("s6"), LOOPBACK)) for _ in range(2)
        ]
        for answer in list(self.verdicts.pending):
            answer.callback(False)
        kinds = [type(self.successResultOf(each)) for each in asked]
        self.assertEqual(kinds, [Welcome, Error])

    def test_expiry_survives_a_broken_store(self) -> None:
        """What could not be forgotten now is forgotten later."""
        self.clock.advance(100)
        self.store.is_broken = True
        self.successResultOf(Deferred.fromCoroutine(self.registry.expire()))
        self.assertEqual(len(self.kept()), 10)
        self.store.is_broken = False
        self.successResultOf(Deferred.fromCoroutine(self.registry.expire()))
        self.assertEqual(self.kept(), set())

    def test_log(self) -> None:
        """The log tells who comes and goes; reservations, which are for the asking, it does not."""
        with capturedLogs() as events:
            for number in range(5):
                self.answer(Join(f"n{number}", port=9_100 + number))
            self.clock.advance(11)
            self.successResultOf(Deferred.fromCoroutine(self.registry.expire()))
        self.assertEqual(events, [])
        with capturedLogs() as events:
            mine: Any = self.answer(Join("mine", port=9_200))
            self.answer(Renew("mine", mine.token))
            self.answer(Leave("mine", mine.token))
        shown = [formatEvent(event).partition("@")[0] for event in events]
        self.assertEqual(shown, ["mine", "mine is forgotten: it left"])

    def test_expiry_survives_mistakes(self) -> None:
        """Even a mistake of ours does not end it."""
        self.patch(self.store, "apply", lambda _changes: 1 / 0)
        self.clock.advance(100)
        self.successResultOf(Deferred.fromCoroutine(self.registry.expire()))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
