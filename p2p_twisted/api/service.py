"""Answer the API's requests on a socket of this user's own."""

import os
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final, Protocol

from twisted.application.service import Service
from twisted.internet.defer import DeferredList, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.logger import Logger
from twisted.web.server import Request
from typing_extensions import override

from p2p_twisted.api.api_request import ApiSite
from p2p_twisted.api.resource import ApiResource
from p2p_twisted.api.route import Route
from p2p_twisted.api.socket_index import (
    WEB_SUFFIX,
    Suffix,
    make_socket_folder,
    session_at,
    socket_place,
    user_at,
)
from p2p_twisted.api.web_access import WebAccess, WebFile
from p2p_twisted.api.web_port import WebPort
from p2p_twisted.runtime.os_errors import in_words

_PRIVATE: Final = 0o600


class Api(Protocol):
    """What can be asked of a daemon."""

    title: str

    def routes(self) -> Sequence[Route]:
        """List all that can be asked."""

    def open(self) -> None:
        """Begin."""

    def close(self) -> None:
        """End what never ends by itself."""


class ApiService(Service):
    """
    Listens for as long as the daemon runs.

    A daemon without it works as ever: where no socket can be made, that is only logged.

    :param name: of the peer, or of the network.
    :param suffix: tells apart what the socket is for.
    :param web: who may talk to it on TCP, and at which port; ``None`` for nobody.
    """

    log = Logger()
    name = "api"

    def __init__(
        self,
        reactor: Any,
        api: Api,
        name: str,
        suffix: Suffix = Suffix.PEER,
        web: WebAccess | None = None,
    ) -> None:
        self._reactor = reactor
        self._api = api
        self._daemon_name = name
        self._suffix = suffix
        self._access = web
        self._ports: list[IListeningPort] = []
        self._web: WebPort | None = None

    @override
    def startService(self) -> None:
        super().startService()
        self._api.open()
        # Not earlier, as twistd may still fork, and the socket has the process's number.
        self._reactor.callWhenRunning(self._listen)

    @override
    async def stopService(self) -> None:
        super().stopService()
        self._api.close()
        if self._web is not None:
            await self._web.close()
        ports, self._ports = self._ports, []
        await DeferredList([maybeDeferred(port.stopListening) for port in ports])

    def _listen(self) -> None:
        if not self.running:
            return
        try:
            path = socket_place(make_socket_folder(), self._daemon_name, self._suffix)
            with suppress(FileNotFoundError):
                path.unlink()
            self._web = web = WebPort(
                self._reactor,
                self._api.title,
                self._api.routes(),
                WebFile(path.with_suffix(WEB_SUFFIX)),
            )
            resource = ApiResource(self._api.title, web.routes, _refuse, caller=_caller)
            site = ApiSite(resource)
            self._ports.append(self._reactor.listenUNIX(str(path), site, mode=_PRIVATE))
            self.log.info("p2p talks to this daemon at {path}", path=str(path))
            if self._access is not None:
                web.open(self._access)
        except CannotListenError as error:
            self.log.warn("--web: {error}", error=error)
        except OSError as error:
            self.log.warn("p2p cannot talk to this daemon: {error}", error=in_words(error))


def _caller(request: Request) -> int:
    """Tell the terminals of this user apart: whatever is typed in one of them has its session."""
    transport: Any = request.channel.transport
    return session_at(transport.socket)


def _refuse(request: Request) -> str | None:
    """Return why a request is not answered: only the user whose peer it is, and root, may ask."""
    transport: Any = request.channel.transport
    user = user_at(transport.socket)
    return None if user in (0, os.getuid()) else "this peer is another user's"
