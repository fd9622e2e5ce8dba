"""Whose offers are taken."""

import pytest

from p2p_twisted.offers.accept_rule import AcceptRule, read_accept
from p2p_twisted.trust.identity import ADMIN, Identity
from p2p_twisted.wire.names import BadName
from tests.offers.made_offers import an_offer

BOSS = Identity("anna", [ADMIN])
COLLEAGUE = Identity("anna", groups=["lab"])
STRANGER = None


@pytest.mark.parametrize(
    ("words", "signer", "is_attended", "what"),
    [
        (None, STRANGER, True, "ask"),
        (None, STRANGER, False, "refuse"),
        (None, BOSS, False, "take"),
        (None, COLLEAGUE, False, "refuse"),
        (None, COLLEAGUE, True, "ask"),
        (("anyone",), STRANGER, False, "take"),
        (("none",), BOSS, True, "refuse"),
        (("admins",), BOSS, False, "take"),
        (("admins",), COLLEAGUE, True, "refuse"),
        (("admins", "ask"), COLLEAGUE, False, "ask"),
        (("@lab",), COLLEAGUE, False, "take"),
        (("@staff",), COLLEAGUE, False, "refuse"),
        (("@lab",), STRANGER, True, "refuse"),
        (("admins",), STRANGER, True, "refuse"),
        (("ask",), BOSS, False, "ask"),
    ],
)
def test_verdict(
    words: tuple[str, ...] | None, signer: Identity | None, is_attended: bool, what: str
) -> None:
    verdict = AcceptRule(words).verdict(an_offer(), signer, is_attended)
    assert verdict.what == what
    assert bool(verdict.reason) == (what == "refuse")


def test_no_more_than_is_to_be_taken() -> None:
    rule = AcceptRule(("anyone",), most=5)
    assert rule.verdict(an_offer(size=5), None, False).what == "take"
    assert rule.verdict(an_offer(size=6), None, False).what == "refuse"


def test_where_it_lands() -> None:
    assert AcceptRule().place(an_offer()) == ""
    assert AcceptRule(into="pushed").place(an_offer()) == "pushed"
    assert AcceptRule(into="pushed").place(an_offer(into="a/b")) == "pushed/a/b"
    assert AcceptRule().place(an_offer(into="a/b")) == "a/b"


def test_as_it_is_typed() -> None:
    assert read_accept("Admins, @Lab,ask,admins", is_private=True) == ("admins", "@lab", "ask")
    assert read_accept("anyone", is_private=False) == ("anyone",)


@pytest.mark.parametrize(
    ("text", "is_private", "said"),
    [
        ("everyone", True, "not 'everyone'"),
        ("", True, "not ''"),
        ("ask,", True, "not ''"),
        ("@", True, "no name of a group"),
        ("none,ask", True, "say it alone"),
        ("anyone,ask", False, "say it alone"),
        ("admins", False, "no admins and no groups"),
        ("@lab,ask", False, "no admins and no groups"),
    ],
)
def test_what_is_no_rule(text: str, is_private: bool, said: str) -> None:
    with pytest.raises(BadName, match=said):
        read_accept(text, is_private)
