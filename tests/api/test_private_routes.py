"""An admin's requests: to invite and to revoke."""

import pytest

from p2p_twisted.peer.peer_errors import NotAllowed
from p2p_twisted.wire.messages import MakeInvite
from tests.api.browser import Browser, checked


@pytest.fixture
def browser() -> Browser:
    return Browser()


def test_invite(browser: Browser) -> None:
    """An invite has the terms that were asked for, or the usual ones."""
    for given, terms in (
        ({}, MakeInvite()),
        (
            {"uses": 30, "seconds": 7_200, "admin": True, "groups": ["lab"]},
            MakeInvite(30, 7_200, True, ("lab",)),
        ),
    ):
        answer = browser.ask("POST", "/v1/invites", given)
        assert checked(browser, answer, "/v1/invites", "post")["code"].startswith("p2p1-")
        assert browser.peer.asked.pop() == ("invite", terms)


@pytest.mark.parametrize(
    "given",
    [
        {"uses": 0},
        {"uses": 1_001},
        {"seconds": 0},
        {"seconds": 2_592_001},
        {"groups": ["../x"]},
        {"groups": [f"g{number}" for number in range(7)]},
        {"role": "registry"},
    ],
)
def test_beyond_bounds(browser: Browser, given: dict[str, object]) -> None:
    """Terms that no invite has are refused."""
    assert browser.ask("POST", "/v1/invites", given).status == 400
    assert browser.peer.asked == []


def test_revoke(browser: Browser) -> None:
    """A name is revoked in whatever case it is written; what is none is refused."""
    answer = browser.ask("POST", "/v1/revocations/Anna", {})
    checked(browser, answer, "/v1/revocations/{name}", "post")
    assert browser.peer.asked == [("revoke", "anna")]
    assert browser.ask("POST", "/v1/revocations/an%20na", {}).status == 400


def test_not_allowed(browser: Browser) -> None:
    """Who is no admin is told so."""
    why = NotAllowed("only an admin may revoke, and ben is none")
    browser.peer.answers["revoke"].append(why)
    browser.peer.answers["invite"].append(why)
    for path in ("revocations/anna", "invites"):
        answer = browser.ask("POST", f"/v1/{path}", {})
        assert answer.status == 403
        assert "only an admin" in str(answer.lines)
