"""Listen on the local network for those who have a link to a file, while there is any."""

import time
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from twisted.application.service import Service
from twisted.internet.defer import maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.logger import Logger
from typing_extensions import override
from zope.interface import implementer

from p2p_twisted.bandwidth.limiter import Limiter
from p2p_twisted.gateway import limits
from p2p_twisted.gateway.file_links import FileLink, FileLinks, TooManyLinks
from p2p_twisted.peer.content_reading import ContentReading
from p2p_twisted.peer.limits import LINK_DAYS
from p2p_twisted.peer.links_interface import ILinks, OpenLink
from p2p_twisted.peer_errors import PeerError, Unknown
from p2p_twisted.runtime.addresses import address_towards, own_addresses
from p2p_twisted.runtime.alarm import Alarm
from p2p_twisted.runtime.amounts import DAY_SECONDS
from p2p_twisted.runtime.background import background
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import is_loopback

if TYPE_CHECKING:
    from p2p_twisted.gateway.link_site import LinkSite

_ANY_PORT: Final = 0
_SOMEWHERE: Final = "192.0.2.1"
"""An address of nobody's (RFC 5737), by way of the network that leads out."""


@implementer(ILinks)
class LinkPort(Service):
    """
    The links of a peer, and the port where they lead to.

    It is open as long as a link is. What is begun to be fetched by then goes on.

    :param up: limits how fast files are given, if anything does.
    :param address: finds the IP address of this machine that others on its network know.
    :param date: tells the time, in seconds since 1970.
    """

    log = Logger()
    name = "links"

    def __init__(
        self,
        reactor: Any,
        reading: ContentReading,
        up: Limiter | None,
        address: Callable[[], str | None],
        date: Callable[[], float] = time.time,
    ) -> None:
        self._reactor = reactor
        self._reading = reading
        self._up = up
        self._address = address
        self._date = date
        self._links = FileLinks()
        self._ending = Alarm(reactor, self._end)
        self._listening: Any = None
        # As requests must name it.
        self._place = ""

    @override
    async def stopService(self) -> None:
        super().stopService()
        await self._close()

    async def make(self, wanted: str | Hit, seconds: float) -> OpenLink:
        """
        Make a link to a file, here or at others, by its name or id, or as it was found.

        :raises PeerError: when there is no such file, others cannot reach this machine, or that
            is for too long.
        """
        if seconds > LINK_DAYS * DAY_SECONDS:
            raise PeerError(f"a link is open for {LINK_DAYS}d at most")
        hit = await self._reading.meant(wanted)
        if self._listening is None:
            self._open()
        try:
            link = self._links.add(hit, seconds, self._reactor.seconds())
        except TooManyLinks:
            raise PeerError(
                f"{limits.LINKS_AT_ONCE} links are open: p2p links lists them, and p2p unlink N"
                " ends one"
            ) from None
        self._end()
        return self._told(link)

    def all(self) -> tuple[OpenLink, ...]:
        """List the open links."""
        return tuple(map(self._told, self._links.all(self._reactor.seconds())))

    def remove(self, number: int) -> None:
        """
        End a link.

        :raises PeerError: when there is none of that number.
        """
        if self._links.remove(number) is None:
            raise Unknown(f"there is no link {number}")
        self._end()

    def _told(self, link: FileLink) -> OpenLink:
        name = link.hit.name
        url = f"http://{self._place}/{link.token}/{quote(name.rpartition('/')[2], safe='')}"
        left: float = link.until - self._reactor.seconds()
        return OpenLink(link.number, name, url, self._date() + left)

    async def _close(self) -> None:
        self._ending.stop()
        listening, self._listening = self._listening, None
        if listening is not None:
            await maybeDeferred(listening.stopListening)

    def _find(self, token: str) -> FileLink | None:
        return self._links.find(token, self._reactor.seconds())

    def _open(self) -> None:
        if (host := self._address()) is None:
            raise PeerError(
                "this machine is in no network in which others could open a link: connect it first"
            )
        listen, site = self._reactor.listenTCP, self._site
        try:
            try:
                self._listening = listen(limits.LINK_PORT, site, interface=host)
            except CannotListenError:
                self._listening = listen(_ANY_PORT, site, interface=host)
        except CannotListenError as error:
            raise PeerError(f"cannot listen for links: {error}") from None
        port = self._listening.getHost().port
        self._place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self.log.info("links lead to {place}", place=self._place)

    @cached_property
    def _site(self) -> "LinkSite":
        from p2p_twisted.gateway.link_site import LinkSite

        return LinkSite(self._reading, self._reactor, self._up, self._find, lambda: self._place)

    def _end(self) -> None:
        """Listen no more, once no link is open."""
        now = self._reactor.seconds()
        if links := self._links.all(now):
            self._ending.set(min(link.until for link in links) - now)
        else:
            background(self.log, "closing the port of links", self._close())


def lan_address(interface: str) -> str | None:
    """
    Return the address under which others on its network know this machine.

    :param interface: the address that its peer listens at.
    """
    if not is_loopback(interface):
        return interface
    others = own_addresses()
    return address_towards(_SOMEWHERE) or (others[0] if others else None)
