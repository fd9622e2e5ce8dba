"""What the operator of a private network's registry asks it for."""

from pathlib import Path
from typing import Any

import pytest

from p2p_twisted.api.registry_admin import RegistryAdmin
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.trust.anchor import TrustAnchor
from p2p_twisted.trust.invite import Invite
from p2p_twisted.trust.limits import STATEMENT_FRESH_SECONDS
from p2p_twisted.trust.statement import Revocation, Stop, read_statement
from p2p_twisted.wire.messages import Certified
from tests.api.asked_registry import Asked
from tests.api.browser import Browser, checked
from tests.registry.enrolling import Enrolling


class Operated:
    """A private network's registry, and its operator."""

    def __init__(self, folder: Path) -> None:
        self.enrolling = Enrolling(OwnFolder(folder))
        self.browser = Asked(admin=RegistryAdmin(self.enrolling.enrollment)).browser

    def post(self, path: str, **body: object) -> dict[str, Any]:
        """Have something done."""
        answer = self.browser.ask("POST", path, body)
        done: dict[str, Any] = checked(self.browser, answer, path, "post")
        return done


@pytest.fixture
def operated(tmp_path: Path) -> Operated:
    return Operated(tmp_path / "keys")


def test_invite(operated: Operated) -> None:
    """An invite of the operator's works, is listed, and can be taken back."""
    invite = Invite.read(str(operated.post("/v1/invites", admin=True)["code"]))
    authority = operated.enrolling.made.authority
    assert authority.invites.find(invite.secret, 1_800_000_000.0)
    listed = operated.browser.ask("GET", "/v1/invites").lines[0]["invites"]
    assert [each["admin"] for each in listed] == [True]
    gone = f"/v1/invites/{listed[0]['id']}"
    assert operated.browser.ask("DELETE", gone, {}).status == 200
    assert operated.browser.ask("GET", "/v1/invites").lines[0]["invites"] == []
    assert operated.browser.ask("DELETE", gone, {}).status == 404


def test_members(operated: Operated) -> None:
    """Who has a certificate is listed apart from who is registered."""
    assert isinstance(operated.enrolling.enroll("ben"), Certified)
    listed = operated.browser.ask("GET", "/v1/certified").lines[0]
    assert [each["name"] for each in listed["members"]] == ["ben"]
    assert operated.browser.ask("GET", "/v1/members").lines[0]["members"] == []


def test_revoke(operated: Operated) -> None:
    """A revocation is signed with the registry's key, and counts at once."""
    enrolling = operated.enrolling
    enrolling.enroll("ben")
    answer = operated.browser.ask("POST", "/v1/revocations/Ben", {})
    assert answer.status == 200
    [text] = enrolling.made.authority.revocations.texts()
    statement = read_statement(text, TrustAnchor(enrolling.made.own.root))
    assert isinstance(statement.said, Revocation)
    assert statement.signer.identity.is_registry
    assert enrolling.forgotten == ["ben"]
    enrolling.is_full = True
    assert operated.browser.ask("POST", "/v1/revocations/carl", {}).status != 200


def test_stop(operated: Operated) -> None:
    """For two minutes peers are told to stop, by a statement that they believe."""
    enrolling = operated.enrolling
    assert enrolling.enrollment.stop() is None
    operated.post("/v1/peers/stop")
    text = enrolling.enrollment.stop()
    assert text is not None
    statement = read_statement(text, TrustAnchor(enrolling.made.own.root))
    assert isinstance(statement.said, Stop)
    assert statement.signer.identity.is_admin
    enrolling.later = STATEMENT_FRESH_SECONDS + 1
    assert enrolling.enrollment.stop() is None


@pytest.mark.parametrize("path", ["/v1/peers/stop", "/v1/invites", "/v1/revocations/ben"])
def test_open_network(path: str) -> None:
    """The registry of an open network says that it can do none of that."""
    browser: Browser = Asked().browser
    answer = browser.ask("POST", path, {})
    assert answer.status == 403
    assert "this network is open" in answer.lines[0]["error"]["message"]
