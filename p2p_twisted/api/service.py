"""Answer the API's requests on a socket of this user's own."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IListeningPort
from twisted.logger import Logger
from twisted.web.server import Request
from typing_extensions import override

from p2p_twisted.api.api_request import ApiSite
from p2p_twisted.api.peer_routes import PeerApi
from p2p_twisted.api.resource import ApiResource
from p2p_twisted.api.socket_index import make_socket_folder, socket_place, user_at
from p2p_twisted.peer.interface import IPeer
from p2p_twisted.runtime.os_errors import in_words

_PRIVATE = 0o600


class ApiService(Service):
    """
    Listens for as long as the peer runs.

    A peer without it works as ever: where no socket can be made, that is only logged.

    :param leave: ends the daemon, once the peer has left.
    """

    log = Logger()
    name = "api"

    def __init__(self, reactor: Any, peer: IPeer, name: str, leave: Callable[[], None]) -> None:
        self._reactor = reactor
        self._peer_name = name
        self._api = PeerApi(peer, reactor, leave)
        self._port: IListeningPort | None = None
        self._path: Path | None = None

    @override
    def startService(self) -> None:
        super().startService()
        self._api.open()
        # Not earlier, as twistd may still fork, and the socket has the process's number.
        self._reactor.callWhenRunning(self._listen)

    @override
    def stopService(self) -> "Deferred[None] | None":
        super().stopService()
        self._api.close()
        port, self._port = self._port, None
        return None if port is None else port.stopListening()

    def _listen(self) -> None:
        if not self.running:
            return
        resource = ApiResource("A peer of p2p_twisted", self._api.routes(), _refuse)
        try:
            path = socket_place(make_socket_folder(), self._peer_name)
            with suppress(FileNotFoundError):
                path.unlink()
            self._port = self._reactor.listenUNIX(str(path), ApiSite(resource), mode=_PRIVATE)
        except OSError as error:
            self.log.warn("p2p cannot talk to this peer: {error}", error=in_words(error))
        else:
            self.log.info("p2p talks to this peer at {path}", path=str(path))


def _refuse(request: Request) -> str | None:
    """Return why a request is not answered: only the user whose peer it is, and root, may ask."""
    transport: Any = request.channel.transport
    user = user_at(transport.socket)
    return None if user in (0, os.getuid()) else "this peer is another user's"
