"""Answer browsers that open the page: its files, and the exchange of a code for a session."""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import PurePath
from typing import Annotated, Final

import attrs
from msgspec import Meta

from p2p_twisted.api.api_errors import BadRequest, fault_of
from p2p_twisted.api.api_request import ApiRequest, answer, send
from p2p_twisted.api.reading import read_body
from p2p_twisted.api.request_fields import Query
from p2p_twisted.api.views import FailureView, View
from p2p_twisted.api.web_access import WebAccess

PAGE: Final = "index.html"
"""That of a daemon; there is another one for recordings."""
_PAGES: Final = ".html"
_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SIGN_IN: Final = b"/sign-in"


@attrs.frozen(kw_only=True)
class SignInQuery(Query):
    """What a page says that was opened with a code."""

    code: Annotated[str, Meta(min_length=1, max_length=100)]


@attrs.frozen(kw_only=True)
class SignedInView(View):
    """
    What a page is told that has signed in.

    :ivar key: what it says whenever it has something done.
    """

    key: str


def page_files(page: str = PAGE) -> Mapping[bytes, tuple[str, bytes]]:
    """Read the files of a page: by path, of what type, and what is in them."""
    found: dict[bytes, tuple[str, bytes]] = {}
    for file in files("p2p_twisted.api").joinpath("page").iterdir():
        suffix = PurePath(file.name).suffix
        is_other = suffix == _PAGES and file.name != page
        if (media := _TYPES.get(suffix)) is not None and not is_other:
            path = "/" if file.name == page else f"/{file.name}"
            found[path.encode()] = media, file.read_bytes()
    return found


class PageFiles:
    """
    Serves the page to whoever may reach it: there is nothing secret in its files.

    No other file can be named, so that nothing that peers share ever comes from the page's origin.

    :param access: decides who may talk to the daemon.
    :param page: which of the pages.
    """

    def __init__(self, access: WebAccess, page: str = PAGE) -> None:
        self._access = access
        self._files = page_files(page)

    def has(self, path: bytes) -> bool:
        """Return whether the page has something at a path."""
        return path == _SIGN_IN or path in self._files

    def answer(self, request: ApiRequest) -> None:
        """Answer a request for a file of the page, or to be let in."""
        try:
            if request.path == _SIGN_IN:
                self._sign_in(request)
            else:
                self._send(request)
        except BadRequest as error:
            answer(request, FailureView(error=fault_of(error)))

    def _send(self, request: ApiRequest) -> None:
        if (why := self._access.refuse_name(request)) is not None:
            raise BadRequest("forbidden", why)
        if request.method != b"GET":
            raise BadRequest("no_such_method", "the page takes GET alone")
        media, content = self._files[request.path]
        request.setHeader("Content-Security-Policy", _POLICY)
        send(request, media, content)

    def _sign_in(self, request: ApiRequest) -> None:
        if (why := self._access.refuse_other_pages(request)) is not None:
            raise BadRequest("forbidden", why)
        if request.method != b"POST":
            raise BadRequest("no_such_method", "to sign in takes POST")
        assert request.content is not None
        query = read_body(request.content.read(), SignInQuery)
        session = self._access.sign_ins.begin(query.code)
        if session is None:
            raise BadRequest(
                "forbidden", "this address has been used, or is old; run p2p web for another one"
            )
        request.addCookie(
            self._access.cookie, session.secret, path="/", httpOnly=True, sameSite="Strict"
        )
        answer(request, SignedInView(key=session.key))
