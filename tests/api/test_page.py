"""The page for browsers: what is served, who is let in, and what a session may do."""

import json
import re
from typing import Any

import pytest

from p2p_twisted.api.api_request import ApiSite
from p2p_twisted.api.limits import CODES_KEPT, SESSIONS_KEPT, SIGN_IN_SECONDS
from p2p_twisted.api.page_files import PageFiles, page_files
from p2p_twisted.api.resource import ApiResource
from p2p_twisted.api.sign_ins import SignIns
from p2p_twisted.api.web_access import WebAccess
from tests.api.browser import Answer, Browser

HOST = "127.0.0.1:9100"
OWN = {"Sec-Fetch-Site": "same-origin", "Origin": f"http://{HOST}"}
WRITES = (
    ("POST", "/v1/stop"),
    ("POST", "/v1/page"),
    ("PUT", "/v1/shares/x"),
    ("DELETE", "/v1/shares/x"),
    ("PATCH", "/v1/limits"),
)


class PageBrowser(Browser):
    """
    A browser at a peer's port.

    :ivar access: of that port.
    :ivar now: the time by which codes get old, in seconds.
    :ivar key: of the last session.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.key = ""
        self.access = WebAccess(9_100, sign_ins=SignIns(lambda: self.now))
        resource = ApiResource(
            "A peer", self.api.routes(), self.access.refuse, PageFiles(self.access)
        )
        self._site = ApiSite(resource)
        self._site.reactor = self.clock

    def raw(self, method: str, path: str, body: Any = None, **headers: str | None) -> bytes:
        """Send a request; return all that was answered."""
        content = b"" if body is None else json.dumps(body).encode()
        given = {"Host": HOST, "Content-Length": str(len(content)), **headers}
        given.setdefault("Content-Type", "application/json")
        named = (f"{name}: {value}" for name, value in given.items() if value is not None)
        self.send("\r\n".join([f"{method} {path} HTTP/1.1", *named, "", ""]).encode() + content)
        return bytes(self.transport.value())

    def sign_in(self, code: str, **headers: str | None) -> Answer:
        """Bring a code, as the page does."""
        return Answer(self.raw("POST", "/sign-in", {"code": code}, **{**OWN, **headers}))

    def session(self) -> str:
        """Be let in; return the cookie, and keep the key."""
        raw = self.raw("POST", "/sign-in", {"code": self.access.sign_ins.code()}, **OWN)
        cookie = re.search(rb"Set-Cookie: (p2p-9100=[\w-]+);", raw, re.IGNORECASE)
        assert cookie is not None
        self.key = str(json.loads(raw.partition(b"\r\n\r\n")[2])["key"])
        return cookie[1].decode()


@pytest.fixture
def browser() -> PageBrowser:
    return PageBrowser()


def status(raw: bytes) -> int:
    return int(raw.split()[1])


@pytest.mark.parametrize("path", sorted(page_files()))
def test_files(browser: PageBrowser, path: bytes) -> None:
    """Each is served as what it is, to be run from here alone, shown in no frame, and not kept."""
    head, _, body = browser.raw("GET", path.decode()).partition(b"\r\n\r\n")
    assert b" 200 " in head.splitlines()[0]
    media, content = page_files()[path]
    headers = dict(line.lower().split(": ", 1) for line in head.decode().split("\r\n")[1:])
    assert headers["content-type"] == media.lower()
    assert headers["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert body == content


def test_complete() -> None:
    """The page, its style, its scripts and its icon are there; each under 300 lines."""
    kinds = {path.rpartition(b".")[2] for path in page_files()}
    assert kinds == {b"/", b"css", b"js", b"svg"}
    for path, (_media, content) in page_files().items():
        assert content.count(b"\n") <= 300, path


def test_no_other_files(browser: PageBrowser) -> None:
    """Nothing else has a path there, whatever peers share."""
    for path in ("/index.html", "/../views.py", "/%2e%2e/views.py", "/page.html", "//", "/v1/x"):
        assert status(browser.raw("GET", path, Authorization="x")) in (403, 404), path
    assert status(browser.raw("POST", "/", {})) == 405


def test_other_names(browser: PageBrowser) -> None:
    """A name that somebody lets mean this machine brings not even the page."""
    for host in ("evil.example:9100", "127.0.0.1", "127.0.0.1:9101"):
        assert status(browser.raw("GET", "/", Host=host)) == 403
        assert browser.sign_in(browser.access.sign_ins.code(), Host=host).status == 403


def test_sign_in(browser: PageBrowser) -> None:
    """A code becomes a cookie that scripts cannot read and other sites cannot send, once."""
    code = browser.access.sign_ins.code()
    cookie = browser.sign_in(code).headers["set-cookie"]
    assert cookie.startswith("p2p-9100=")
    assert {"httponly", "samesite=strict", "path=/"} <= set(cookie.split("; "))
    again = browser.sign_in(code)
    assert (again.status, again.code) == (403, "forbidden")
    assert "set-cookie" not in again.headers
    assert "run p2p web for another one" in again.lines[0]["error"]["message"]


def test_codes_get_old(browser: PageBrowser) -> None:
    """A code lets nobody in after a minute, or when very many came after it."""
    old = browser.access.sign_ins.code()
    browser.now += SIGN_IN_SECONDS + 1
    assert browser.sign_in(old).status == 403
    first, *_others = [browser.access.sign_ins.code() for _ in range(CODES_KEPT + 1)]
    assert browser.sign_in(first).status == 403
    assert browser.sign_in("\u20ac").status == 403


@pytest.mark.parametrize(
    "header",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "http://localhost:9100"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": None, "Origin": None},
        {"P2P-Key": None},
        {"P2P-Key": ""},
        {"P2P-Key": "x"},
        {"P2P-Key": "\xff"},
    ],
)
def test_only_the_page_writes(browser: PageBrowser, header: dict[str, str | None]) -> None:
    """With the cookie alone, whatever another page sends, nothing is done, nor anybody let in."""
    cookie = browser.session()
    for method, path in WRITES:
        given = {**OWN, "Cookie": cookie, "P2P-Key": browser.key}
        raw = browser.raw(method, path, {}, **{**given, **header})
        assert status(raw) == 403, path
    if "P2P-Key" not in header:
        assert browser.sign_in(browser.access.sign_ins.code(), **header).status == 403
    assert browser.peer.asked == []


def test_session(browser: PageBrowser) -> None:
    """Who was let in reads, and does what the page does; either header proves that."""
    cookie = browser.session()
    assert status(browser.raw("GET", "/v1/status", Cookie=cookie)) == 200
    for name, value in OWN.items():
        body = {"up": 1_000}
        given = {"Cookie": cookie, "P2P-Key": browser.key}
        raw = browser.raw("PATCH", "/v1/limits", body, **{name: value, **given})
        assert status(raw) == 200
    assert status(browser.raw("GET", "/v1/status", **OWN)) == 403
    assert status(browser.raw("GET", "/v1/status", Cookie="p2p-9100=")) == 403
    assert status(browser.raw("GET", "/v1/status", Cookie=f"{cookie}x")) == 403


def test_sessions_are_bounded(browser: PageBrowser) -> None:
    """One browser too many takes the place of the first."""
    first, *others = [browser.session() for _ in range(SESSIONS_KEPT + 1)]
    assert status(browser.raw("GET", "/v1/status", Cookie=first)) == 403
    for each in others:
        assert status(browser.raw("GET", "/v1/status", Cookie=each)) == 200


def test_secrets_are_not_shown(browser: PageBrowser) -> None:
    """Neither codes nor sessions are in what may be logged."""
    code = browser.access.sign_ins.code()
    session = browser.session().partition("=")[2]
    shown = f"{browser.access!r} {browser.access.sign_ins!r}"
    assert code not in shown
    assert session not in shown
    assert browser.key not in shown
