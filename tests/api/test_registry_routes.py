"""What a registry answers, by every path."""

import pytest
from openapi_spec_validator import validate

from tests.api.asked_registry import HOST, Asked
from tests.api.browser import checked


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
