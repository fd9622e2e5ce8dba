"""Asking members of etcd, of which some are silent, slow, or without a leader."""

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.registry.etcd_gateway import EtcdFault, PassingFault
from p2p_twisted.registry.etcd_keys import Json
from p2p_twisted.registry.member_race import MemberRace

ANSWER: Json = {"succeeded": True}
NO_LEADER = PassingFault("there is no leader")


class MemberRaceTests(SynchronousTestCase):
    """Members that answer when they are told to."""

    def begin(self, members: int = 3, first: int = 0) -> "Deferred[Json]":
        """Ask them."""
        self.clock = Clock()
        self.asked: list[tuple[int, Deferred[Json]]] = []
        self.given_up: list[int] = []
        self.race = MemberRace(self.clock, self.ask, members, first)
        return Deferred.fromCoroutine(self.race.answer(3.4, "they are silent"))

    async def ask(self, member: int) -> Json:
        """Wait for what a test tells."""
        waiting: Deferred[Json] = Deferred()
        self.asked.append((member, waiting))
        try:
            return await waiting
        except CancelledError:
            self.given_up.append(member)
            raise

    def turns(self) -> list[int]:
        """Return which of them were asked, in turn."""
        return [member for member, _waiting in self.asked]

    def pass_time(self, seconds: float) -> None:
        """Let time pass, a tenth of a second after the other."""
        self.clock.pump([0.1] * round(10 * seconds))

    def test_healthy(self) -> None:
        """Where one answers, no other is asked, and nothing is left behind."""
        answer = self.begin(first=2)
        self.pass_time(0.3)
        self.asked[0][1].callback(ANSWER)
        self.assertEqual(self.successResultOf(answer), ANSWER)
        self.assertEqual((self.turns(), self.race.asked[-1]), ([2], 2))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_silent(self) -> None:
        """While some are silent, others are asked as well; the first answer ends it."""
        answer = self.begin()
        self.pass_time(1.0)
        self.assertEqual(self.turns(), [0, 1, 2])
        self.asked[1][1].callback(ANSWER)
        self.assertEqual(self.successResultOf(answer), ANSWER)
        self.assertEqual((self.race.asked[-1], self.given_up), (1, [0, 2]))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_slow(self) -> None:
        """One that takes 3 s is waited for, and is not asked more than thrice meanwhile."""
        for members in (1, 3):
            answer = self.begin(members)
            self.pass_time(3.0)
            self.assertEqual(self.turns().count(0), 3)
            self.asked[0][1].callback(ANSWER)
            self.assertEqual(self.successResultOf(answer), ANSWER)

    def test_no_leader(self) -> None:
        """Members that say that they cannot are asked again soon, one after the other."""
        answer = self.begin()
        for number in range(9):
            self.asked[number][1].errback(NO_LEADER)
            self.clock.advance(0.0)
            self.clock.advance(0.1 if number % 3 == 2 else 0.0)
        self.assertEqual(self.turns(), [0, 1, 2] * 3 + [0])
        self.asked[9][1].callback(ANSWER)
        self.assertEqual(self.successResultOf(answer), ANSWER)

    def test_fails_late(self) -> None:
        """That an earlier one has failed does not have anybody asked twice at a time."""
        self.begin()
        self.pass_time(0.5)
        self.asked[0][1].errback(NO_LEADER)
        self.clock.advance(0.1)
        self.assertEqual(self.turns(), [0, 1])

    def test_refused(self) -> None:
        """A refusal is an answer, too."""
        answer = self.begin()
        self.pass_time(0.5)
        self.asked[1][1].errback(EtcdFault("permission denied"))
        self.assertIn("permission", str(self.failureResultOf(answer, EtcdFault).value))
        self.assertEqual((self.race.asked[-1], self.given_up), (1, [0]))

    def test_nobody(self) -> None:
        """Where none answers in time, it is said what the last fault was, or that none speaks."""
        answer = self.begin()
        self.pass_time(3.4)
        self.assertEqual(str(self.failureResultOf(answer, PassingFault).value), "they are silent")
        answer = self.begin()
        self.asked[0][1].errback(NO_LEADER)
        self.pass_time(3.4)
        self.assertEqual(self.failureResultOf(answer, PassingFault).value, NO_LEADER)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_not_wanted(self) -> None:
        """Who does not want to know any more asks nobody any more."""
        answer = self.begin()
        self.pass_time(0.4)
        answer.cancel()
        self.failureResultOf(answer, CancelledError)
        self.assertEqual((self.given_up, self.clock.getDelayedCalls()), ([0, 1], []))
