"""What happens to a registry, as those who read along are told it."""

from random import Random
from typing import Any

import attrs
import pytest
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from p2p_twisted.api.event_views import REGISTRY_EVENTS
from p2p_twisted.registry.roster import Put
from p2p_twisted.registry.store import MemoryStore
from p2p_twisted.wire.messages import Join, Leave, Renew, Welcome
from tests.api.asked_registry import HOST, Asked
from tests.api.browser import Answer, checked
from tests.registry.builders import crowd
from tests.registry.stores import Faulty


@pytest.fixture
def asked() -> Asked:
    return Asked()


def expire(asked: Asked, seconds: float) -> None:
    """Let time pass, and the registry look for leases that have run out."""
    asked.clock.advance(seconds)
    Deferred.fromCoroutine(asked.registry.expire())


def heard(asked: Asked) -> list[Any]:
    """Return what the last reader was told, compared with the document."""
    asked.clock.pump([0.1] * 3)
    told: list[Any] = checked(asked.browser, asked.browser.answer(), "/v1/events")
    return told


def test_all(asked: Asked) -> None:
    """Everything that there is: who comes, from where, who goes, why, and warnings."""
    assert asked.browser.ask("GET", "/v1/events").status == 200
    token = asked.join("s1")
    asked.join("s2", listens=False)
    asked.answer(Leave("s1", token))
    expire(asked, 11.0)
    asked.log.open()
    Logger().warn("the disk is full")
    told = heard(asked)
    asked.log.close()
    asked.api.close()
    reserved, listens, s2, left, ran_out, warning = told
    assert reserved["member"] == {
        "name": "s1",
        "host": HOST,
        "port": 9_000,
        "since": 1e9,
        "lease": 10.0,
        "is_listening": False,
    }
    assert (listens["member"]["name"], listens["member"]["is_listening"]) == ("s1", True)
    assert (s2["member"]["name"], s2["member"]["is_listening"]) == ("s2", False)
    assert (left["name"], left["why"], left["at"]) == ("s1", "it left", 2e9)
    assert (ran_out["name"], ran_out["why"]) == ("s2", "its lease ran out")
    assert warning["text"] == "the disk is full"
    kinds = {attrs.fields_dict(each)["kind"].default for each in REGISTRY_EVENTS}
    assert kinds == {*(each["kind"] for each in told), "missed"}


def test_renewals(asked: Asked) -> None:
    """That leases are renewed is told to nobody: so often does that happen."""
    token = asked.join("s1")
    asked.browser.ask("GET", "/v1/events")
    for _ in range(5):
        asked.clock.advance(10.0)
        assert isinstance(asked.answer(Renew("s1", token)), Welcome)
    assert heard(asked) == []


def test_goes_on(asked: Asked) -> None:
    """A reader that comes back is told what it has missed."""
    asked.browser.ask("GET", "/v1/events")
    asked.join("s1", listens=False)
    assert len(heard(asked)) == 1
    [last] = asked.browser.answer().ids
    asked.browser.close()
    asked.join("s2", listens=False)
    asked.browser.ask("GET", "/v1/events", **{"Last-Event-ID": str(last)})
    [event] = heard(asked)
    assert event["member"]["name"] == "s2"


def test_restart() -> None:
    """Whoever reads before the store is read is told who was known before."""
    store, loaded = MemoryStore(), Deferred[Any]()
    store.load = lambda: loaded  # type: ignore[method-assign]
    asked = Asked(store)
    asked.browser.ask("GET", "/v1/events")
    loaded.callback(tuple(crowd(2)))
    assert [each["member"]["name"] for each in heard(asked)] == ["s0", "s1"]


def test_nothing_twice(asked: Asked) -> None:
    """Of several that say that a peer is gone, the first is believed."""
    token = asked.join("s1")
    asked.browser.ask("GET", "/v1/events")
    for _ in range(2):
        asked.answer(Leave("s1", token))
    expire(asked, 100.0)
    assert [each["kind"] for each in heard(asked)] == ["forgotten"]


def followed(members: list[Any], answer: Answer) -> dict[str, Any]:
    """Bring a list of members up to date by what was told since; leases aside."""
    held = {each["name"]: each for each in members}
    for event in answer.lines:
        if event["kind"] == "registered":
            held[event["member"]["name"]] = event["member"]
        else:
            del held[event["name"]]
    return {name: {**each, "lease": None} for name, each in held.items()}


@pytest.mark.parametrize("seed", range(20))
def test_followed(seed: int) -> None:
    """Who has read once who is in, and follows, knows it, whatever happens, full disks included."""
    rng, store = Random(seed), Faulty()
    store.apply([Put(each) for each in crowd(3)])
    asked = Asked(store)
    members = asked.get("/v1/members")["members"]
    asked.browser.ask("GET", "/v1/events")
    reader = asked.browser.transport
    tokens: dict[str, str] = {}
    for _ in range(100):
        name = f"s{rng.randrange(6)}"
        store.is_broken = rng.random() < 0.2
        match rng.randrange(4):
            case 0:
                joined = asked.answer(Join(name, token=tokens.get(name)))
                if isinstance(joined, Welcome):
                    tokens[name] = joined.token
            case 1:
                asked.answer(Renew(name, tokens.get(name, "0" * 32)))
            case 2:
                asked.answer(Leave(name, tokens.get(name, "0" * 32)))
            case 3:
                expire(asked, rng.choice([0.1, 5.0, 30.0]))
    asked.clock.pump([0.1] * 3)
    told = followed(members, Answer(reader.value()))
    now = asked.get("/v1/members")["members"]
    assert told == {each["name"]: {**each, "lease": None} for each in now}
