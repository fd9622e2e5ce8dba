"""Whose word ends a peer, and who may say it."""

from types import SimpleNamespace
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import capturedLogs, formatEvent
from twisted.python.usage import UsageError

from p2p_twisted.peer.own_options import read_stop
from p2p_twisted.peer.shutdown import STOP, Shutdown
from p2p_twisted.peer.stop_rule import StopRule
from p2p_twisted.peer_errors import NotAllowed
from p2p_twisted.wire.messages import Gossip

LOOPBACK, LAN = "127.0.0.1", "192.168.1.10"
ID = "0" * 32


class Statements:
    """Signs for an admin or another member, and knows who has signed by the first letter."""

    def __init__(self, is_admin: bool) -> None:
        self._is_admin = is_admin

    def check_admin(self, what: str) -> None:
        if not self._is_admin:
            raise NotAllowed(f"only an admin may {what}")

    def sign_stop(self, _id: str, by_anyone: bool = False) -> str:
        if not by_anyone:
            self.check_admin("stop this network")
        return "admin" if self._is_admin else "member"

    def stopped_by(self, text: str, by_anyone: bool = False) -> str | None:
        return "anna" if text == "admin" or (by_anyone and text == "member") else None


class Peer:
    """A peer with a rule, at an address, in an open or a private network."""

    def __init__(
        self, rule: StopRule | None, host: str, statements: Statements | None = None
    ) -> None:
        self.published: list[Gossip] = []
        driver = SimpleNamespace(
            me=SimpleNamespace(name="ben", host=host),
            new_id=lambda: ID,
            publish=self.published.append,
            feed=lambda _event: None,
        )
        self.clock = Clock()
        network: Any = SimpleNamespace(connected=self._connected, driver=driver)
        self._driver = driver
        self.stops: list[None] = []
        judging: Any = statements
        self.shutdown = Shutdown(
            self.clock,
            network,
            lambda _text: None,
            lambda: self.stops.append(None),
            statements=judging,
            rule=rule,
        )
        self.clock.advance(5)

    async def _connected(self) -> Any:
        return self._driver

    def says(self) -> bool:
        """Say Stop; return whether the others hear of it."""
        saying = Deferred.fromCoroutine(self.shutdown.stop_others())
        refused: list[Any] = []
        saying.addErrback(refused.append)
        self.clock.advance(2)
        for failure in refused:
            failure.trap(NotAllowed)
            assert not self.published
        return bool(self.published)

    def obeys(self, text: str = "") -> bool:
        """Hear Stop; return whether that ends it."""
        self.shutdown.told(Gossip(ID, STOP, "anna", 0.0, 60.0, urgent=True, text=text))
        self.clock.advance(2)
        return bool(self.stops)


@pytest.mark.parametrize(
    ("rule", "host", "does"),
    [
        (None, LOOPBACK, True),
        (None, LAN, False),
        (StopRule.ANYONE, LAN, True),
        (StopRule.NEVER, LOOPBACK, False),
    ],
)
def test_open(rule: StopRule | None, host: str, does: bool) -> None:
    """In an open network anyone on one machine, and beyond that nobody unless the peer says so."""
    assert Peer(rule, host).says() is does
    assert Peer(rule, host).obeys() is does


@pytest.mark.parametrize(
    ("rule", "of_admin", "of_member"),
    [
        (None, True, False),
        (StopRule.ADMINS, True, False),
        (StopRule.ANYONE, True, True),
        (StopRule.NEVER, False, False),
    ],
)
@pytest.mark.parametrize("host", [LOOPBACK, LAN])
def test_private(rule: StopRule | None, of_admin: bool, of_member: bool, host: str) -> None:
    """In a private network the admins, wherever it is, unless the peer says otherwise."""
    for is_admin, does, text in ((True, of_admin, "admin"), (False, of_member, "member")):
        assert Peer(rule, host, Statements(is_admin)).says() is does
        assert Peer(rule, host, Statements(is_admin)).obeys(text) is does


def test_logged() -> None:
    """Who has stopped it is in its log, which is all that a peer in the background has."""
    with capturedLogs() as events:
        assert Peer(None, LOOPBACK).obeys()
    assert "anna has stopped the network" in map(formatEvent, events)


def test_option() -> None:
    """What is no rule, or none for an open network, is refused with what would do."""
    assert read_stop(None, False) is None
    assert [read_stop(each, True) for each in ("Anyone", "admins", "never")] == list(StopRule)
    with pytest.raises(UsageError, match="--stop takes anyone, admins or never, not 'no'"):
        read_stop("no", True)
    with pytest.raises(UsageError, match="an open network has no admins: say --stop anyone"):
        read_stop("admins", False)
