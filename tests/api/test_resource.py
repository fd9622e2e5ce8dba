"""Requests that are none, or not for this peer."""

import pytest
from twisted.logger import LogEvent

from p2p_twisted.api import limits
from tests.api.browser import Browser


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "no_such_path"),
        ("GET", "/", 404, "no_such_path"),
        ("GET", "/v1/../v1/status", 404, "no_such_path"),
        ("GET", "/v1/downloads/9999999999/pause", 404, "no_such_path"),
        ("GET", "/v1/leave", 405, "no_such_method"),
        ("PUT", "/v1/limits", 405, "no_such_method"),
        ("GET", "/v1/find", 400, "bad_request"),
        ("GET", "/v1/status?x=1", 400, "bad_request"),
        ("POST", "/v1/leave?x=1", 400, "bad_request"),
        ("GET", "/v1/%ff", 404, "no_such_path"),
    ],
)
def test_refused(browser: Browser, method: str, path: str, status: int, code: str) -> None:
    """Every error has the same shape."""
    answer = browser.ask(method, path)
    assert (answer.status, answer.code) == (status, code)
    assert browser.peer.asked == []


def test_forms(browser: Browser) -> None:
    """What a page of another site could post has no effect."""
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain"):
        answer = browser.ask("POST", "/v1/stop", {}, **{"Content-Type": kind})
        assert answer.status == 400
    assert browser.peer.asked == []


def test_forbidden(browser: Browser) -> None:
    """Who may not ask is told nothing else."""
    browser.forbidden = "this peer is another user's"
    for path in ("/v1/status", "/v1/openapi.json", "/v1/nothing"):
        answer = browser.ask("GET", path)
        assert (answer.status, answer.code) == (403, "forbidden")


def test_large_body(browser: Browser) -> None:
    """A body that is too large is refused before it has come, however it is announced."""
    head = b"POST /v1/downloads HTTP/1.1\r\nHost: p2p\r\nContent-Type: application/json\r\n"
    length = limits.BODY_BYTES + 1
    browser.send(head + b"Content-Length: 1000000000000\r\n\r\n{")
    assert (browser.answer().status, browser.transport.disconnecting) == (413, True)
    chunk = b"%x\r\n%s\r\n" % (length, b"x" * length)
    browser.send(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk)
    assert (browser.answer().status, browser.transport.disconnecting) == (413, True)
    assert browser.peer.asked == []


def test_unforeseen(browser: Browser, p2p_critical: list[LogEvent]) -> None:
    """What nobody foresaw is logged, and not told."""
    browser.peer.will("find", ZeroDivisionError("secret"))
    answer = browser.ask("GET", "/v1/find?text=a")
    assert (answer.status, answer.code) == (500, "unexpected")
    assert "secret" not in str(answer.lines)
    assert "secret" in str(p2p_critical.pop()["log_failure"])


def test_slow_request(browser: Browser) -> None:
    """A request has to come in time, however often some of it does; what is shared has not."""
    for head, is_dropped in (
        (b"GET /v1/status HTTP/1.1\r\n", True),
        (b"POST /v1/leave HTTP/1.1\r\nHost: p2p\r\nContent-Length: 1000\r\n\r\n", True),
        (b"PUT /v1/shares/a HTTP/1.1\r\nHost: p2p\r\nContent-Length: 1000\r\n\r\n", False),
    ):
        browser.send(head)
        for _ in range(limits.IDLE_SECONDS):
            assert not browser.transport.disconnecting
            browser.protocol.dataReceived(b"x")
            browser.clock.advance(1)
        assert browser.transport.disconnecting is is_dropped


def test_next_request(browser: Browser) -> None:
    """The next request of a connection has its own time."""
    browser.send(b"GET /v1/openapi.json HTTP/1.1\r\nHost: p2p\r\n\r\n")
    for _ in range(3):
        browser.clock.advance(limits.IDLE_SECONDS - 1)
        assert not browser.transport.disconnecting
        browser.protocol.dataReceived(b"GET /v1/openapi.json HTTP/1.1\r\nHost: p2p\r\n\r\n")
    browser.clock.advance(limits.IDLE_SECONDS)
    assert browser.transport.disconnecting
