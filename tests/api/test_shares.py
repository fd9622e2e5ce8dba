"""Files that other programs share, and stop to share."""

import pytest

from p2p_twisted.api import limits
from p2p_twisted.peer_errors import CannotKeep, Exists
from tests.api.browser import Browser, checked

PATH = "/v1/shares/{name}"
HEAD = b"PUT /v1/shares/a%2Fb%20%C3%A4.txt HTTP/1.1\r\nHost: p2p\r\n"


def test_share(browser: Browser) -> None:
    """A body of any kind is taken as it comes."""
    browser.send(HEAD + b"Content-Length: 6\r\n\r\nabc")
    assert browser.answer().status == 0
    browser.protocol.dataReceived(b"def")
    told = checked(browser, browser.answer(), PATH, "put")
    assert told["name"] == "a/b ä.txt"
    assert browser.peer.asked == [("share", "a/b ä.txt", b"abcdef", 6)]
    assert browser.peer.taken == [3, 3]


def test_share_in_chunks(browser: Browser) -> None:
    """Its length need not be known."""
    browser.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
    checked(browser, browser.answer(), PATH, "put")
    assert browser.peer.asked == [("share", "a/b ä.txt", b"abc", None)]


def test_share_nothing(browser: Browser) -> None:
    """A file may be empty."""
    browser.send(HEAD + b"Content-Length: 0\r\n\r\n")
    checked(browser, browser.answer(), PATH, "put")
    assert browser.peer.asked == [("share", "a/b ä.txt", b"", 0)]


def test_share_much(browser: Browser) -> None:
    """No more is read than is taken."""
    taking = browser.peer.hold_reading()
    size = 3 * limits.UPLOAD_AHEAD_BYTES
    browser.send(HEAD + b"Content-Length: %d\r\n\r\n" % size)
    for _ in range(17):
        browser.protocol.dataReceived(bytes(65_536))
    assert browser.transport.producerState == "paused"
    taking.callback(None)
    assert browser.transport.producerState == "producing"
    browser.protocol.dataReceived(bytes(size - 17 * 65_536))
    assert browser.answer().status == 200


def test_share_breaks_off(browser: Browser) -> None:
    """What has not come as a whole is not shared."""
    browser.send(HEAD + b"Content-Length: 6\r\n\r\nabc")
    browser.close()
    assert browser.peer.asked == []
    assert browser.ask("GET", "/v1/status").status == 200


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Exists("a is there already, and was not replaced"), 409, "exists"),
        (CannotKeep("the disk is full"), 507, "cannot_keep"),
    ],
)
def test_share_refused(browser: Browser, error: Exception, status: int, code: str) -> None:
    """What cannot be kept is refused before all has come, and nothing is read after that."""
    browser.peer.refuse_sharing = error
    browser.send(HEAD + b"Content-Length: 1000000000\r\n\r\nabcPOST /v1/stop HTTP/1.1\r\n\r\n")
    answer = browser.answer()
    assert (answer.status, answer.code) == (status, code)
    assert browser.transport.disconnecting
    assert browser.peer.asked == []


@pytest.mark.parametrize("length", [b"Content-Length: 3\r\n\r\nabc", b"Content-Length: 0\r\n\r\n"])
def test_share_forbidden(browser: Browser, length: bytes) -> None:
    """Who may not ask is refused, however short the body is."""
    browser.forbidden = "this peer is another user's"
    browser.send(HEAD + length)
    assert (browser.answer().status, browser.answer().code) == (403, "forbidden")
    assert browser.peer.asked == []


def test_unshare(browser: Browser) -> None:
    """It says where the file is now."""
    told = checked(browser, browser.ask("DELETE", "/v1/shares/a.txt"), PATH, "delete")
    assert told["path"].endswith("s2/.unshared/a.txt")
    assert browser.ask("DELETE", "/v1/shares/%ff").code == "bad_request"
    assert browser.ask("PUT", "/v1/shares/a?x=1").code == "bad_request"
