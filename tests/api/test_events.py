"""What happens to a peer, as those who read along are told it."""

from random import Random

import attrs
import pytest
from twisted.internet.error import ConnectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from p2p_twisted.api import limits
from p2p_twisted.api.event_views import PEER_EVENTS, EventView
from p2p_twisted.peer.sights import (
    AnswerSeen,
    LinkBegan,
    LinkEnded,
    PeersSeen,
    QuestionSeen,
    RegistrationSeen,
    Sight,
)
from p2p_twisted.wire.messages import PeerRecord
from tests.api.browser import Answer, Browser, checked
from tests.console import fake_offers
from tests.console.fake_peer import UPLOAD, address, running, saved

SIGHTS: tuple[Sight, ...] = (
    LinkBegan(address("s4")),
    LinkEnded(address("s4"), has_died=True),
    PeersSeen((PeerRecord("s1", ("s2", "s3")), PeerRecord("s2", ("s1",))), ("s3",)),
    QuestionSeen("1f", "text", "a\nb", None, is_own=False),
    AnswerSeen("1f", False, hits=2, peers=1, silent=0, seconds=0.01),
    RegistrationSeen(is_registered=True),
)


def heard(browser: Browser) -> list[str]:
    """Return the kinds of what the last reader was told, compared with the document."""
    browser.clock.pump([0.1] * 3)
    return [each["kind"] for each in checked(browser, browser.answer(), "/v1/events")]


def test_all(browser: Browser) -> None:
    """Everything that there is."""
    assert browser.ask("GET", "/v1/events").status == 200
    for sight in SIGHTS:
        browser.peer.sights.tell(sight)
    browser.peer.offers.watches.tell(fake_offers.received())
    browser.peer.downloads_now, browser.peer.uploads_now = (running(),), (UPLOAD,)
    browser.clock.advance(1.0)
    browser.peer.uploads_now = ()
    browser.clock.advance(1.0)
    browser.log.open()
    Logger().warn("the disk is full")
    kinds = heard(browser)
    browser.log.close()
    browser.api.close()
    told = ["linked", "unlinked", "peers", "question", "answer", "registration"]
    assert kinds == [*told, "offer", "download", "upload", "upload", "warning"]
    fields = [attrs.fields_dict(each) for each in PEER_EVENTS]
    assert {each["kind"].default for each in fields} == {*kinds, "missed"}


def test_once_a_second(browser: Browser) -> None:
    """Of a download no more than one event a second, and none where nothing happens."""
    browser.peer.downloads_now = (saved(1), running(2))
    browser.ask("GET", "/v1/events")
    for received in range(25):
        browser.peer.downloads_now = (saved(1), running(2, received=received))
        browser.clock.advance(0.1)
    browser.clock.pump([1.0] * 5)
    assert heard(browser) == ["download"] * 3
    assert [each["download"]["number"] for each in browser.answer().lines] == [2, 2, 2]


def test_peers(browser: Browser) -> None:
    """Who has come and gone from one topology to the next."""
    browser.ask("GET", "/v1/events")
    for names in ("s1 s2", "s1 s2", "s2 s3"):
        browser.peer.sights.tell(PeersSeen(tuple(map(PeerRecord, names.split()))))
    assert heard(browser) == ["peers"] * 2
    last = browser.answer().lines[-1]
    assert (last["came"], last["went"], last["peers"]) == (["s3"], ["s1"], 2)


def test_goes_on(browser: Browser) -> None:
    """A reader that comes back is told what it has missed, by the number or by the header."""
    browser.ask("GET", "/v1/events")
    browser.peer.sights.tell(SIGHTS[0])
    assert heard(browser) == ["linked"]
    [last] = browser.answer().ids
    browser.close()
    for sight in SIGHTS[:3]:
        browser.peer.sights.tell(sight)
    browser.ask("GET", f"/v1/events?after={last}")
    assert heard(browser) == ["linked", "unlinked", "peers"]
    assert browser.answer().ids == [last + 1, last + 2, last + 3]
    browser.ask("GET", f"/v1/events?after={last}", **{"Last-Event-ID": str(last + 2)})
    assert heard(browser) == ["peers"]


@pytest.mark.parametrize("after", [0, 10**15, 2**62])
def test_gap(browser: Browser, after: int) -> None:
    """What is no longer there, or was never, is missed, and that is said."""
    browser.ask("GET", "/v1/events")
    browser.peer.sights.tell(SIGHTS[0])
    browser.ask("GET", f"/v1/events?after={after}")
    assert heard(browser) == ["missed", "linked"]


def test_bounded(browser: Browser) -> None:
    """However much happens, no more than so many events are kept."""
    browser.ask("GET", "/v1/events")
    browser.close()
    for _ in range(limits.EVENTS_KEPT + 5):
        browser.peer.sights.tell(SIGHTS[5])
    browser.ask("GET", "/v1/events?after=0")
    browser.clock.advance(0.1)
    lines = browser.answer().lines
    assert (lines[0]["kind"], len(lines)) == ("missed", limits.EVENTS_KEPT + 1)


