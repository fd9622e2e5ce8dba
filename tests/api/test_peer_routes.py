"""What a peer answers, by every path; and that its document tells the truth about it."""

import attrs
import pytest
from openapi_spec_validator import validate
from twisted.internet.defer import Deferred

from p2p_twisted.download.progress import (
    Blocked,
    Canceled,
    Checking,
    Copying,
    Failed,
    Hashing,
    Incomplete,
    Paused,
    Queued,
    Receiving,
    Saving,
    Seeking,
    State,
    Waiting,
)
from p2p_twisted.peer.interface import Found
from p2p_twisted.peer_errors import PeerError
from tests.api.browser import Browser, checked
from tests.console.fake_peer import OTHER_FILE, UPLOAD, address, found, hit, running, saved

STATES: tuple[State, ...] = (
    Seeking(),
    Hashing("s4", 30),
    Waiting((address("s4"),)),
    Waiting(refused=(("s4", "busy"),)),
    Queued(),
    Blocked("the disk is full"),
    Paused(),
    Checking(),
    Copying(),
    Receiving(),
    Saving(),
    Incomplete("s2/Downloads/photos", ("a.jpg",), 2.0),
    Failed("the disk is broken"),
    Canceled(),
)


def test_document(browser: Browser) -> None:
    """What is served is such a document, and names every path once."""
    validate(browser.document)
    assert browser.document["openapi"] == "3.1.0"


def test_status(browser: Browser) -> None:
    """All of a peer at a glance, with paths that do not depend on where it runs."""
    status = checked(browser, browser.ask("GET", "/v1/status"), "/v1/status")
    assert (status["name"], status["files"]) == ("s2", 12)
    assert status["directory"].startswith("/")
    assert status["limits"] == {"up": None, "down": None}
    assert (status["relays"], status["relay_limit"]) == (0, None)
    browser.peer.status_now = attrs.evolve(browser.peer.status_now, shares=(("lab", "/data/lab"),))
    status = checked(browser, browser.ask("GET", "/v1/status"), "/v1/status")
    assert status["shares"] == [{"name": "lab", "path": "/data/lab"}]


def test_undecodable(browser: Browser) -> None:
    """A path whose bytes are no UTF-8 is told, too."""
    browser.peer.status_now = attrs.evolve(browser.peer.status_now, directory="/a\udcff")
    status = checked(browser, browser.ask("GET", "/v1/status"), "/v1/status")
    assert status["directory"] == "/a\udcff"


def test_network(browser: Browser) -> None:
    """Peers and links."""
    network = checked(browser, browser.ask("GET", "/v1/topology"), "/v1/topology")
    assert network["links"] == [["s1", "s2"]]


def test_find(browser: Browser) -> None:
    """A search, by what the query says."""
    answer = browser.ask("GET", "/v1/find?text=f%31*")
    found = checked(browser, answer, "/v1/find")
    assert [each["peer"] for each in found["hits"]] == ["s4", "s6"]
    assert browser.peer.asked == [("find", "f1*")]


def test_hits(browser: Browser) -> None:
    """Hits as they come, each once, and the end with those that were left."""
    ending: Deferred[Found] = Deferred()
    browser.peer.will("find", ending)
    browser.ask("GET", "/v1/hits?text=f1")
    for _ in range(2):
        browser.peer.parts[0]((hit("s6"),))
    assert [each["peer"] for each in browser.answer().lines[0]["hits"]] == ["s6"]
    ending.callback(found(hit("s4"), hit("s6")))
    first, end = checked(browser, browser.answer(), "/v1/hits")
    assert first["end"] is None
    assert [each["peer"] for each in end["end"]["hits"]] == ["s4"]
    numbers = [each["number"] for each in (*first["hits"], *end["end"]["hits"])]
    assert numbers == [1, 1]


def test_hits_fail(browser: Browser) -> None:
    """A search that fails says so, before its first line and behind it."""
    browser.peer.will("find", PeerError("there is no network"))
    assert browser.ask("GET", "/v1/hits?text=f1").status == 422
    ending: Deferred[Found] = Deferred()
    browser.peer.will("find", ending)
    browser.ask("GET", "/v1/hits?text=f1")
    browser.peer.parts[-1]((hit(),))
    ending.errback(PeerError("there is no network"))
    lines = checked(browser, browser.answer(), "/v1/hits")
    assert lines[-1]["error"]["message"] == "there is no network"


