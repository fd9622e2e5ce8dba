"""What a registry answers, by every path."""

from random import Random
from typing import Any

import pytest
from openapi_spec_validator import validate
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from p2p_twisted.api.registry_routes import RegistryApi
from p2p_twisted.registry.registry import Registry
from p2p_twisted.registry.rules import Policy
from p2p_twisted.registry.store import MemoryStore
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

    :ivar left: whether the daemon was ended.
    """

    def __init__(self) -> None:
        self.clock = Clock()
        self.left: list[bool] = []
        checker: Any = Alive()
        self.registry = Registry(
            self.clock,
            MemoryStore(),
            checker,
            policy=Policy(range(9_000, 9_010)),
            rng=Random(1),
            date=lambda: 1e9,
        )
        self.registry.start()
        api = RegistryApi(
            reactor=self.clock,
            registry=self.registry,
            network="default",
            address=lambda: (HOST, 9_011),
            leave=lambda: self.left.append(True),
        )
        self.browser = Browser(api)

    def join(self, name: str, listens: bool = True) -> None:
        """Have a peer join."""
        welcome = self._answer(Join(name))
        assert isinstance(welcome, Welcome)
        if listens:
            self._answer(Renew(name, welcome.token))

    def get(self, path: str) -> Any:
        """Ask for something; compare the answer with the document."""
        return checked(self.browser, self.browser.ask("GET", path), path.partition("?")[0])

    def _answer(self, question: Any) -> Any:
        answers: list[Any] = []
        Deferred.fromCoroutine(self.registry.answer(question, HOST)).addBoth(answers.append)
        return answers.pop()


@pytest.fixture
def asked() -> Asked:
    return Asked()


def test_document(asked: Asked) -> None:
    """What is served is such a document."""
    validate(asked.browser.document)


def test_status(asked: Asked) -> None:
    """All of it at a glance."""
    asked.join("s1")
    asked.join("s2", listens=False)
    asked.clock.advance(3.0)
    status = asked.get("/v1/status")
    assert (status["kind"], status["network"], status["port"]) == ("registry", "default", 9_011)
    assert (status["members"], status["reserved"], status["uptime"]) == (1, 1, 3.0)


def test_members(asked: Asked) -> None:
    """Who is in, since when, from where, and for how long."""
    asked.join("s2", listens=False)
    asked.join("s1")
    asked.clock.advance(1.0)
    s1, s2 = asked.get("/v1/members")["members"]
    assert (s1["name"], s1["host"], s1["port"], s1["since"]) == ("s1", HOST, 9_001, 1e9)
    assert (s1["is_listening"], s2["is_listening"]) == (True, False)
    assert s1["lease"] > s2["lease"] == 9.0


def test_pages(asked: Asked) -> None:
    """Many are listed in parts, each once."""
    for number in range(7):
        asked.join(f"s{number}")
    names: list[str] = []
    after = ""
    while True:
        page = asked.get(f"/v1/members?most=3&after={after}")
        names += [each["name"] for each in page["members"]]
        if (after := page["next"]) is None:
            break
    assert names == [f"s{number}" for number in range(7)]
    assert asked.browser.ask("GET", "/v1/members?most=1001").status == 400


def test_stops(asked: Asked) -> None:
    """The daemon ends, but not before the answer was sent."""
    checked(asked.browser, asked.browser.ask("POST", "/v1/stop", {}), "/v1/stop", "post")
    assert asked.left == []
    asked.clock.advance(1.0)
    assert asked.left == [True]
