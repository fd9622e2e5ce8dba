"""What somebody has signed, and who believes it."""

import base64
from random import Random
from typing import get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p_twisted.trust import statement
from p2p_twisted.trust.credentials import Credentials
from p2p_twisted.trust.identity import ADMIN, Identity
from p2p_twisted.trust.limits import (
    GROUPS_OF_A_PEER,
    STATEMENT_CHARACTERS,
    STATEMENT_FRESH_SECONDS,
    STOPS_REMEMBERED,
)
from p2p_twisted.trust.revocations import RevocationList
from p2p_twisted.trust.statement import (
    IssuerId,
    Revocation,
    Stop,
    may_sign,
    read_statement,
    sign_statement,
)
from p2p_twisted.trust.stop_guard import StopGuard
from p2p_twisted.trust.trust_errors import BadStatement, StatementRefused
from p2p_twisted.trust.voucher import Voucher
from p2p_twisted.wire.messages import Gossip
from tests.trust.private_network import DAY, NOW, PrivateNetwork

NETWORK = PrivateNetwork()
ANNA = NETWORK.let_in("anna", admin=True)
BEN = NETWORK.let_in("ben")
SECOND = int(NOW)


def stop(number: int = 1, issued: int = SECOND, network: str = "default") -> Stop:
    return Stop(f"{number:032x}", issued, network)


def obeyed(said: Stop, signer: Credentials = ANNA, now: float = NOW) -> Stop:
    """Return what a peer obeys that started an hour ago."""
    guard = StopGuard("default", now - 3_600)
    return guard.check(NETWORK.heard(said, signer), RevocationList("default"), now)


def test_there_and_back() -> None:
    """What is said is heard, with who has said it, and can be passed on as it came."""
    for said in (stop(), Revocation("carl", SECOND, "default")):
        text = sign_statement(said, ANNA)
        heard = read_statement(text, NETWORK.anchor)
        assert (heard.said, heard.text) == (said, text)
        assert heard.signer.identity.name == "anna"


def test_fits_a_broadcast() -> None:
    """The longest statement there can be fits into a broadcast."""
    widest = PrivateNetwork("n" * 31)
    signer = widest.let_in(
        "s" * 31, admin=True, groups=[f"{n}" * 31 for n in range(GROUPS_OF_A_PEER)]
    )
    text = sign_statement(Revocation("r" * 31, 10**11, "n" * 31), signer)
    assert len(text) <= STATEMENT_CHARACTERS
    broadcast = Gossip("0" * 32, "revoke", "s1", 0, 120, text=text)
    assert broadcast.text == text
    # No broadcast has a longer text.
    assert f"max_length={STATEMENT_CHARACTERS}" in str(get_type_hints(Gossip, include_extras=True))


@given(st.integers(0), st.integers(1, 255))
def test_changed(at: int, change: int) -> None:
    """Whatever is changed in it, nobody believes it."""
    parts = [
        base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        for part in sign_statement(stop(), ANNA).split(".")
    ]
    # The issuer's own signature, too, but for bytes that mean nothing.
    index = at % 3
    changed = bytearray(parts[index])
    changed[at % len(changed)] ^= change
    parts[index] = bytes(changed)
    text = ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
    with pytest.raises(BadStatement):
        read_statement(text, NETWORK.anchor)


def test_anothers_signature() -> None:
    """A statement under which somebody else's certificate was put is not believed."""
    mine, hers = (sign_statement(stop(), each).split(".") for each in (BEN, ANNA))
    with pytest.raises(BadStatement, match="not said by whom"):
        read_statement(".".join([*mine[:2], *hers[2:]]), NETWORK.anchor)


def test_other_networks() -> None:
    """Nobody of another network has a say."""
    stranger = PrivateNetwork("other").let_in("anna", admin=True)
    with pytest.raises(BadStatement, match="not of this network"):
        read_statement(sign_statement(stop(), stranger), NETWORK.anchor)


@given(st.text(st.characters(codec=None, categories=None)))
def test_anything(text: str) -> None:
    """What is no statement is said to be none."""
    parts = sign_statement(stop(), ANNA).split(".")
    for wrong in (text, f"{text}...", ".".join([text, *parts[1:]]), ".".join([*parts[:3], text])):
        with pytest.raises(BadStatement):
            read_statement(wrong, NETWORK.anchor)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"{}",
        b"[]",
        b"[" * 100_000,
        b'{"kind":"party","issued":1800000000,"network":"default"}',
        b'{"kind":"stop","id":"short","issued":1800000000,"network":"default"}',
        b'{"kind":"stop","id":"00000000000000000000000000000001","issued":-1,"network":"a"}',
        b'{"kind":"revocation","name":"../x","issued":1800000000,"network":"default"}',
        b'{"kind":"revocation","name":"\xff","issued":1800000000,"network":"default"}',
    ],
)
def test_signed_nonsense(said: bytes) -> None:
    """What an admin cannot have said is refused, also where an admin has signed it."""
    parts = sign_statement(stop(), ANNA).split(".")
    parts[0] = base64.urlsafe_b64encode(said).decode().rstrip("=")
    with pytest.raises(BadStatement, match="not a signed statement"):
        read_statement(".".join(parts), NETWORK.anchor)


def test_too_long() -> None:
    """What is longer than statements are is not even looked at."""
    text = sign_statement(stop(), ANNA)
    with pytest.raises(BadStatement, match="not a signed statement"):
        read_statement(text + "A" * STATEMENT_CHARACTERS, NETWORK.anchor)


