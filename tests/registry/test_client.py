"""A peer's side of the registry, and the registry's answers to it."""

from collections.abc import Coroutine
from random import Random
from typing import Any, TypeVar

from twisted.internet.defer import Deferred

from p2p_twisted.registry import limits
from p2p_twisted.registry.client import RegistryClient
from p2p_twisted.registry.refusals import RegistryRefused, RegistryUnreachable
from p2p_twisted.registry.registry_places import Location, RegistryPlaces
from p2p_twisted.registry.session import RegistrySession
from p2p_twisted.wire.listener import Listener
from p2p_twisted.wire.messages import PROTOCOL, Hello, Join
from p2p_twisted.wire.names import PeerAddress
from tests.registry.builders import LOOPBACK
from tests.registry.running import make_registry
from tests.registry.wires import Babbler, OneProtocol, WiredTestCase

T = TypeVar("T")

PORT = limits.REGISTRY_PORT
LATER = (
    b'HELLO {"protocol":1,"role":"registry","name":"registry","network":"default"}\r\n'
    b'ERROR {"reason":"no store","code":"later"}\r\n'
)
"""What a registry says that cannot use its store."""


class RegistryClientTests(WiredTestCase):
    """Calls to the registry."""

    def setUp(self) -> None:
        super().setUp()
        registry = make_registry(self.wires.reactor)
        registry.start()
        self.wires.factories[PORT] = Listener(
            self.wires.reactor,
            Hello(PROTOCOL, "registry", "registry", "default"),
            lambda connection: RegistrySession(connection, registry),
        )
        self.places = RegistryPlaces.at(LOOPBACK, PORT)
        self.client = RegistryClient(self.wires.reactor, self.places, "default")

    def result(self, call: Coroutine[Any, Any, T], seconds: float = 0) -> T:
        """Let a call happen."""
        answer = Deferred.fromCoroutine(call)
        self.wires.settle(seconds)
        result: T = self.successResultOf(answer)
        return result

    def failure(self, call: Coroutine[Any, Any, object], seconds: float = 0) -> Any:
        """Let a call fail."""
        answer = Deferred.fromCoroutine(call)
        self.wires.settle(seconds)
        return self.failureResultOf(answer, RegistryRefused, RegistryUnreachable).value

    def two_registries(self) -> tuple[RegistryClient, Location, Location]:
        """Make a client of two places, of which the second one to be asked has the registry."""
        places = RegistryPlaces([(LOOPBACK, PORT), (LOOPBACK, PORT + 1)], Random(1))
        [first, other] = self.result(places.in_turn(0))
        self.wires.factories[other[1]] = self.wires.factories.pop(PORT)
        return RegistryClient(self.wires.reactor, places, "default"), first, other

    def test_a_life(self) -> None:
        """A peer joins, listens, is referred to, and leaves."""
        mine = self.result(self.client.join(Join("s1")))
        self.assertEqual(mine.port, 9000)
        self.assertEqual(self.result(self.client.renew("s1", mine.token)).lease, 60)
        [referred] = self.result(self.client.join(Join("s2"))).referrals
        self.assertEqual(referred, PeerAddress("s1", LOOPBACK, 9000))
        self.result(self.client.leave("s1", mine.token))
        self.assertEqual(self.result(self.client.join(Join("s3"))).port, 9000)

    def test_nothing_is_left_behind(self) -> None:
        """Each call closes its connection and leaves no timer."""
        self.result(self.client.join(Join("s1")))
        self.wires.settle()
        self.assertEqual(self.wires.reactor.getDelayedCalls(), [])

    def test_report(self) -> None:
        """The registry dials who was reported, and forgets it when nobody answers."""
        mine = self.result(self.client.join(Join("s1")))
        self.result(self.client.renew("s1", mine.token))
        self.result(self.client.report(PeerAddress("s1", LOOPBACK, 9000)))
        self.assertEqual(self.failure(self.client.renew("s1", mine.token)).code, "unknown")

    def test_refused(self) -> None:
        """A refusal has its code and the reason."""
        refused = self.failure(self.client.join(Join("s 4")))
        self.assertEqual(refused.code, "malformed")
        self.assertIn("letters", str(refused))

    def test_nobody_there(self) -> None:
        """A registry that does not run is said to be out of reach."""
        del self.wires.factories[PORT]
        self.assertIn("no registry listens", str(self.failure(self.client.join(Join("s1")))))

    def test_name_looked_up_in_vain(self) -> None:
        """A name that no server answers for is unknown, too, when the time is over."""
        self.wires.unanswered.add(PORT)
        del self.wires.factories[PORT]
        places = RegistryPlaces.at("nosuchbox.lan", PORT)
        client = RegistryClient(self.wires.reactor, places, "default")
        error = self.failure(client.join(Join("s1")), limits.REQUEST_SECONDS)
        self.assertIn("there is no host nosuchbox.lan", str(error))

    def test_several(self) -> None:
        """Another registry is asked where one does not answer, and again from then on."""
        client, first, other = self.two_registries()
        for name in ("s1", "s2"):
            self.assertEqual(self.result(client.join(Join(name))).name, name)
        self.assertEqual(self.result(client.places.in_turn(1)), [other, first])
        self.assertEqual(self.failure(client.join(Join("s 1"))).code, "malformed")
        del self.wires.factories[other[1]]
        self.assertIn("no registry listens", str(self.failure(client.join(Join("s3")))))

    def test_silent(self) -> None:
        """Since when none has answered is known; one that refuses has answered."""
        mine = self.result(self.client.join(Join("s1")))
        self.assertIsNone(self.places.silent_since)
        there = self.wires.factories.pop(PORT)
        self.failure(self.client.renew("s1", mine.token))
        since = self.places.silent_since
        self.assertEqual(since, self.wires.reactor.seconds())
        self.failure(self.client.renew("s1", mine.token), seconds=20)
        self.assertEqual(self.places.silent_since, since)
        self.wires.factories[PORT] = there
        self.failure(self.client.renew("s2", "0" * 32))
        self.assertIsNone(self.places.silent_since)

    def test_later(self) -> None:
        """Another one is asked where one cannot help now; its reason is told if none can."""
        client, first, other = self.two_registries()
        self.wires.factories[first[1]] = OneProtocol(Babbler(LATER))
        self.assertEqual(self.result(client.join(Join("s1"))).name, "s1")
        del self.wires.factories[other[1]]
        self.wires.factories[first[1]] = OneProtocol(Babbler(LATER))
        refused = self.failure(client.join(Join("s2")))
        self.assertEqual((refused.code, refused.reason), ("later", "no store"))

    def test_halted(self) -> None:
        """Another one is asked soon where one is silent, and waited for less where one answers."""
        client, first, other = self.two_registries()
        self.wires.factories[first[1]] = OneProtocol(Babbler(b""))
        self.assertEqual(self.result(client.join(Join("s1")), 1.0).name, "s1")
        self.wires.factories[first[1]] = OneProtocol(Babbler(b""))
        self.wires.factories[other[1]] = OneProtocol(Babbler(LATER))
        self.assertEqual(self.failure(client.join(Join("s2")), 1.0).code, "later")

    def test_another_network(self) -> None:
        """The registry of another network hears nothing from us."""
        client = RegistryClient(self.wires.reactor, self.places, "other")
        self.assertIn("say --network default", str(self.failure(client.join(Join("s1")))))

    def test_not_a_registry(self) -> None:
        """What is no registry hears nothing from us."""
        for greeting in (
            b"220 mail ready\r\n",
            b'HELLO {"protocol":1,"role":"peer","name":"registry","network":"default"}\r\n',
            b'WELCOME {"name":"s1"}\r\n',
        ):
            other = Babbler(greeting)
            self.wires.factories[PORT] = OneProtocol(other)
            self.assertIsInstance(self.failure(self.client.join(Join("s1"))), RegistryUnreachable)
            self.assertEqual(other.heard, b"")

    def test_silence(self) -> None:
        """A registry that accepts and says nothing is given up in time."""
        for says in (
            b"",
            b'HELLO {"protocol":1,"role":"registry","name":"registry","network":"default"}\r\n',
        ):
            silent = Babbler(says)
            self.wires.factories[PORT] = OneProtocol(silent)
            error = self.failure(self.client.join(Join("s1")), limits.REQUEST_SECONDS)
            self.assertIsInstance(error, RegistryUnreachable)
            self.assertTrue(silent.is_lost)

    def test_wrong_answer(self) -> None:
        """An answer to something else is no answer."""
        self.wires.factories[PORT] = OneProtocol(
            Babbler(
                b'HELLO {"protocol":1,"role":"registry","name":"registry","network":"default"}\n'
                b"BYE\n"
            )
        )
        self.assertIn("BYE", str(self.failure(self.client.join(Join("s1")))))
