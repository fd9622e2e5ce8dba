"""Listen for requests to the gateway, for as long as the daemon runs."""

from collections.abc import Callable
from typing import Any, Final

from twisted.application.service import Service
from twisted.internet.defer import maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.logger import Logger
from typing_extensions import override

from p2p_twisted.api.api_request import ApiSite
from p2p_twisted.gateway import limits
from p2p_twisted.gateway.gateway_access import GatewayAccess
from p2p_twisted.gateway.gateway_resource import GatewayResource
from p2p_twisted.runtime.file_limit import open_files_limit

_LOOPBACK: Final = "127.0.0.1"


class GatewayService(Service):
    """
    The gateway of a peer: an origin of its own, on loopback.

    :param access: decides who is answered; it has the port.
    :param announce: is told what a person should know.
    """

    log = Logger()
    name = "gateway"

    def __init__(
        self,
        reactor: Any,
        resource: GatewayResource,
        access: GatewayAccess,
        announce: Callable[[str], None],
    ) -> None:
        self._reactor = reactor
        self._access = access
        self._announce = announce
        self._resource = resource
        self._listening: Any = None

    @override
    def startService(self) -> None:
        super().startService()
        self._reactor.callWhenRunning(self._listen)

    @override
    async def stopService(self) -> None:
        super().stopService()
        listening, self._listening = self._listening, None
        if listening is not None:
            await maybeDeferred(listening.stopListening)

    def _listen(self) -> None:
        if not self.running:
            return
        site = ApiSite(self._resource, min(limits.GATEWAY_CONNECTIONS, open_files_limit() // 4))
        try:
            self._listening = self._reactor.listenTCP(self._access.port, site, interface=_LOOPBACK)
        except CannotListenError as error:
            self.log.warn("--gateway: {error}", error=error)
            self._announce(f"--gateway: port {self._access.port} cannot be had: say another one")
            return
        self._access.port = self._listening.getHost().port
        self.log.info("the gateway is at {url}", url=self._access.url)
        self._announce(f"the gateway is at {self._access.url}/PEER/PATH")
