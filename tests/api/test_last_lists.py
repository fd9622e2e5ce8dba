"""Numbers of the list that a caller was shown last."""

from p2p_twisted.api.limits import LIST_ROWS, LISTS_KEPT
from p2p_twisted.peer.interface import Selection
from p2p_twisted.peer_errors import AlreadyHere, Ambiguous
from tests.api.browser import Browser, checked
from tests.console.fake_peer import OTHER_FILE, found, hit


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
