"""What a peer answers, by every path; and that its document tells the truth about it."""

import os

import attrs
import pytest
from openapi_spec_validator import validate
from twisted.internet.defer import Deferred

from p2p_twisted.api.limits import LIST_ROWS, LISTS_KEPT
from p2p_twisted.download.progress import (
    Blocked,
    Canceled,
    Checking,
    Copying,
    Failed,
    Hashing,
    Incomplete,
    Paused,
    Progress,
    Queued,
    Receiving,
    Saving,
    Seeking,
    State,
    Waiting,
)
from p2p_twisted.peer.interface import Found, Selection
from p2p_twisted.peer.peer_errors import AlreadyHere, Ambiguous, IsFolder, NotFound, PeerError
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


@pytest.fixture
def browser() -> Browser:
    return Browser()


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


def test_numbers(browser: Browser) -> None:
    """A number stands for a row of the last list of the same caller: its best holder first."""
    other = hit("s9", "f2.txt", OTHER_FILE)
    browser.peer.will("find", found(hit("s4"), other, hit("s6")))
    hits = checked(browser, browser.ask("GET", "/v1/find?text=f"), "/v1/find")["hits"]
    assert [each["number"] for each in hits] == [1, 2, 1]
    browser.caller = 7
    refused = browser.ask("POST", "/v1/downloads", {"numbers": [1]})
    assert (refused.status, refused.code) == (400, "bad_request")
    assert "you were shown no list yet" in refused.lines[0]["error"]["message"]
    browser.caller = 0
    refused = browser.ask("POST", "/v1/downloads", {"numbers": [1, 3]})
    assert "there is no number 3 in your last list" in refused.lines[0]["error"]["message"]
    browser.ask("POST", "/v1/downloads", {"numbers": [1], "peer": "s6"})
    browser.ask("POST", "/v1/downloads", {"numbers": [2, 1], "names": ["f3"]})
    asked = browser.peer.asked[1:]
    assert asked[0] == ("get", hit("s4"), "s6")
    assert asked[1][:2] == ("select", (other, hit("s4"), "f3"))


def test_numbers_of_others(browser: Browser) -> None:
    """Each list takes the place of the one before: what a peer shares, and what a name means."""
    browser.peer.will("listing", found(hit("s4", "f8")))
    browser.ask("GET", "/v1/files?peer=s4")
    browser.ask("POST", "/v1/downloads", {"numbers": [1]})
    assert browser.peer.asked[-1] == ("get", hit("s4", "f8"), None)
    browser.peer.will("get", Ambiguous((hit("s4"), hit("s6", file=OTHER_FILE))))
    refused = browser.ask("POST", "/v1/downloads", {"names": ["f1"]})
    assert [each["number"] for each in refused.lines[0]["error"]["hits"]] == [1, 2]
    browser.peer.will("get", AlreadyHere("it is here", "s2/f1.txt"))
    end = browser.ask("POST", "/v1/downloads", {"numbers": [2]}).lines[-1]["end"]
    assert browser.peer.asked[-1] == ("get", hit("s6", file=OTHER_FILE), None)
    assert [each["name"] for each in end["here"]] == ["f1.txt"]


def test_not_numbered(browser: Browser) -> None:
    """What nobody is shown has no numbers, and leaves the last list as it was."""
    shown, other = hit("s4", "f8"), hit("s9", "f2.txt", OTHER_FILE)
    browser.peer.will("listing", found(shown))
    browser.ask("GET", "/v1/files?peer=s4")
    for path in ("/v1/find?text=f&numbered=false", "/v1/hits?text=f&numbered=false"):
        browser.peer.will("find", found(other))
        [answer] = browser.ask("GET", path).lines
        assert [each["number"] for each in (answer.get("end") or answer)["hits"]] == [None]
    browser.peer.will("listing", found(other))
    browser.ask("GET", "/v1/files?numbered=false")
    browser.peer.will("get", Ambiguous((other, hit())))
    browser.ask("POST", "/v1/downloads", {"names": ["f"], "numbered": False})
    browser.ask("POST", "/v1/downloads", {"numbers": [1]})
    assert browser.peer.asked[-1] == ("get", shown, None)


