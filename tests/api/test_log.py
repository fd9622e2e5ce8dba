"""The last lines of the log."""

from collections.abc import Iterator

import pytest
from twisted.logger import Logger

from p2p_twisted.api import limits
from tests.api.browser import Browser, checked

log = Logger()


@pytest.fixture
def browser() -> Iterator[Browser]:
    browser = Browser()
    browser.log.open()
    yield browser
    browser.log.close()
    browser.api.close()


def test_last(browser: Browser) -> None:
    """As many as are asked for, the last ones; single messages are none."""
    for number in range(5):
        log.info("line {number}", number=number)
    log.debug("a message")
    lines = checked(browser, browser.ask("GET", "/v1/log?lines=2"), "/v1/log")
    assert [each["text"] for each in lines] == ["line 3", "line 4"]
    assert lines[0]["level"] == "info"
    assert lines[0]["source"] == __name__


def test_bounded(browser: Browser) -> None:
    """Of very much, the last is kept; of a very long line, the beginning."""
    for number in range(limits.LOG_LINES_KEPT + 10):
        log.info("{number} {long}", number=number, long="x" * 10_000)
    lines = browser.ask("GET", f"/v1/log?lines={limits.LOG_LINES_KEPT}").lines
    assert lines[-1]["text"].startswith(f"{limits.LOG_LINES_KEPT + 9} xxx")
    assert {len(each["text"]) for each in lines} == {limits.LOG_LINE_CHARACTERS}
    assert browser.ask("GET", "/v1/log?lines=1001").status == 400


def test_follow(browser: Browser) -> None:
    """What comes is written, too, until the daemon ends."""
    log.info("before")
    browser.ask("GET", "/v1/log?lines=1&follow=true")
    log.info("after")
    browser.clock.advance(0.1)
    lines = checked(browser, browser.answer(), "/v1/log")
    assert [each["text"] for each in lines] == ["before", "after"]
    browser.api.close()
    assert browser.transport.value().endswith(b"0\r\n\r\n")


def test_warnings(browser: Browser) -> None:
    """A warning is an event, too; what is only told is not."""
    browser.ask("GET", "/v1/events")
    log.info("all is well")
    log.warn("the disk is\nfull")
    browser.clock.pump([0.1, 0.1])
    [event] = checked(browser, browser.answer(), "/v1/events")
    assert (event["kind"], event["text"]) == ("warning", "the disk is")
