"""Conversations with the registry of a private network."""

from typing import Any, cast

import pytest
from attrs import evolve
from twisted.internet.address import IPv4Address
from twisted.internet.testing import MemoryReactorClock, StringTransport

from p2p_twisted.registry.enrollment import Enrollment, PrivateQuestion
from p2p_twisted.registry.session import RegistrySession
from p2p_twisted.trust.identity import REGISTRY, Identity
from p2p_twisted.wire.codec import decode, encode
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.messages import (
    Bye,
    Certify,
    Enroll,
    Error,
    Join,
    Leave,
    ListRecords,
    MakeInvite,
    Message,
    Renew,
    Report,
    Revoked,
    Void,
    Welcome,
)
from p2p_twisted.wire.names import PeerAddress
from tests.registry.builders import HELLO, LOOPBACK
from tests.registry.running import make_registry

ANNA = Identity("anna")
DIGEST = "0" * 64
MEMBERS_ASK = (
    *(Certify("AAAA"), MakeInvite(), Void("3f2a91bc"), ListRecords("members"), Revoked("0" * 64)),
)


class FakeEnrollment:
    """Notes what it is asked, and by whom."""

    def __init__(self) -> None:
        self.asked: list[tuple[PrivateQuestion, Identity | None]] = []

    async def answer(self, asked: PrivateQuestion, identity: Identity | None, host: str) -> Message:
        assert host == LOOPBACK
        self.asked.append((asked, identity))
        return Bye("noted")

    def digest(self) -> str:
        return DIGEST

    def stop(self) -> str | None:
        return None

    def differing(self, asked: Revoked) -> list[Revoked]:
        return [] if asked.digest == DIGEST else [Revoked(DIGEST, ("a.b.c.d",), 1)]


class Conversation:
    """One connection, on which a certificate was shown, or none."""

    def __init__(self, shown: Identity | None, is_open: bool = False) -> None:
        clock: Any = MemoryReactorClock()
        registry = make_registry(clock, None)
        registry.policy = evolve(registry.policy, is_open=is_open, is_private=True)
        registry.start()
        self.enrollment = FakeEnrollment()
        enrollment = cast(Enrollment, self.enrollment)
        self.connection = Connection(
            clock, lambda made: RegistrySession(made, registry, enrollment), HELLO
        )
        if shown is not None:
            self.connection.gate.meet(shown)
        self.transport = StringTransport(peerAddress=IPv4Address("TCP", LOOPBACK, 40_000))
        self.connection.makeConnection(self.transport)
        self.transport.clear()

    def say(self, message: Message) -> Message:
        """Say something; return what is answered."""
        self.connection.dataReceived(encode(message))
        [line] = self.transport.value().splitlines()
        assert self.transport.disconnecting
        return decode(line)


@pytest.mark.parametrize(
    "message",
    [
        Join("anna"),
        Renew("anna", "0" * 32),
        Leave("anna", "0" * 32),
        Report(PeerAddress("anna", LOOPBACK, 9_000)),
        *MEMBERS_ASK[1:],
    ],
)
def test_newcomers(message: Message) -> None:
    """Who has shown no certificate may ask to be let in, and nothing else."""
    conversation = Conversation(None)
    answer = conversation.say(message)
    assert isinstance(answer, Error)
    assert answer.reason == "this network is private: come in with an invite first"
    assert conversation.enrollment.asked == []


def test_enrollment() -> None:
    """That is decided, and the answer is the last line."""
    for asked in (Enroll("anna", "0" * 20, "AAAA"), Certify("AAAA")):
        conversation = Conversation(None)
        assert conversation.say(asked) == Bye("noted")
        assert conversation.enrollment.asked == [(asked, None)]


def test_unreachable() -> None:
    """A peer that others could not reach is refused before its invite is used up."""
    conversation = Conversation(None, is_open=True)
    answer = conversation.say(Enroll("anna", "0" * 20, "AAAA"))
    assert isinstance(answer, Error)
    assert "--listen tcp:9011:interface=127.0.0.1" in answer.reason
    assert "insecure" not in answer.reason
    assert conversation.enrollment.asked == []
    # A registry is not dialed at the address from which it comes in.
    assert Conversation(None, is_open=True).say(Enroll(REGISTRY, "0" * 20, "AAAA")) == Bye("noted")


@pytest.mark.parametrize("asked", MEMBERS_ASK)
def test_members(asked: PrivateQuestion) -> None:
    """What members ask is decided for whom their certificate names."""
    conversation = Conversation(ANNA)
    assert conversation.say(asked) == Bye("noted")
    assert conversation.enrollment.asked == [(asked, ANNA)]


def test_registration() -> None:
    """A member registers as in an open network, under its own name."""
    assert isinstance(Conversation(ANNA).say(Join("Anna")), Welcome)
    answer = Conversation(ANNA).say(Join("ben"))
    assert isinstance(answer, Error)
    assert "is anna's" in answer.reason


def test_comparing() -> None:
    """Who joins hears what to compare; who compares is told what differs before the answer."""
    answer = Conversation(ANNA).say(Join("anna"))
    assert isinstance(answer, Welcome)
    assert answer.revoked == DIGEST
    conversation = Conversation(ANNA)
    conversation.connection.dataReceived(encode(Revoked("1" * 64)))
    said = [decode(line) for line in conversation.transport.value().splitlines()]
    assert said == [Revoked(DIGEST, ("a.b.c.d",), 1), Bye("noted")]
    assert conversation.transport.disconnecting


@pytest.mark.parametrize("asked", MEMBERS_ASK)
def test_open_network(asked: Message) -> None:
    """The registry of an open network knows none of this."""
    clock: Any = MemoryReactorClock()
    registry = make_registry(clock, None)
    registry.start()
    connection = Connection(clock, lambda made: RegistrySession(made, registry), HELLO)
    transport = StringTransport(peerAddress=IPv4Address("TCP", LOOPBACK, 40_000))
    connection.makeConnection(transport)
    transport.clear()
    connection.dataReceived(encode(asked))
    answer = decode(transport.value())
    assert isinstance(answer, Error)
    assert "is for peers" in answer.reason