def test_long_texts(browser: Browser) -> None:
    """Long texts are kept up to so many bytes, too."""
    browser.ask("GET", "/v1/events")
    browser.close()
    sight = QuestionSeen("1f", "text", "x" * 1_000, None, is_own=False)
    for _ in range(limits.EVENTS_KEPT):
        browser.peer.sights.tell(sight)
    browser.ask("GET", "/v1/events?after=0")
    browser.clock.advance(0.1)
    assert len(browser.transport.value()) < 1.1 * limits.EVENTS_KEPT_BYTES


def test_nobody_reads(browser: Browser) -> None:
    """Without readers nothing is looked at; a minute after the last one neither."""
    assert not browser.peer.sights
    browser.ask("GET", "/v1/events")
    browser.close()
    browser.clock.advance(30.0)
    assert browser.peer.sights
    browser.clock.pump([1.0] * 61)
    assert not browser.peer.sights
    assert browser.clock.getDelayedCalls() == []
    browser.ask("GET", "/v1/events?after=1")
    assert heard(browser) == ["missed"]


def test_slow_reader(browser: Browser) -> None:
    """A reader that does not read is dropped after a while, and others are told all."""
    browser.ask("GET", "/v1/events")
    slow = browser.transport
    assert slow.producer is not None
    slow.producer.pauseProducing()
    browser.ask("GET", "/v1/events")
    for _ in range(4):
        browser.peer.sights.tell(SIGHTS[0])
        browser.clock.advance(limits.READER_STALL_SECONDS / 2)
    assert slow.disconnecting
    assert len(Answer(slow.value()).lines) == 0
    assert heard(browser) == ["linked"] * 4


def test_slow_reader_of_much(browser: Browser) -> None:
    """A reader that is too far behind is dropped at once; one that reads on goes on."""
    browser.ask("GET", "/v1/events")
    producer = browser.transport.producer
    assert producer is not None
    producer.pauseProducing()
    browser.peer.sights.tell(SIGHTS[0])
    assert heard(browser) == []
    producer.resumeProducing()
    assert heard(browser) == ["linked"]
    producer.pauseProducing()
    for _ in range(limits.EVENTS_KEPT + 1):
        browser.peer.sights.tell(SIGHTS[0])
    browser.clock.advance(0.1)
    assert browser.transport.disconnecting


def test_too_many(browser: Browser) -> None:
    """There is an end to readers, and a place is free again when one has gone."""
    reading = []
    for _ in range(limits.READERS):
        assert browser.ask("GET", "/v1/events").status == 200
        reading.append(browser.protocol)
    refused = browser.ask("GET", "/v1/events")
    assert (refused.status, refused.code) == (503, "too_many")
    Random(1).choice(reading).connectionLost(Failure(ConnectionDone()))
    assert browser.ask("GET", "/v1/events").status == 200
    browser.peer.sights.tell(SIGHTS[0])
    assert heard(browser) == ["linked"]


def test_network(browser: Browser) -> None:
    """Whoever asks for it is told the topology again and again, and others do not have it asked."""
    browser.ask("GET", "/v1/events")
    browser.clock.pump([1.0] * 10)
    assert ("topology",) not in browser.peer.asked
    browser.close()
    browser.ask("GET", "/v1/events?network=true")
    browser.clock.pump([1.0] * 20)
    asked = browser.peer.asked.count(("topology",))
    assert asked == 20 / limits.LEAST_LOOK_SECONDS
    browser.close()
    browser.clock.pump([1.0] * 20)
    assert browser.peer.asked.count(("topology",)) == asked


def test_links_of_others(browser: Browser) -> None:
    """Who is linked with whom is told once, and then what changes; so is who is silent."""
    browser.ask("GET", "/v1/events")
    one, two = PeerRecord("s1", ("s2",)), PeerRecord("s2", ("s1",))
    for records, silent in (((one, two), ()), ((one, two), ()), ((one,), ("s2",))):
        browser.peer.sights.tell(PeersSeen(records, silent))
    assert heard(browser) == ["peers"] * 2
    first, second = browser.answer().lines
    assert first["changed"] == [
        {"name": "s1", "neighbors": ["s2"]},
        {"name": "s2", "neighbors": ["s1"]},
    ]
    assert (second["changed"], second["silent"], second["went"]) == ([], ["s2"], ["s2"])


def test_recorded(browser: Browser) -> None:
    """What is recorded is told though nobody reads, for as long as it is recorded."""
    told: list[EventView] = []
    end = browser.api.record(told.append)
    browser.clock.pump([1.0] * 200)
    browser.peer.sights.tell(SIGHTS[5])
    assert [each.kind for each in told] == ["registration"]
    assert browser.peer.asked.count(("topology",)) == 200 / limits.LEAST_LOOK_SECONDS
    end()
    browser.clock.pump([1.0] * 62)
    assert browser.clock.getDelayedCalls() == []
