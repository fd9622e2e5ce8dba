"""Who may talk to a daemon over TCP."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from p2p_twisted.api.api_request import ApiSite
from p2p_twisted.api.resource import ApiResource
from p2p_twisted.api.web_access import WebAccess, WebFile
from tests.api.browser import Answer, Browser

ACCESS = WebAccess(9_100)
GOOD = {"Host": "127.0.0.1:9100", "Authorization": f"Bearer {ACCESS.token}"}


@pytest.fixture
def browser() -> Browser:
    browser = Browser()
    browser.refuse = ACCESS.refuse
    return browser


def ask(browser: Browser, method: str = "GET", path: str = "/v1/status", **more: Any) -> Answer:
    headers = {**GOOD, **{name.replace("_", "-"): value for name, value in more.items()}}
    body: Any = {} if method == "POST" else None
    return browser.ask(method, path, body, **{n: v for n, v in headers.items() if v is not None})


def test_allowed(browser: Browser) -> None:
    """Who knows the token, under each name of this machine."""
    for host in ("127.0.0.1:9100", "localhost:9100", "[::1]:9100"):
        assert ask(browser, Host=host).status == 200
        assert ask(browser, Host=host, Origin=f"http://{host}").status == 200
    assert ask(browser, Sec_Fetch_Site="none").status == 200


@pytest.mark.parametrize(
    "header",
    [
        {"Authorization": None},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer \xff"},
        {"Authorization": f"Basic {ACCESS.token}"},
        {"Authorization": f"Bearer {ACCESS.token}x"},
        {"Host": "evil.example:9100"},
        {"Host": "127.0.0.1"},
        {"Host": "127.0.0.1:9101"},
        {"Host": "127.0.0.1:9100.evil.example"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://127.0.0.1:9100"},
        {"Origin": "http://127.0.0.1:9101"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
def test_refused(browser: Browser, header: dict[str, Any]) -> None:
    """No token, another name, or a page of another origin: without effect, whatever is asked."""
    for method, path in (
        ("GET", "/v1/status"),
        ("GET", "/v1/openapi.json"),
        ("GET", "/v1/events"),
        ("GET", "/v1/nothing"),
        ("POST", "/v1/stop"),
        ("PUT", "/v1/shares/x"),
        ("DELETE", "/v1/shares/x"),
    ):
        answer = ask(browser, method, path, **header)
        assert (answer.status, answer.code) == (403, "forbidden"), path
        assert ACCESS.token not in str(answer.lines)
    assert browser.peer.asked == []


def test_two_hosts(browser: Browser) -> None:
    """Of two names or tokens none counts."""
    for twice in ("Host: evil.example", "Authorization: Bearer x"):
        head = "".join(f"{name}: {value}\r\n" for name, value in GOOD.items())
        browser.send(f"GET /v1/status HTTP/1.1\r\n{twice}\r\n{head}\r\n".encode())
        assert browser.answer().status in (400, 403)


def test_forms(browser: Browser) -> None:
    """What a form sends is not read, even with all else right."""
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain"):
        assert ask(browser, "POST", "/v1/stop", Content_Type=kind).status == 400
    assert browser.peer.asked == []


@pytest.mark.parametrize("path", ["/v1/status", "/v1/nothing", "/v1/events"])
def test_no_pages(browser: Browser, path: str) -> None:
    """Nothing is taken for a page, shown in one, or kept."""
    headers = ask(browser, path=path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["cache-control"] == "no-store"
    assert not headers["content-type"].startswith("text/html")
    assert "access-control-allow-origin" not in headers


def test_preflight(browser: Browser) -> None:
    """A browser that asks whether another site may is told no."""
    answer = ask(browser, "OPTIONS", "/v1/shares/x", Origin="http://evil.example")
    assert answer.status == 403
    assert not any(name.startswith("access-control") for name in answer.headers)


def test_file(tmp_path: Path) -> None:
    """The token is its user's alone; a file in its place is not written to."""
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / "s1.1.web").symlink_to(victim)
    file = WebFile(tmp_path / "s1.1.web")
    file.write(ACCESS)
    assert stat.S_IMODE(file.path.lstat().st_mode) == 0o600
    assert json.loads(file.path.read_text()) == {"url": ACCESS.url, "token": ACCESS.token}
    assert victim.read_text() == "mine"
    assert ACCESS.token not in repr(ACCESS)
    file.remove()
    file.remove()
    assert not file.path.exists()


@pytest.mark.parametrize("header", [b"Host", b"Authorization", b"Origin", b"Content-Type"])
@pytest.mark.parametrize("target", [b"GET /v1/status", b"POST /v1/leave", b"GET /"])
def test_any_bytes(browser: Browser, header: bytes, target: bytes) -> None:
    """Headers may be any bytes: such a request is refused like others."""
    given = {**{name.encode(): value.encode() for name, value in GOOD.items()}, header: b"\xff\xfe"}
    given[b"Content-Length"] = b"2"
    lines = [target + b" HTTP/1.1", *(name + b": " + value for name, value in given.items())]
    browser.send(b"\r\n".join([*lines, b"", b"{}"]))
    answer = browser.answer()
    is_fine = header == b"Content-Type" and target.startswith(b"GET")
    assert 200 <= answer.status < 500 if is_fine else 400 <= answer.status < 500
    assert not browser.left


def test_connections(browser: Browser) -> None:
    """There are so many connections and no more; one that ends makes room."""
    site = ApiSite(ApiResource("A peer", browser.api.routes(), ACCESS.refuse), 2)
    first, second = site.buildProtocol(None), site.buildProtocol(None)
    assert site.buildProtocol(None) is None
    for made in (first, second):
        made.makeConnection(StringTransport())
    second.connectionLost(Failure(ConnectionDone()))
    assert site.buildProtocol(None) is not None
    assert site.buildProtocol(None) is None
    first.connectionLost(Failure(ConnectionDone()))


def test_sleeps(browser: Browser) -> None:
    """While nobody asks, nothing has it wake."""
    site = ApiSite(ApiResource("A peer", browser.api.routes(), ACCESS.refuse))
    clock = site.reactor = Clock()
    site.doStart()
    assert clock.getDelayedCalls() == []
    site.doStop()
