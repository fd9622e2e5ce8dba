"""An admin's requests: to invite and to revoke."""

import pytest

from p2p_twisted.peer.qr_code import qr_rows
from p2p_twisted.peer_errors import NotAllowed
from p2p_twisted.wire.messages import (
    InviteRecord,
    Listed,
    ListRecords,
    MakeInvite,
    MemberRecord,
)
from tests.api.browser import Browser, checked
from tests.console.fake_admin import CODE


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
        made = checked(browser, answer, "/v1/invites", "post")
        assert (made["code"], made["qr"]) == (CODE, list(qr_rows(CODE)))
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


def test_invites(browser: Browser) -> None:
    """Open invites are listed without what lets anybody in, and taken back by their ids."""
    record = InviteRecord("3f2a91bc", 2, 5.0, admin=True, groups=("lab",))
    browser.peer.will("records", Listed(invites=(record,), more=3))
    answer = browser.ask("GET", "/v1/invites?after=0000000a")
    told = checked(browser, answer, "/v1/invites", "get")
    shown = {"id": "3f2a91bc", "uses": 2, "expires": 5.0, "admin": True, "groups": ["lab"]}
    assert told == {"invites": [shown], "more": 3}
    assert browser.peer.asked.pop() == ("records", ListRecords("invites", "0000000a"))
    answer = browser.ask("DELETE", "/v1/invites/3f2a91bc", {})
    checked(browser, answer, "/v1/invites/{name}", "delete")
    assert browser.peer.asked.pop() == ("void", "3f2a91bc")


def test_members(browser: Browser) -> None:
    """Members are listed, some at a time."""
    browser.peer.will("records", Listed(members=(MemberRecord("anna", 5.0),), more=9_999))
    answer = browser.ask("GET", "/v1/members")
    told = checked(browser, answer, "/v1/members", "get")
    anna = {"name": "anna", "expires": 5.0, "admin": False, "groups": [], "registry": ""}
    assert told == {"members": [anna], "more": 9_999}
    assert browser.peer.asked.pop() == ("records", ListRecords("members"))
    browser.ask("GET", "/v1/members?only=anna")
    assert browser.peer.asked.pop() == ("records", ListRecords("members", only="anna"))
    assert browser.ask("GET", f"/v1/members?after={'a' * 32}").status == 400


def test_publish(browser: Browser) -> None:
    """What the root has signed is passed on as it is."""
    answer = browser.ask("POST", "/v1/statements", {"statement": "a.b.c.d"})
    checked(browser, answer, "/v1/statements", "post")
    assert browser.peer.asked.pop() == ("publish", "a.b.c.d")
    assert browser.ask("POST", "/v1/statements", {"statement": "a" * 2_049}).status == 400
    assert browser.ask("POST", "/v1/statements", {}).status == 400


def test_not_allowed(browser: Browser) -> None:
    """Who is no admin is told so."""
    why = NotAllowed("only an admin may revoke, and ben is none")
    browser.peer.answers["revoke"].append(why)
    browser.peer.answers["invite"].append(why)
    browser.peer.answers["records"].append(why)
    for method, path in (("POST", "revocations/anna"), ("POST", "invites"), ("GET", "members")):
        answer = browser.ask(method, f"/v1/{path}", None if method == "GET" else {})
        assert answer.status == 403
        assert "only an admin" in str(answer.lines)
