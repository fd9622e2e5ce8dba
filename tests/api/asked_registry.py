"""A registry that programs ask, for tests."""

from random import Random
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from p2p_twisted.api.kept_log import KeptLog
from p2p_twisted.api.registry_admin import RegistryAdmin
from p2p_twisted.api.registry_routes import RegistryApi
from p2p_twisted.registry.registry import Registry
from p2p_twisted.registry.rules import Policy, Question
from p2p_twisted.registry.store import IRegistryStore, MemoryStore
from p2p_twisted.wire.messages import Join, Renew, Welcome
from tests.api.browser import Browser, checked

HOST = "127.0.0.1"


class Alive:
    """Says that every peer lives."""

    def is_alive(self, _address: object) -> "Deferred[bool]":
        return succeed(True)


class Asked:
    """
    A registry, and who asks it.

    :ivar log: of this process.
    :ivar left: whether the daemon was ended.
    """

    def __init__(
        self, store: IRegistryStore | None = None, admin: RegistryAdmin | None = None
    ) -> None:
        self.clock = Clock()
        self.left: list[bool] = []
        self.log = KeptLog(self.clock)
        checker: Any = Alive()
        self.registry = Registry(
            self.clock,
            store or MemoryStore(),
            checker,
            policy=Policy(range(9_000, 9_010)),
            rng=Random(1),
            date=lambda: 1e9,
        )
        self.registry.start()
        self.api = RegistryApi(
            reactor=self.clock,
            registry=self.registry,
            network="default",
            address=lambda: (HOST, 9_011),
            leave=lambda: self.left.append(True),
            log=self.log,
            date=lambda: 2e9 + self.clock.seconds(),
            admin=admin or RegistryAdmin(None),
        )
        self.browser = Browser(self.api)

    def join(self, name: str, listens: bool = True) -> str:
        """Have a peer join; return its token."""
        welcome = self.answer(Join(name))
        assert isinstance(welcome, Welcome)
        if listens:
            self.answer(Renew(name, welcome.token))
        return welcome.token

    def get(self, path: str) -> Any:
        """Ask for something; compare the answer with the document."""
        return checked(self.browser, self.browser.ask("GET", path), path.partition("?")[0])

    def answer(self, question: Question) -> Any:
        """Have a peer say something; return what is answered."""
        answers: list[Any] = []
        Deferred.fromCoroutine(self.registry.answer(question, HOST)).addBoth(answers.append)
        return answers.pop()