def test_expired_signer() -> None:
    """Who was a member when it was said is believed later, and not when it was said too late."""
    early = sign_statement(stop(issued=SECOND + 29 * DAY), ANNA)
    assert read_statement(early, NETWORK.anchor).signer.identity.name == "anna"
    late = sign_statement(stop(issued=SECOND + 31 * DAY), ANNA)
    with pytest.raises(BadStatement, match="ended at"):
        read_statement(late, NETWORK.anchor)


def test_stop() -> None:
    """An admin and a registry may stop the network; nobody else, and the reason names who may."""
    assert obeyed(stop()) == stop()
    with pytest.raises(StatementRefused, match="only an admin may stop this network, and ben is"):
        obeyed(stop(), BEN)


def test_stop_of_another_network() -> None:
    """A stop of another network that has the same root changes nothing."""
    with pytest.raises(StatementRefused, match="not a stop of this network"):
        obeyed(stop(network="other"))
    revocation = NETWORK.heard(Revocation("carl", SECOND, "default"), ANNA)
    with pytest.raises(StatementRefused, match="not a stop"):
        StopGuard("default", 0).check(revocation, RevocationList("default"), NOW)


def test_stop_is_obeyed_once() -> None:
    """The same stop again changes nothing, and once it is forgotten it is too old."""
    guard, known = StopGuard("default", 0), RevocationList("default")
    heard = NETWORK.heard(stop(), ANNA)
    guard.check(heard, known, NOW)
    for later in range(0, STATEMENT_FRESH_SECONDS + 10, 10):
        with pytest.raises(StatementRefused):
            guard.check(heard, known, NOW + later)
    again = NETWORK.heard(stop(2, SECOND + 200), ANNA)
    assert guard.check(again, known, NOW + 200) == again.said


@pytest.mark.parametrize("off", [-STATEMENT_FRESH_SECONDS - 1, STATEMENT_FRESH_SECONDS + 1])
def test_stop_of_another_time(off: int) -> None:
    """An old stop, and one from the future, change nothing; the clocks are named."""
    with pytest.raises(StatementRefused, match=r"121 s from now .*clocks"):
        obeyed(stop(issued=SECOND + off), now=SECOND)
    for within in (0, off - (1 if off > 0 else -1)):
        said = stop(issued=SECOND + within)
        assert obeyed(said, now=SECOND) == said


def test_stop_from_before() -> None:
    """A stop that was said before a peer started does not end it."""
    guard, known = StopGuard("default", NOW), RevocationList("default")
    with pytest.raises(StatementRefused, match="before this peer started"):
        guard.check(NETWORK.heard(stop(issued=SECOND - 1), ANNA), known, NOW + 5)
    guard.check(NETWORK.heard(stop(), ANNA), known, NOW + 5)


def test_stop_by_revoked() -> None:
    """Nobody obeys an admin whose certificate was revoked."""
    known = RevocationList("default")
    NETWORK.revoke("anna", NETWORK.let_in("carl", admin=True), known)
    with pytest.raises(StatementRefused, match="revoked"):
        StopGuard("default", 0).check(NETWORK.heard(stop(), ANNA), known, NOW)


def test_too_many_stops() -> None:
    """Ids are remembered within a bound, and beyond it nothing is obeyed that may be old."""
    guard, known = StopGuard("default", 0), RevocationList("default")
    heard = NETWORK.heard(stop(), ANNA)
    for number in range(STOPS_REMEMBERED):
        guard.check(type(heard)(stop(number + 1), heard.signer, heard.text), known, NOW)
    one_more = type(heard)(stop(0), heard.signer, heard.text)
    with pytest.raises(StatementRefused, match="too often"):
        guard.check(one_more, known, NOW)
    later = type(heard)(stop(0, SECOND + 121), heard.signer, heard.text)
    assert guard.check(later, known, NOW + 121) == later.said


def test_random_ids_differ() -> None:
    """Two stops have two ids."""
    rng = Random(1)
    assert stop(rng.getrandbits(128)) != stop(rng.getrandbits(128))


def test_id_of_an_issuer() -> None:
    """It is its digits, and nothing behind them."""
    assert msgspec.convert("0f" * 10, IssuerId) == "0f" * 10
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert("0f" * 10 + "\n", IssuerId)


def test_longest_statement() -> None:
    """What an admin says who has been known to many registries still fits."""
    widest = PrivateNetwork("n" * 31)
    groups = [f"{number}" * 31 for number in range(GROUPS_OF_A_PEER)]
    said_ = Revocation("r" * 31, 10**11, "n" * 31, before=10**11)
    assert len(msgspec.json.encode(said_)) <= statement._PAYLOAD_BYTES
    admins = [
        widest.certified(Identity("s" * 31, [ADMIN], some, 10**11, (Voucher("a" * 20, 10**10),)))
        for some in (groups[:4], groups)
    ]
    texts = [sign_statement(said_, admin) for admin in admins]
    assert [len(text) <= STATEMENT_CHARACTERS for text in texts] == [True, False]
    assert [may_sign(admin.certificates) for admin in admins] == [True, False]
    assert may_sign(widest.certified(Identity("s" * 31, [ADMIN], groups, 10**11)).certificates)
    assert len(NETWORK.revoke_issuer(NETWORK.issuer).text) <= STATEMENT_CHARACTERS
