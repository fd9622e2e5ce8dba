"""Listen on loopback TCP for programs that know the token, and for the page in a browser."""

from collections.abc import Sequence
from typing import Any, Final

from twisted.internet.defer import maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.logger import Logger

from p2p_twisted.api import limits
from p2p_twisted.api.api_errors import BadRequest
from p2p_twisted.api.api_request import ApiSite
from p2p_twisted.api.page_files import PageFiles
from p2p_twisted.api.resource import ApiResource
from p2p_twisted.api.route import Call, Route
from p2p_twisted.api.views import PageView
from p2p_twisted.api.web_access import WebAccess, WebFile
from p2p_twisted.runtime.file_limit import open_files_limit

_LOOPBACK: Final = "127.0.0.1"


class WebPort:
    """
    A daemon's port on loopback, once it is open.

    :param title: of the API.
    :param routes: what else it can be asked.
    :param file: tells where it is.
    """

    log = Logger()

    def __init__(self, reactor: Any, title: str, routes: Sequence[Route], file: WebFile) -> None:
        self._reactor = reactor
        self._title = title
        self.routes = (*routes, Route("POST", "/v1/page", self.let_in, PageView))
        self._file = file
        self._access: WebAccess | None = None
        self._listening: Any = None

    async def let_in(self, _call: Call) -> PageView:
        """Give the address of the page, which lets one browser in, within a minute."""
        try:
            access = self._access or self.open(WebAccess())
        except (CannotListenError, OSError) as error:
            raise BadRequest("failed", f"cannot listen for a browser: {error}") from None
        return PageView(url=f"{access.url}/#{access.sign_ins.code()}")

    def open(self, access: WebAccess) -> WebAccess:
        """
        Begin to listen, at the port that is said there, or at any free one; it is said there then.

        :raises CannotListenError: when the port is not to be had.
        :raises OSError: when the file cannot be written.
        """
        resource = ApiResource(self._title, self.routes, access.refuse, PageFiles(access))
        site = ApiSite(resource, min(limits.WEB_CONNECTIONS, open_files_limit() // 4))
        self._listening = self._reactor.listenTCP(access.port, site, interface=_LOOPBACK)
        access.port = self._listening.getHost().port
        self._file.write(access)
        self.log.info(
            "programs talk to this daemon at {url}; the token is in {path}",
            url=access.url,
            path=str(self._file.path),
        )
        self._access = access
        return access

    async def close(self) -> None:
        """Listen no more."""
        if self._listening is not None:
            listening, self._listening = self._listening, None
            self._file.remove()
            await maybeDeferred(listening.stopListening)
