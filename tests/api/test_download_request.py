"""Requests for downloads, and what is told of them."""

import os

from twisted.internet.defer import Deferred

from p2p_twisted.download.progress import (
    Progress,
)
from p2p_twisted.peer.interface import Selection
from p2p_twisted.peer_errors import AlreadyHere, Ambiguous, IsFolder, NotFound, PeerError
from tests.api.browser import Browser, checked
from tests.console.fake_peer import OTHER_FILE, hit, running, saved


def test_nothing_named(browser: Browser) -> None:
    """A download of nothing is refused."""
    bodies: tuple[dict[str, object], ...] = ({}, {"names": []}, {"peer": "s4"})
    for body in bodies:
        refused = browser.ask("POST", "/v1/downloads", body)
        assert (refused.status, refused.code) == (400, "bad_request")


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


def test_detached(browser: Browser) -> None:
    """Whoever does not wait is told the number as soon as there is one, and then nothing more."""
    ending: Deferred[Progress] = Deferred()
    browser.peer.will("get", ending)
    browser.ask("POST", "/v1/downloads", {"names": ["f1"], "detach": True})
    watch = browser.peer.watches[0]
    watch(running(7))
    watch(running(7, received=2_000))
    [line, last] = checked(browser, browser.answer(), "/v1/downloads", "post")
    assert line["download"]["number"] == 7
    assert (last["end"]["exit"], [each["number"] for each in last["end"]["downloads"]]) == (0, [7])
    ending.errback(PeerError("nobody waits for it"))


def test_detached_several(browser: Browser) -> None:
    """Of several, until all have begun: each folder is one, and all files are one."""
    ending: Deferred[tuple[Progress, ...]] = Deferred()
    folder = (hit(name="photos", kind="folder"),)
    things = (folder, (hit(name="a"),), (hit(name="b", file=OTHER_FILE),))
    failed = (("c", NotFound("no peer has c")),)
    browser.peer.will("select", Selection(("photos", "a", "b", "c"), things, failed=failed))
    browser.peer.will("get_selected", ending)
    browser.ask("POST", "/v1/downloads", {"names": ["photos", "a", "b", "c"], "detach": True})
    watch = browser.peer.watches[0]
    watch(running(3))
    assert [each["end"] for each in browser.answer().lines] == [None]
    watch(running(4))
    end = checked(browser, browser.answer(), "/v1/downloads", "post")[-1]["end"]
    assert [each["number"] for each in end["downloads"]] == [3, 4]
    assert (end["exit"], [each["name"] for each in end["failed"]]) == (10, ["c"])
    ending.callback(())


def test_detached_quickly(browser: Browser) -> None:
    """What has ended before it was seen to begin, or cannot begin, is told as it has ended."""
    answer = browser.ask("POST", "/v1/downloads", {"names": ["f1"], "detach": True})
    [last] = checked(browser, answer, "/v1/downloads", "post")
    assert [each["state"] for each in last["end"]["downloads"]] == ["saved"]
    browser.peer.will("get", NotFound("no peer has f2"))
    refused = browser.ask("POST", "/v1/downloads", {"names": ["f2"], "detach": True})
    assert (refused.status, refused.code) == (404, "not_found")


def test_one_file(browser: Browser) -> None:
    """Where only one file will do, several are offered, and none is fetched."""
    browser.peer.will("get", NotFound("no peer has *.txt"), NotFound("no peer has *.txt"))
    here = (("c", AlreadyHere("it is here", "/d/c", OTHER_FILE)),)
    things = ((hit(name="a"),), (hit(name="b", file=OTHER_FILE),))
    browser.peer.will("select", Selection(("*.txt",), things, here))
    asked = {"names": ["*.txt"], "file": True}
    refused = browser.ask("POST", "/v1/downloads", asked)
    assert (refused.status, refused.code) == (409, "ambiguous")
    error = refused.lines[0]["error"]
    assert error["message"].startswith("3 files are meant, and only one can be had so: choose one")
    assert [(each["number"], each["name"]) for each in error["hits"]] == [(1, "a"), (2, "b")]
    assert [method for method, *_ in browser.peer.asked] == ["get", "select"]
    browser.peer.will("select", Selection(("*.txt",), things[:1]))
    assert browser.ask("POST", "/v1/downloads", asked).status == 200
