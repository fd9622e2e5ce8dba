"""Decide who may talk to a daemon over TCP: who knows its token, and the page, but no other."""

import hmac
import json
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from attrs import define, field

from p2p_twisted.api.own_origin import OTHER_SITE, OwnOrigin, are, only
from p2p_twisted.api.sign_ins import SignIns

if TYPE_CHECKING:
    from twisted.web.server import Request

_SCHEME: Final = "Bearer "
_KEY: Final = "P2P-Key"
_OWN_PAGE: Final = ("same-origin",)


def new_token() -> str:
    """Make what nobody can guess."""
    return secrets.token_urlsafe(32)


@define
class WebAccess(OwnOrigin):
    """
    Lets requests in that have the token, or a session's cookie, and come from no other site.

    :ivar token: what whoever may read this user's files knows.
    :ivar sign_ins: lets browsers in.
    """

    token: str = field(factory=new_token, repr=False)
    sign_ins: SignIns = field(factory=SignIns, repr=False)

    @property
    def cookie(self) -> str:
        """The name of the cookie, which browsers send to all ports alike."""
        return f"p2p-{self.port}"

    def refuse(self, request: "Request") -> str | None:
        """Return why a request is not answered, if so."""
        if (why := self.refuse_name(request)) is not None:
            return why
        if (why := self.refuse_other_sites(request)) is not None:
            return why
        session = (request.getCookie(self.cookie.encode()) or b"").decode("latin-1")
        if (key := self.sign_ins.key(session)) is not None:
            return None if request.method == b"GET" else self._refuse_to_do(request, key)
        given = (only(request, "Authorization") or "").removeprefix(_SCHEME)
        if not hmac.compare_digest(given.encode("utf-8", "replace"), self.token.encode()):
            return "say Authorization: Bearer and the token, which is in the file beside the socket"
        return None

    def refuse_other_pages(self, request: "Request") -> str | None:
        """Return why a request is not answered unless it proves that it is the page's own."""
        if (why := self.refuse_name(request)) is not None:
            return why
        own, site = f"http://{only(request, 'Host')}", only(request, "Sec-Fetch-Site")
        if not are(request, "Origin", (own,)) or not are(request, "Sec-Fetch-Site", _OWN_PAGE):
            return OTHER_SITE
        return None if site or only(request, "Origin") else OTHER_SITE

    def _refuse_to_do(self, request: "Request", key: str) -> str | None:
        """Return why nothing is done for a session, if so."""
        if (why := self.refuse_other_pages(request)) is not None:
            return why
        given = (only(request, _KEY) or "").encode("latin-1")
        # Whatever listens at another port is sent the cookie, too, by who looks there.
        return None if hmac.compare_digest(given, key.encode()) else "say the key of this session"


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
