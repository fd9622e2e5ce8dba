"""What the page of a recording is told, and who is let in."""

from pathlib import Path
from typing import Any

import pytest
from twisted.internet.testing import MemoryReactorClock

from p2p_twisted.api.api_request import ApiSite
from p2p_twisted.api.event_views import WarningView
from p2p_twisted.api.page_files import page_files
from p2p_twisted.recording.limits import RECORDED_PIECE_BYTES
from p2p_twisted.recording.recorded_run import read_run
from p2p_twisted.recording.replay_page import ReplayPage
from p2p_twisted.runtime.threads import inline
from tests.api.browser import Browser, checked
from tests.recording.builders import events, recorded


class ReplayBrowser(Browser):
    """Asks for a recording, as the page does."""

    def __init__(self, path: Path, content: bytes) -> None:
        path.write_bytes(content)
        self.page = ReplayPage(read_run(path), inline)
        super().__init__(self.page)

    def piece(self, query: str) -> list[Any]:
        """Ask for a piece; compare it with the document."""
        answer = self.ask("GET", f"/v1/recorded?{query}")
        lines: list[Any] = checked(self, answer, "/v1/recorded")
        return lines


def test_status(tmp_path: Path) -> None:
    """Whose it is, from when to when, and how much of it is damaged."""
    browser = ReplayBrowser(tmp_path / "e", recorded(*events()) + b"{}{\n")
    told = checked(browser, browser.ask("GET", "/v1/status"), "/v1/status")
    assert (told["of"], told["name"], told["damaged"]) == ("peer", "s1", 1)
    assert (told["begins"], told["ends"], told["events"]) == (0.5, 9.0, 2 + len(events()))


def test_pieces(tmp_path: Path) -> None:
    """How things stood at a time, what followed, and then the rest in pieces of a bounded size."""
    many = [WarningView(at=10.0 + i, text="x" * 1_000) for i in range(1_000)]
    browser = ReplayBrowser(tmp_path / "e", recorded(*events(), *many))
    stood, *told = browser.piece("at=6.5")
    assert (stood["kind"], stood["silent"], stood["part"]) == ("snapshot", ["s2"], 0)
    while stood["part"] < stood["parts"] - 1:
        stood, *told = told
    sizes = []
    while (end := told.pop())["next"] is not None:
        assert (end["kind"], end["at"]) == ("piece_end", told[-1]["at"])
        told += browser.piece(f"offset={end['next']}")
        sizes.append(len(browser.answer().body))
    assert [each["at"] for each in told] == [
        each.at for each in (*events(), *many) if each.at > 6.5
    ]
    assert max(sizes) < 1.2 * RECORDED_PIECE_BYTES


@pytest.mark.parametrize(
    "query", ["", "at=1&offset=2", "at=x", "at=nan", "at=-1", "offset=-1", "from=1"]
)
def test_bad_queries(tmp_path: Path, query: str) -> None:
    """What says no place is refused."""
    browser = ReplayBrowser(tmp_path / "e", recorded(*events()))
    assert browser.ask("GET", f"/v1/recorded?{query}").status == 400


@pytest.mark.parametrize("offset", [1, 7, 400, 10**12])
def test_odd_places(tmp_path: Path, offset: int) -> None:
    """From the middle of a line on, or from behind the end, there is what can be read."""
    browser = ReplayBrowser(tmp_path / "e", recorded(*events()))
    assert browser.piece(f"offset={offset}")[-1]["next"] is None


def test_only_reads(tmp_path: Path) -> None:
    """Nothing can be changed by anybody, and nothing else asked."""
    browser = ReplayBrowser(tmp_path / "e", recorded(*events()))
    assert {route.method for route in browser.page.routes()} == {"GET"}
    for method, path in (("POST", "/v1/stop"), ("GET", "/v1/events"), ("PUT", "/v1/shares/x")):
        assert browser.ask(method, path).status in (404, 405)


def test_who_is_let_in(tmp_path: Path) -> None:
    """It listens on loopback alone, and answers only who has brought the code."""
    path = tmp_path / "e"
    path.write_bytes(recorded(*events()))
    reactor = MemoryReactorClock()
    page = ReplayPage(read_run(path), inline)
    page.open(reactor)
    [(_port, site, _backlog, interface)] = reactor.tcpServers
    assert interface == "127.0.0.1"
    assert isinstance(site, ApiSite)
    site.reactor = reactor
    browser = Browser()
    browser._site = site
    host = page.address().removeprefix("http://").partition("/")[0]
    for asked in ("/v1/status", "/v1/recorded?at=1"):
        assert browser.ask("GET", asked, Host=host).status == 403
    browser.send(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    assert b"/replay.js" in browser.transport.value()
    own = {"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}
    code = page.address().partition("#")[2]
    browser.ask("POST", "/sign-in", {"code": code}, **own)
    cookie = next(
        line.partition(b": ")[2].partition(b";")[0].decode()
        for line in browser.transport.value().split(b"\r\n")
        if line.lower().startswith(b"set-cookie")
    )
    assert browser.ask("GET", "/v1/status", Host=host, Cookie=cookie).status == 200
    assert browser.ask("GET", "/v1/status", Host="evil.example", Cookie=cookie).status == 403


def test_own_files() -> None:
    """Its page is no file of a daemon's page, nor the other way round."""
    replay, daemon = page_files("replay.html"), page_files()
    assert b"replay.js" in replay[b"/"][1]
    assert b"replay.js" not in daemon[b"/"][1]
    assert replay.keys() == daemon.keys()
    assert b"/replay.html" not in daemon
