"""What is asked of a peer about pushes."""

from twisted.internet.defer import Deferred

from p2p_twisted.offers.board import Board, BoardState
from p2p_twisted.offers.limits import RECIPIENTS
from p2p_twisted.peer_errors import NotFound
from p2p_twisted.wire.messages import Receipt
from tests.api.browser import Browser, checked
from tests.console.fake_offers import WEEK, offer, own, received

ONE = "/v1/offers/{number}"
ID = offer(1).id


def test_list(browser: Browser) -> None:
    """Own ones and those of others, by their numbers."""
    browser.peer.offers.known = (received(2, download=7), own(1))
    told = checked(browser, browser.ask("GET", "/v1/offers"), "/v1/offers")["offers"]
    assert [(each["number"], each["state"], each["download"]) for each in told] == [
        (1, None, None),
        (2, "asked", 7),
    ]
    assert (told[0]["kind"], told[0]["to"], told[0]["file"]) == ("file", ["@all"], f"{1:064x}")


def test_push(browser: Browser) -> None:
    """What is shared is pushed once it is hashed; for a week, unless something else is said."""
    hashing: Deferred[object] = Deferred()
    browser.peer.will("push", hashing)
    browser.ask("POST", "/v1/offers", {"name": "lesson.tar", "to": ["anna", "@lab"]})
    assert browser.peer.asked == [("push", "lesson.tar", ("anna", "@lab"), WEEK, None)]
    assert browser.answer().lines == []
    for percent in (None, 30, 60):
        browser.peer.offers.hashing[0](percent)
    hashing.callback(own(7))
    *steps, end = checked(browser, browser.answer(), "/v1/offers", "post")
    assert [each["hashed"] for each in steps] == [30, 60]
    assert end["offer"]["number"] == 7


def test_gone(browser: Browser) -> None:
    """Who has gone before it was hashed, as p2p push --timeout has, has given it up."""
    canceled: list[object] = []
    browser.peer.will("push", Deferred(canceled.append))
    browser.ask("POST", "/v1/offers", {"name": "lesson.tar", "to": ["@all"]})
    browser.peer.offers.hashing[0](30)
    assert canceled == []
    browser.close()
    assert len(canceled) == 1


def test_late_fault(browser: Browser) -> None:
    """That it cannot be pushed may be found late."""
    hashing: Deferred[object] = Deferred()
    browser.peer.will("push", hashing)
    browser.ask("POST", "/v1/offers", {"name": "lesson.tar", "to": ["@all"]})
    browser.peer.offers.hashing[0](30)
    hashing.errback(NotFound("lesson.tar is there no more"))
    *_steps, end = checked(browser, browser.answer(), "/v1/offers", "post")
    assert end["error"]["message"] == "lesson.tar is there no more"


def test_no_push(browser: Browser) -> None:
    """What cannot be pushed is said, and who cannot be meant."""
    browser.peer.will("push", NotFound("nothing is shared here as x"))
    answer = browser.ask("POST", "/v1/offers", {"name": "x", "to": ["@all"]})
    assert (answer.status, answer.code) == (404, "not_found")
    for to in ([], ["Anna"], ["a_b"], ["@"], ["a"] * (RECIPIENTS + 1)):
        assert browser.ask("POST", "/v1/offers", {"name": "x", "to": to}).status == 400, to
    assert browser.ask("POST", "/v1/offers", {"name": "x", "to": ["a"], "seconds": 0}).status == 400
    assert len(browser.peer.asked) == 1


def board() -> Board:
    rows = (Receipt("s4", "fetching", 1_024, 512.0), Receipt("s5", "no space", reason="full"))
    counts: dict[BoardState, int] = {"fetching": 1, "no space": 1, "off": 1}
    return Board(offer(), counts, rows, ("s9",), 1_024, 512.0, 2.0, look_again=3.0)


def test_board(browser: Browser) -> None:
    """How far all are, of this peer's or another's."""
    browser.peer.offers.known = (own(1),)
    browser.peer.will("look", board())
    told = checked(browser, browser.ask("GET", "/v1/offers/1"), ONE)
    assert told["counts"] == {"fetching": 1, "no space": 1, "off": 1}
    assert [each["reason"] for each in told["receipts"]] == ["", "full"]
    assert (told["off"], told["share"], told["have_all"]) == (["s9"], 0.5, False)
    assert (told["unheard"], told["is_whole"]) == ([], True)
    assert browser.ask("GET", "/v1/offers/9").status == 404


def test_end(browser: Browser) -> None:
    """Own ones can be ended, and no others."""
    browser.peer.offers.known = (own(1), received(2))
    checked(browser, browser.ask("DELETE", "/v1/offers/1", {}), ONE, "delete")
    assert browser.ask("DELETE", "/v1/offers/2", {}).status == 403
    assert browser.peer.asked == [("withdraw", ID)]


def test_answer(browser: Browser) -> None:
    """Those of others can be accepted, or refused."""
    browser.peer.offers.known = (own(1), received(2))
    for word, accept in (("accept", True), ("refuse", False)):
        checked(browser, browser.ask("POST", f"/v1/offers/2/{word}", {}), f"{ONE}/{word}", "post")
        assert browser.peer.asked[-1] == ("answer", offer(2).id, accept)
    assert browser.ask("POST", "/v1/offers/1/accept", {}).status == 403


def test_accept_again(browser: Browser) -> None:
    """Whether all of what was saved is still here is told, and then nothing is got."""
    browser.peer.offers.known = (received(2, "saved"),)
    for is_here in (False, True):
        browser.peer.asked.clear()
        browser.peer.will("is_here", is_here)
        again = browser.ask("POST", "/v1/offers/2/accept", {})
        assert checked(browser, again, f"{ONE}/accept", "post") == {"is_here": is_here}
        assert (("answer", offer(2).id, True) in browser.peer.asked) is not is_here


def test_person(browser: Browser) -> None:
    """Who reads along as a person attends, as long as that is read; a program does not."""
    offers = browser.peer.offers
    browser.ask("GET", "/v1/events")
    assert offers.people == 0
    browser.ask("GET", "/v1/events?person=true")
    assert offers.people == 1
    offers.watches.tell(received(2))
    browser.clock.pump([0.1] * 3)
    [event] = checked(browser, browser.answer(), "/v1/events")
    assert (event["kind"], event["offer"]["state"]) == ("offer", "asked")
    browser.close()
    assert offers.people == 0
