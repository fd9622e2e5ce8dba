"""Decide whether a request to a port of loopback was meant for it, and came from no other site."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from attrs import define

if TYPE_CHECKING:
    from twisted.web.server import Request

OTHER_SITE: Final = "pages of other sites are not answered"
_HOSTS: Final = ("127.0.0.1", "localhost", "[::1]")
_OWN_SITE: Final = ("same-origin", "none")


@define
class OwnOrigin:
    """
    What a port of loopback is called.

    :ivar port: where the daemon listens.
    """

    port: int = 0

    @property
    def url(self) -> str:
        """Where the daemon is."""
        return f"http://{_HOSTS[0]}:{self.port}"

    def refuse_name(self, request: "Request") -> str | None:
        """Return why a request is not answered because of the name that it was sent to."""
        hosts = [f"{host}:{self.port}" for host in _HOSTS]
        if only(request, "Host") not in hosts:
            # A name that somebody lets mean this machine brings a page of theirs here.
            return f"say http://{hosts[0]}, and no other name"
        return None

    def refuse_other_sites(self, request: "Request") -> str | None:
        """Return why a request is not answered because of the page that it comes from."""
        origins = [f"http://{host}:{self.port}" for host in _HOSTS]
        if not are(request, "Origin", origins) or not are(request, "Sec-Fetch-Site", _OWN_SITE):
            return OTHER_SITE
        return None


def only(request: "Request", name: str) -> str | None:
    """Return what a header says that is there once."""
    values = _given(request, name)
    return values[0] if len(values) == 1 else None


def are(request: "Request", name: str, allowed: Sequence[str]) -> bool:
    """Return whether a header says nothing else, wherever it is there."""
    return all(value in allowed for value in _given(request, name))


def _given(request: "Request", name: str) -> list[str]:
    """Return what a header says; it may be any bytes."""
    values = request.requestHeaders.getRawHeaders(name.encode()) or ()
    return [value.decode("latin-1") for value in values]