def test_many_lists(browser: Browser) -> None:
    """Of very many callers and rows, the latest and the first are remembered."""
    rows = [hit("s4", f"f{number}") for number in range(LIST_ROWS + 1)]
    for browser.caller in range(LISTS_KEPT + 1):
        browser.peer.will("find", found(*rows))
        hits = browser.ask("GET", "/v1/find?text=f").lines[0]["hits"]
        assert [each["number"] for each in hits[-2:]] == [LIST_ROWS, None]
    assert browser.ask("POST", "/v1/downloads", {"numbers": [LIST_ROWS]}).status == 200
    browser.caller = 0
    assert browser.ask("POST", "/v1/downloads", {"numbers": [1]}).status == 400


def test_nothing_named(browser: Browser) -> None:
    """A download of nothing is refused."""
    bodies: tuple[dict[str, object], ...] = ({}, {"names": []}, {"peer": "s4"})
    for body in bodies:
        refused = browser.ask("POST", "/v1/downloads", body)
        assert (refused.status, refused.code) == (400, "bad_request")


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


def test_get(browser: Browser) -> None:
    """Progress as it comes, and the end."""
    ending: Deferred[Progress] = Deferred()
    browser.peer.will("get", ending)
    browser.ask("POST", "/v1/downloads", {"names": ["f1"], "peer": "s4"})
    assert browser.peer.asked == [("get", "f1", "s4")]
    browser.peer.watches[0](running())
    browser.peer.watches[0](running(received=1_100))
    browser.clock.advance(1.0)
    browser.peer.watches[0](running(received=1_200))
    assert [line["download"]["received"] for line in browser.answer().lines] == [1_024, 1_200]
    ending.callback(saved())
    lines = checked(browser, browser.answer(), "/v1/downloads", "post")
    assert [each["state"] for each in lines[-1]["end"]["downloads"]] == ["saved"]


def test_get_several(browser: Browser) -> None:
    """Several names are one request, and what fails of it is told beside the rest."""
    selection = Selection(
        ("a", "b", "c"),
        ((hit(name="a"),),),
        (("b", AlreadyHere("it is here", "/d/b", OTHER_FILE)),),
        (("c", NotFound("no peer has c")),),
    )
    browser.peer.will("select", selection)
    answer = browser.ask("POST", "/v1/downloads", {"names": ["a", "b", "c"]})
    end = checked(browser, answer, "/v1/downloads", "post")[-1]["end"]
    assert end["here"] == [{"name": "b", "path": "/d/b", "id": OTHER_FILE}]
    assert end["failed"] == [
        {"name": "c", "code": "not_found", "reason": "no peer has c", "exit": 4}
    ]


def test_get_pattern(browser: Browser) -> None:
    """What no file has as its name may be a pattern; what is no pattern is just not there."""
    browser.peer.will("get", NotFound("no peer has *.txt"), NotFound("no peer has x"))
    answer = browser.ask("POST", "/v1/downloads", {"names": ["*.txt"]})
    checked(browser, answer, "/v1/downloads", "post")
    refused = browser.ask("POST", "/v1/downloads", {"names": ["x"]})
    assert (refused.status, refused.code) == (404, "not_found")
    assert [name for name, *_ in browser.peer.asked] == ["get", "select", "get_selected", "get"]


