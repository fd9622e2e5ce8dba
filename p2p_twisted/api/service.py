"""Answer the API's requests on a socket of this user's own."""

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from twisted.application.service import Service
from twisted.internet.defer import DeferredList, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import Factory
from twisted.logger import Logger
from typing_extensions import override

from p2p_twisted.api.kept_log import KeptLog
from p2p_twisted.api.socket_index import Suffix, make_socket_folder, socket_place
from p2p_twisted.api.web_access import WebAccess
from p2p_twisted.runtime.listening import listen_unix
from p2p_twisted.runtime.os_errors import in_words

if TYPE_CHECKING:
    from p2p_twisted.api.answering import Answering
    from p2p_twisted.api.event_stream import Tell
    from p2p_twisted.api.route import Route


class Api(Protocol):
    """What can be asked of a daemon."""

    title: str

    def routes(self) -> "Sequence[Route]":
        """List all that can be asked."""

    def record(self, tell: "Tell") -> Callable[[], None]:
        """Tell all that happens from now on; return what ends that."""

    def close(self) -> None:
        """End what never ends by itself."""


class ApiService(Service):
    """
    Listens for as long as the daemon runs.

    A daemon without it works as ever: where no socket can be made, that is only logged. What
    answers is imported and made for the first who asks: most of the memory of a daemon that
    nobody asks anything would be that.

    :param make: makes what can be asked of the daemon, given its log.
    :param name: of the peer, or of the network.
    :param suffix: tells apart what the socket is for.
    :param web: who may talk to it on TCP, and at which port; ``None`` for nobody.
    """

    log = Logger()
    name = "api"

    def __init__(
        self,
        reactor: Any,
        make: Callable[[KeptLog], Api],
        name: str,
        suffix: Suffix = Suffix.PEER,
        web: WebAccess | None = None,
    ) -> None:
        self._reactor = reactor
        self._make = make
        self._daemon_name = name
        self._suffix = suffix
        self._access = web
        self._kept = KeptLog(reactor)
        self._path = Path()
        self._ports: list[IListeningPort] = []

    def record(self, tell: "Tell") -> Callable[[], None]:
        """Tell all that happens from now on; return what ends that."""
        return self._api.record(tell)

    @override
    def startService(self) -> None:
        super().startService()
        self._kept.open()
        # Not earlier, as twistd may still fork, and the socket has the process's number.
        self._reactor.callWhenRunning(self._listen)

    @override
    async def stopService(self) -> None:
        super().stopService()
        self._kept.close()
        made = vars(self)
        if "_api" in made:
            self._api.close()
        if "_answering" in made:
            await self._answering.web.close()
        ports, self._ports = self._ports, []
        await DeferredList([maybeDeferred(port.stopListening) for port in ports])

    @cached_property
    def _api(self) -> Api:
        return self._make(self._kept)

    @cached_property
    def _answering(self) -> "Answering":
        from p2p_twisted.api.answering import Answering

        return Answering(self._reactor, self._api.title, self._api.routes(), self._path)

    def _listen(self) -> None:
        if not self.running:
            return
        try:
            self._path = path = socket_place(make_socket_folder(), self._daemon_name, self._suffix)
            site = _LateSite(lambda: self._answering.site)
            self._ports.append(listen_unix(self._reactor, path, site))
            self.log.info("p2p talks to this daemon at {path}", path=str(path))
            if self._access is not None:
                self._answering.web.open(self._access)
        except CannotListenError as error:
            self.log.warn("--web: {error}", error=error)
        except OSError as error:
            self.log.warn("p2p cannot talk to this daemon: {error}", error=in_words(error))


class _LateSite(Factory):
    """Has what answers made when there is a connection."""

    noisy = False

    def __init__(self, site: Callable[[], Any]) -> None:
        self._site = site

    @override
    def buildProtocol(self, addr: Any) -> Any:
        return self._site().buildProtocol(addr)
