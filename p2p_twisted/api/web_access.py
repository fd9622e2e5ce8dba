"""Decide who may talk to a daemon over TCP: who knows its token, and no page of another origin."""

import hmac
import json
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

from attrs import define, field
from twisted.web.server import Request

_HOSTS: Final = ("127.0.0.1", "localhost", "[::1]")
_SCHEME: Final = "Bearer "
_OWN_SITE: Final = ("same-origin", "none")


def new_token() -> str:
    """Make what nobody can guess."""
    return secrets.token_urlsafe(32)


@define
class WebAccess:
    """
    Lets requests in that have the token and come from no other site.

    :ivar port: where the daemon listens.
    :ivar token: what whoever may read this user's files knows.
    """

    port: int = 0
    token: str = field(factory=new_token, repr=False)

    @property
    def url(self) -> str:
        """Where the daemon is."""
        return f"http://{_HOSTS[0]}:{self.port}"

    def refuse(self, request: Request) -> str | None:
        """Return why a request is not answered, if so."""
        hosts = [f"{host}:{self.port}" for host in _HOSTS]
        if _only(request, "Host") not in hosts:
            # A name that somebody lets mean this machine brings a page of theirs here.
            return f"say http://{hosts[0]}, and no other name"
        origins = [f"http://{host}" for host in hosts]
        if not _are(request, "Origin", origins) or not _are(request, "Sec-Fetch-Site", _OWN_SITE):
            return "pages of other sites are not answered"
        given = (_only(request, "Authorization") or "").removeprefix(_SCHEME)
        if not hmac.compare_digest(given.encode("utf-8", "replace"), self.token.encode()):
            return "say Authorization: Bearer and the token, which is in the file beside the socket"
        return None


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
    values = request.requestHeaders.getRawHeaders(name) or ()
    return values[0] if len(values) == 1 else None


def _are(request: Request, name: str, allowed: "list[str] | tuple[str, ...]") -> bool:
    return all(value in allowed for value in request.requestHeaders.getRawHeaders(name) or ())