def test_files(browser: Browser) -> None:
    """What one peer shares."""
    checked(browser, browser.ask("GET", "/v1/files?peer=s4"), "/v1/files")
    checked(browser, browser.ask("GET", "/v1/files"), "/v1/files")
    assert browser.peer.asked == [("listing", "s4"), ("listing", None)]


def test_no_such_name(browser: Browser) -> None:
    """What no peer can be called is refused in words; a name may be typed in any case."""
    for answer in (
        browser.ask("GET", "/v1/files?peer=a%20b"),
        browser.ask("POST", "/v1/downloads", {"names": ["f1"], "peer": "../x"}),
    ):
        assert (answer.status, answer.code) == (400, "bad_request")
        assert answer.lines[0]["error"]["message"].startswith("a peer's name has 1 to 31 letters")
    browser.ask("GET", "/v1/files?peer=S4")
    assert browser.peer.asked == [("listing", "s4")]


def test_status_line(browser: Browser) -> None:
    """Each status has its words."""
    browser.peer.will("find", PeerError("there is no network"))
    browser.ask("GET", "/v1/find?text=f1")
    assert browser.transport.value().startswith(b"HTTP/1.1 422 Unprocessable ")


@pytest.mark.parametrize("state", STATES)
def test_transfers(browser: Browser, state: State) -> None:
    """Downloads in every state, and uploads."""
    browser.peer.downloads_now = (running(state=state), saved(2))
    browser.peer.uploads_now = (UPLOAD,)
    both = checked(browser, browser.ask("GET", "/v1/transfers"), "/v1/transfers")
    assert both["downloads"][0]["state"] == type(state).__name__.lower()
    assert both["downloads"][1]["path"].startswith("/")
    assert both["uploads"][0]["id"] == OTHER_FILE


def test_explain(browser: Browser) -> None:
    """A download is explained by its number or name; what nothing is known of is not found."""
    for query in ("", "?of=1", "?of=f1.txt"):
        told = checked(browser, browser.ask("GET", f"/v1/explain{query}"), "/v1/explain")
        assert told["diagnosis"]["cause"] == "holder_limit"
        assert told["holders"][0]["held"]["by"] == "limit"
        assert told["holders"][0]["rate"] == 409.6
        assert told["notes"][1]["times"] == 3
        assert told["question"]["holders"] == [{"peer": "s4", "after": 0.01}]
    refused = browser.ask("GET", "/v1/explain?of=9")
    assert (refused.status, refused.code) == (404, "not_found")


def test_changes(browser: Browser) -> None:
    """Downloads are paused, resumed and canceled by number, or all."""
    one = "/v1/downloads/{number}"
    for method, path, shape in (
        ("POST", "/v1/downloads/1/pause", f"{one}/pause"),
        ("POST", "/v1/downloads/pause", "/v1/downloads/pause"),
        ("POST", "/v1/downloads/1/resume", f"{one}/resume"),
        ("POST", "/v1/downloads/resume", "/v1/downloads/resume"),
        ("DELETE", "/v1/downloads/1", one),
    ):
        checked(browser, browser.ask(method, path), shape, method.lower())
    refused = browser.ask("DELETE", "/v1/downloads/2")
    assert (refused.status, refused.code) == (404, "not_found")


def test_limits(browser: Browser) -> None:
    """What is not named stays; 0 is no limit."""
    for given, expected in (
        ({"up": 5_000_000}, {"up": 5_000_000, "down": None}),
        ({"down": 7_000_000}, {"up": 5_000_000, "down": 7_000_000}),
        ({"up": 0}, {"up": None, "down": 7_000_000}),
    ):
        answer = browser.ask("PATCH", "/v1/limits", given)
        assert checked(browser, answer, "/v1/limits", "patch") == expected
    assert browser.ask("PATCH", "/v1/limits", {"up": 10**4_000}).status == 400
    assert browser.ask("PATCH", "/v1/limits", {"up": 1}).status == 422


@pytest.mark.parametrize(("path", "call"), [("leave", "leave"), ("stop", "stop_network")])
def test_goes(browser: Browser, path: str, call: str) -> None:
    """The daemon ends, but not before the answer was sent."""
    answer = browser.ask("POST", f"/v1/{path}", {})
    checked(browser, answer, f"/v1/{path}", "post")
    assert (browser.peer.asked, browser.left) == ([(call,)], [])
    browser.clock.advance(1.0)
    assert browser.left == [True]
