"""A registry in memory that is asked, for tests."""

from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.registry.roster import Put
from p2p_twisted.wire.messages import Message
from p2p_twisted.wire.names import PeerAddress
from tests.registry.builders import LOOPBACK, crowd
from tests.registry.running import make_registry
from tests.registry.stores import Faulty


class Verdicts:
    """A checker that is told who lives, or asked later."""

    def __init__(self) -> None:
        self.dead: set[str] = set()
        self.dialed: list[str] = []
        self.pending: list[Deferred[bool]] | None = None

    def is_alive(self, address: PeerAddress) -> "Deferred[bool]":
        """Say whether somebody lives."""
        self.dialed.append(address.name)
        if self.pending is None:
            return succeed(address.name not in self.dead)
        answer: Deferred[bool] = Deferred()
        self.pending.append(answer)
        return answer


class RegistryCase(SynchronousTestCase):
    """A registry of ten peers."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.verdicts = Verdicts()
        self.store = Faulty()
        self.successResultOf(self.store.apply([Put(held) for held in crowd(10)]))
        self.registry = make_registry(self.clock, self.store, self.verdicts)
        self.registry.start()

    def answer(self, question: Any) -> Message:
        """Ask, and get the answer."""
        message: Message = self.successResultOf(self.registry.answer(question, LOOPBACK))
        return message

    def kept(self) -> set[str]:
        """List the names that the store keeps."""
        return {held.name for held in self.successResultOf(self.store.load())}

    def asking(self, question: Any, host: str) -> "Deferred[Message]":
        """Ask from a host."""
        return Deferred.fromCoroutine(self.registry.answer(question, host))

    def asked(self, question: Any, host: str) -> Any:
        """Ask from a host, and get the answer."""
        return self.successResultOf(self.asking(question, host))
