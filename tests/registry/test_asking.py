"""Asking registries in turn, and which answer counts."""

from random import Random
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.registry.asking import Asking, Deadlines
from p2p_twisted.registry.refusals import RegistryRefused, RegistryUnreachable
from p2p_twisted.registry.registry_places import Location, RegistryPlaces

A, B, C = ((f"192.0.2.{number}", 9011) for number in (1, 2, 3))
LATER = RegistryRefused("later", "no store")
AWAY = RegistryUnreachable("it is away")


class AskingTests(SynchronousTestCase):
    """Three registries, each of which answers when it is told to."""

    def begin(self, overlaps: bool = True) -> "Deferred[str]":
        """Ask them in turn."""
        self.clock = Clock()
        self.places = RegistryPlaces([A, B, C], Random(1))
        self.asked: dict[Location, Deferred[str]] = {}
        self.given_up: list[Location] = []
        asking = Asking(self.clock, self.places, self.ask, overlaps=overlaps)
        return asking.answer([A, B, C])

    async def ask(self, place: Location, _deadlines: Deadlines) -> str:
        """Wait for what a test tells."""
        self.asked[place] = Deferred()
        try:
            return await self.asked[place]
        except CancelledError:
            self.given_up.append(place)
            raise

    def last(self) -> Location:
        """Return which of them is asked last from now on."""
        in_turn: Any = Deferred.fromCoroutine(self.places.in_turn(self.clock.seconds()))
        last: Location = self.successResultOf(in_turn)[-1]
        return last

    def test_one(self) -> None:
        """Where one answers, no other is asked, and nothing is left behind."""
        answer = self.begin()
        self.clock.advance(0.9)
        self.asked[A].callback("welcome")
        self.assertEqual(self.successResultOf(answer), "welcome")
        self.assertEqual((list(self.asked), self.clock.getDelayedCalls()), ([A], []))

    def test_silent(self) -> None:
        """While one is silent another one is asked, and soon the third; it is asked last then."""
        answer = self.begin()
        for seconds, asked in ((0.9, [A]), (0.1, [A, B]), (0.4, [A, B]), (0.1, [A, B, C])):
            self.clock.advance(seconds)
            self.assertEqual(list(self.asked), asked)
        self.places.answered(B)
        self.asked[C].callback("welcome")
        self.assertEqual(self.successResultOf(answer), "welcome")
        self.assertEqual((self.given_up, self.last()), ([A, B], A))

    def test_slow(self) -> None:
        """One that is only slow may be the first that answers; it is asked first again."""
        answer = self.begin()
        self.clock.advance(1.0)
        self.asked[A].callback("welcome")
        self.assertEqual(self.successResultOf(answer), "welcome")
        self.assertEqual(self.given_up, [B])
        self.assertNotEqual(self.last(), A)

    def test_one_at_a_time(self) -> None:
        """What must not be done twice is asked of another one only once one has failed."""
        answer = self.begin(overlaps=False)
        self.clock.advance(9.0)
        self.assertEqual(list(self.asked), [A])
        self.asked[A].errback(AWAY)
        self.asked[B].callback("certified")
        self.assertEqual(self.successResultOf(answer), "certified")

    def test_at_once(self) -> None:
        """One that fails has the next one asked at once, which has its own second."""
        self.begin()
        self.clock.advance(0.9)
        self.asked[A].errback(AWAY)
        self.clock.advance(0.4)
        self.assertEqual(list(self.asked), [A, B])
        self.clock.advance(0.1)
        self.assertEqual(list(self.asked), [A, B, C])

    def test_refused(self) -> None:
        """Who is refused for good is told so at once."""
        answer = self.begin()
        self.clock.advance(1.0)
        self.asked[B].errback(RegistryRefused("taken", "it has the name"))
        self.assertEqual(self.failureResultOf(answer, RegistryRefused).value.code, "taken")
        self.assertEqual(self.given_up, [A])

    def test_later(self) -> None:
        """Where one cannot help now, it is asked again before one that is lost is waited for."""
        answer = self.begin()
        self.clock.advance(1.5)
        for place in (A, B):
            self.asked[place].errback(LATER if place == B else AWAY)
        self.assertNoResult(answer)
        self.clock.advance(0.5)
        self.assertEqual(self.failureResultOf(answer, RegistryRefused).value, LATER)
        self.assertEqual(self.given_up, [C])
        self.assertEqual(self.successResultOf(self.in_turn())[0], B)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def in_turn(self) -> Any:
        """Ask whom to ask now."""
        return Deferred.fromCoroutine(self.places.in_turn(self.clock.seconds()))

    def test_none(self) -> None:
        """Where none answers, the reason of the first is told; one is waited for to the end."""
        answer = self.begin()
        self.clock.advance(1.5)
        self.asked[B].errback(RegistryUnreachable("b is away"))
        self.asked[A].errback(AWAY)
        self.clock.advance(8.0)
        self.assertNoResult(answer)
        self.asked[C].errback(AWAY)
        self.assertEqual(str(self.failureResultOf(answer, RegistryUnreachable).value), "b is away")

    def test_given_up(self) -> None:
        """Who does not want to know any more asks nobody any more."""
        answer = self.begin()
        self.clock.advance(1.0)
        answer.cancel()
        self.failureResultOf(answer, CancelledError)
        self.assertEqual(self.given_up, [A, B])
        self.assertEqual(self.clock.getDelayedCalls(), [])
