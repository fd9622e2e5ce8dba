"""Requests that come by hundreds: nobody else is kept waiting for them."""

from itertools import count
from typing import Any

import pytest
from twisted.internet.testing import StringTransport

from p2p_twisted.api.request_queue import RequestQueue
from tests.api.browser import Browser

_MOST_IN_A_TURN = 11


def request(text: str) -> bytes:
    return f"GET /v1/find?text={text} HTTP/1.1\r\nHost: p2p\r\n\r\n".encode()


@pytest.fixture
def browser() -> Browser:
    """Each look at the processor time costs a millisecond of it."""
    made = Browser()
    milliseconds = count()
    made._site.queue = RequestQueue(made.clock, lambda: next(milliseconds) / 1_000)
    return made


def send(browser: Browser, raw: bytes) -> tuple[Any, StringTransport]:
    """Send bytes over a new connection; the turn of the reactor goes on."""
    protocol: Any = browser._site.buildProtocol(None)
    transport = StringTransport()
    protocol.makeConnection(transport)
    protocol.dataReceived(raw)
    return protocol, transport


def test_many_on_one_connection(browser: Browser) -> None:
    """A few are answered in the turn of the reactor in which they come, and all in time."""
    _, transport = send(browser, request("a") * 500)
    assert len(browser.peer.asked) <= _MOST_IN_A_TURN
    browser.clock.advance(0)
    assert transport.value().count(b"HTTP/1.1 200 OK\r\n") == 500


def test_another_connection(browser: Browser) -> None:
    """Who asks once is answered between two of them."""
    send(browser, request("a") * 500)
    send(browser, request("b"))
    browser.clock.advance(0)
    assert browser.peer.asked.index(("find", "b")) <= _MOST_IN_A_TURN + 1
    assert len(browser.peer.asked) == 501


def test_gone(browser: Browser) -> None:
    """Nothing is done for those that have gone before their turn; then it is idle."""
    waiting = browser.clock.getDelayedCalls()
    protocol, _ = send(browser, request("a") * 500)
    asked = len(browser.peer.asked)
    browser.protocol = protocol
    browser.close()
    browser.clock.advance(0)
    assert len(browser.peer.asked) == asked
    assert browser.clock.getDelayedCalls() == waiting
