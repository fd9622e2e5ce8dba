"""Requests that wait until their requesters dial."""

from p2p_twisted.upload.awaited import AwaitedFetches
from p2p_twisted.wire.limits import FETCH_WITHIN_SECONDS
from p2p_twisted.wire.messages import Want

WANT = Want("e" * 32, "f" * 64, "cleo", "10.0.0.7", 9_000, via=("cleo", "ben"))


def kept() -> AwaitedFetches:
    """Keep one request, from the time 0 on."""
    awaited = AwaitedFetches()
    assert awaited.add(WANT, 0.0)
    return awaited


def test_once() -> None:
    """A request is given once, and only for a while."""
    awaited = kept()
    assert awaited.take(WANT.ticket, 1.0) == WANT
    assert awaited.take(WANT.ticket, 1.0) is None
    assert kept().take(WANT.ticket, FETCH_WITHIN_SECONDS) is None


def test_only_its_own() -> None:
    """Where it is certain who asks, nobody else has it, or spends it."""
    awaited = kept()
    for _ in range(3):
        assert awaited.take(WANT.ticket, 1.0, "ben") is None
    assert awaited.take(WANT.ticket, 1.0, "cleo") == WANT
