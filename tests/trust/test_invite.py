"""Codes that people type."""

import string
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p_twisted.trust.invite import Invite
from p2p_twisted.trust.trust_errors import BadInvite

PLACE = "192.168.1.10:9011"
INVITE = Invite.make(bytes(range(32)), [PLACE], Random(1))
TEXT = INVITE.to_text()
CODE = TEXT.partition("@")[0]


def test_there_and_back() -> None:
    """An invite is read as it was written."""
    assert len(CODE.removeprefix("p2p1-")) == 45
    assert TEXT.endswith(f"@{PLACE}")
    assert INVITE.root_hash == bytes(range(16))
    assert Invite.read(TEXT) == INVITE


@given(st.binary(min_size=16, max_size=16), st.integers(0, 2**64))
def test_any(root_hash: bytes, seed: int) -> None:
    """So is every other."""
    invite = Invite.make(root_hash, ["[fd00::1]:9011", "registry.lab"], Random(seed))
    assert Invite.read(invite.to_text()) == invite


def test_as_people_write() -> None:
    """Case, white space, what is put around it, groups, and 0 and 1 make no difference."""
    body = CODE.removeprefix("p2p1-")
    groups = "-".join(body[at : at + 5] for at in range(0, 45, 5))
    for typed in (
        f"  {TEXT}\n",
        f"{CODE}@\n{PLACE}",
        f"{TEXT[:20]}\r\n  {TEXT[20:-3]}\n{TEXT[-3:]}",
        *(f"{left}{TEXT}{right}" for left, right in ('""', "''", "<>", "“”", "``")),
        TEXT.upper(),
        f"p2p1-{groups}@{PLACE}",
        f"P2P1 {groups.replace('-', ' ')} @ {PLACE}",
        f"p2p1-{body.replace('o', '0').replace('l', '1')}@{PLACE}",
    ):
        assert Invite.read(typed) == INVITE


def test_secret_is_not_shown() -> None:
    """What is logged of an invite lets nobody in."""
    assert repr(INVITE.secret) not in repr(INVITE)
    assert "secret" not in repr(INVITE)


@given(st.integers(0, 44), st.sampled_from(string.ascii_lowercase + "234567"))
def test_one_wrong_character(at: int, character: str) -> None:
    """A wrong character is called a typing error, but for one in 65,536 by chance."""
    body = list(CODE.removeprefix("p2p1-"))
    if body[at] == character:
        return
    body[at] = character
    with pytest.raises(BadInvite, match="typing error"):
        Invite.read(f"p2p1-{''.join(body)}@{PLACE}")


@pytest.mark.parametrize("at", range(44))
def test_two_characters_swapped(at: int) -> None:
    """So are two characters in each other's places."""
    body = CODE.removeprefix("p2p1-")
    swapped = body[:at] + body[at + 1] + body[at] + body[at + 2 :]
    if swapped != body:
        with pytest.raises(BadInvite, match="typing error"):
            Invite.read(f"p2p1-{swapped}@{PLACE}")


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "no invite: one begins with p2p1-"),
        ("hello", "no invite"),
        ("192.168.1.10:9011", "no invite"),
        (TEXT.replace("p2p1", "p2p2"), "upgrade"),
        (f"{CODE[:-1]}@{PLACE}", "typing error: it has too few characters"),
        (f"{CODE}a@{PLACE}", "typing error: it has too many characters"),
        (f"{CODE[:-1]}!@{PLACE}", "typing error: it has a wrong character"),
        (f"{CODE[:-1]}é@{PLACE}", "typing error: it has a wrong character"),
        (CODE, "where the registry is"),
        (f"{CODE}@", "behind @"),
        (f"{CODE}@a/b", "behind @"),
        (f"{CODE}@{PLACE},", "behind @"),
        (f"{CODE}@{PLACE}@{PLACE}", "behind @"),
        (f"{CODE}@a,b,c,d", "3 registries at most"),
        (f"{CODE}@{'a' * 256}", "behind @"),
    ],
)
def test_wrong(typed: str, why: str) -> None:
    """What is wrong is said."""
    with pytest.raises(BadInvite, match=why):
        Invite.read(typed)


@given(st.text(st.characters(codec=None, categories=None)))
def test_anything(typed: str) -> None:
    """Nothing that can be typed does more than that."""
    for text in (typed, f"p2p1-{typed}", f"{CODE}@{typed}"):
        try:
            Invite.read(text)
        except BadInvite:
            continue