def test_get_file(browser: Browser) -> None:
    """Where only a file will do, a folder is refused, and nothing is fetched."""
    browser.peer.will("get", NotFound("no peer has pho*"), IsFolder("photos is a folder"))
    folder = (hit(name="photos", kind="folder"),)
    browser.peer.will("select", Selection(("pho*",), (folder,)))
    for name in ("pho*", "photos"):
        refused = browser.ask("POST", "/v1/downloads", {"names": [name], "file": True})
        assert (refused.status, refused.code) == (409, "is_folder")
    assert browser.peer.only_files == [True, True]
    assert [method for method, *_ in browser.peer.asked] == ["get", "select", "get"]
    browser.ask("POST", "/v1/downloads", {"names": ["photos"]})
    assert browser.peer.only_files[-1] is False


def test_get_here(browser: Browser) -> None:
    """What is there already is no error: it is told where, with no need to know from where on."""
    for file in (OTHER_FILE, None):
        why = "f1 (1).txt is already in s2/Downloads"
        browser.peer.will("get", AlreadyHere(why, "s2/Downloads/f1 (1).txt", file))
        answer = browser.ask("POST", "/v1/downloads", {"names": ["f1.txt"]})
        [here] = checked(browser, answer, "/v1/downloads", "post")[-1]["end"]["here"]
        path = os.path.abspath("s2/Downloads/f1 (1).txt")
        assert here == {"name": "f1.txt", "path": path, "id": file}


def test_get_ambiguous(browser: Browser) -> None:
    """Several meanings are offered, each with the id to choose it by."""
    browser.peer.will("get", Ambiguous((hit(), hit("s6", file=OTHER_FILE))))
    answer = browser.ask("POST", "/v1/downloads", {"names": ["f1"]})
    assert (answer.status, answer.code) == (409, "ambiguous")
    error = answer.lines[0]["error"]
    assert [each["id"] for each in error["hits"]][1] == OTHER_FILE
    assert error["message"] == "different files have that name: choose one by its number or id"


def test_ambiguous_without_numbers(browser: Browser) -> None:
    """Where numbers would mean nothing, the id is named alone: here, and of one of several."""
    both = Ambiguous((hit(), hit("s6", file=OTHER_FILE)))
    browser.peer.will("get", both)
    answer = browser.ask("POST", "/v1/downloads", {"names": ["f1"], "numbered": False})
    error = answer.lines[0]["error"]
    assert error["message"] == "different files have that name: choose one by its id"
    assert [each["number"] for each in error["hits"]] == [None, None]
    browser.peer.will("select", Selection(("f1", "f2"), (), failed=(("f1", both),)))
    end = browser.ask("POST", "/v1/downloads", {"names": ["f1", "f2"]}).lines[-1]["end"]
    assert end["failed"][0]["reason"] == error["message"]


def test_fails_late(browser: Browser) -> None:
    """An error after the first line is the last line."""
    ending: Deferred[Progress] = Deferred()
    browser.peer.will("get", ending)
    browser.ask("POST", "/v1/downloads", {"names": ["f1"]})
    browser.peer.watches[0](running())
    ending.errback(PeerError("there is no other peer"))
    lines = checked(browser, browser.answer(), "/v1/downloads", "post")
    assert lines[-1]["error"]["message"] == "there is no other peer"


def test_slow_reader(browser: Browser) -> None:
    """Who does not read is told less, but the end."""
    ending: Deferred[Progress] = Deferred()
    browser.peer.will("get", ending)
    browser.ask("POST", "/v1/downloads", {"names": ["f1"]})
    watch = browser.peer.watches[0]
    watch(running())
    assert browser.transport.producer is not None
    browser.transport.producer.pauseProducing()
    for received in range(1_025, 1_125):
        browser.clock.advance(1.0)
        watch(running(received=received))
    ending.callback(saved())
    assert len(browser.answer().lines) == 2


def test_reader_goes(browser: Browser) -> None:
    """A download whose reader has gone goes on."""
    ending: Deferred[Progress] = Deferred()
    browser.peer.will("get", ending)
    browser.ask("POST", "/v1/downloads", {"names": ["f1"]})
    browser.close()
    browser.peer.watches[0](running())
    ending.callback(saved())
    assert browser.ask("GET", "/v1/status").status == 200


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
