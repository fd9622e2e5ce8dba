"""Decide who may talk to a daemon over TCP: who knows its token, and the page, but no other."""

import hmac
import json
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from attrs import define, field
from twisted.web.server import Request

from p2p_twisted.api.sign_ins import SignIns

_HOSTS: Final = ("127.0.0.1", "localhost", "[::1]")
_SCHEME: Final = "Bearer "
_KEY: Final = "P2P-Key"
_OWN_PAGE: Final = ("same-origin",)
_OWN_SITE: Final = (*_OWN_PAGE, "none")
_OTHER_SITE: Final = "pages of other sites are not answered"


def new_token() -> str:
    """Make what nobody can guess."""
    return secrets.token_urlsafe(32)


@define
class WebAccess:
    """
    Lets requests in that have the token, or a session's cookie, and come from no other site.

    :ivar port: where the daemon listens.
    :ivar token: what whoever may read this user's files knows.
    :ivar sign_ins: lets browsers in.
    """

    port: int = 0
    token: str = field(factory=new_token, repr=False)
    sign_ins: SignIns = field(factory=SignIns, repr=False)

    @property
    def cookie(self) -> str:
        """The name of the cookie, which browsers send to all ports alike."""
        return f"p2p-{self.port}"

    @property
    def url(self) -> str:
        """Where the daemon is."""
        return f"http://{_HOSTS[0]}:{self.port}"

    def refuse(self, request: Request) -> str | None:
        """Return why a request is not answered, if so."""
        if (why := self.refuse_name(request)) is not None:
            return why
        origins = [f"http://{host}" for host in self._hosts()]
        if not _are(request, "Origin", origins) or not _are(request, "Sec-Fetch-Site", _OWN_SITE):
            return _OTHER_SITE
        session = (request.getCookie(self.cookie.encode()) or b"").decode("latin-1")
        if (key := self.sign_ins.key(session)) is not None:
            return None if request.method == b"GET" else self._refuse_to_do(request, key)
        given = (_only(request, "Authorization") or "").removeprefix(_SCHEME)
        if not hmac.compare_digest(given.encode("utf-8", "replace"), self.token.encode()):
            return "say Authorization: Bearer and the token, which is in the file beside the socket"
        return None

    def refuse_name(self, request: Request) -> str | None:
        """Return why a request is not answered because of the name that it was sent to."""
        hosts = self._hosts()
        if _only(request, "Host") not in hosts:
            # A name that somebody lets mean this machine brings a page of theirs here.
            return f"say http://{hosts[0]}, and no other name"
        return None

    def refuse_other_pages(self, request: Request) -> str | None:
        """Return why a request is not answered unless it proves that it is the page's own."""
        if (why := self.refuse_name(request)) is not None:
            return why
        own, site = f"http://{_only(request, 'Host')}", _only(request, "Sec-Fetch-Site")
        if not _are(request, "Origin", (own,)) or not _are(request, "Sec-Fetch-Site", _OWN_PAGE):
            return _OTHER_SITE
        return None if site or _only(request, "Origin") else _OTHER_SITE

    def _refuse_to_do(self, request: Request, key: str) -> str | None:
        """Return why nothing is done for a session, if so."""
        if (why := self.refuse_other_pages(request)) is not None:
            return why
        given = (_only(request, _KEY) or "").encode("latin-1")
        # Whatever listens at another port is sent the cookie, too, by who looks there.
        return None if hmac.compare_digest(given, key.encode()) else "say the key of this session"

    def _hosts(self) -> list[str]:
        return [f"{host}:{self.port}" for host in _HOSTS]


class WebFile:
    """
    Tells this user alone where a daemon is, and its token.

    :ivar path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, access: WebAccess) -> None:
        """
        Write it.

        :raises OSError: when it cannot be written.
        """
        self.remove()
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(os.open(self.path, flags, 0o600), "w") as file:
            json.dump({"url": access.url, "token": access.token}, file)

    def remove(self) -> None:
        """Remove it, if it is there."""
        with suppress(FileNotFoundError):
            self.path.unlink()


def _only(request: Request, name: str) -> str | None:
    values = _given(request, name)
    return values[0] if len(values) == 1 else None


def _are(request: Request, name: str, allowed: Sequence[str]) -> bool:
    return all(value in allowed for value in _given(request, name))


def _given(request: Request, name: str) -> list[str]:
    """Return what a header says; it may be any bytes."""
    values = request.requestHeaders.getRawHeaders(name.encode()) or ()
    return [value.decode("latin-1") for value in values]
