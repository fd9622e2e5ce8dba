"""The option of a peer that has a gateway."""

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from twisted.application.service import MultiService
from twisted.internet.interfaces import IReactorTime
from twisted.python.usage import UsageError
from typing_extensions import override

from p2p_twisted.api.kept_log import KeptLog
from p2p_twisted.api.web_option import read_port
from p2p_twisted.gateway import socket_owner
from p2p_twisted.gateway.link_port import LinkPort, lan_address
from p2p_twisted.peer.build import PeerBuilder
from p2p_twisted.peer.interface import IPeer
from p2p_twisted.peer.links_interface import ILinks
from p2p_twisted.recording.event_options import EventOptions

if TYPE_CHECKING:
    from p2p_twisted.api.peer_routes import PeerApi

_ORIGIN: Final = re.compile(r"https?://[\w.:\[\]-]+(?:/[\w./-]*)?\Z", re.ASCII)


class GatewayOptions(EventOptions):
    """Options of a peer that may have a gateway, at a port that is named or at any."""

    with_or_without_port = (*EventOptions.with_or_without_port, "gateway")

    optParameters = [
        [
            "gateway",
            None,
            None,
            "Give this user's programs what peers share, over HTTP at this port of loopback, as"
            " /PEER/PATH; at any free one without a number.",
        ],
        [
            "origin",
            None,
            None,
            "Where models come from that no peer has, such as https://huggingface.co: this peer"
            " gets them for all, once; with --gateway.",
        ],
    ]

    @override
    def postOptions(self) -> None:
        self["gateway"] = read_port("gateway", self["gateway"])
        if (url := self["origin"]) is not None:
            if not _ORIGIN.match(url):
                raise UsageError(f"--origin takes the address of a hub: https://HOST, not {url!r}")
            if self["gateway"] is None:
                raise UsageError("--origin is asked by way of the gateway: say --gateway, too")
        super().postOptions()
        if self["gateway"] is not None and self["member"] and not socket_owner.KNOWN:
            raise UsageError(
                "--gateway: on this system, other users could read a private network through it:"
                " leave it away"
            )

    def add_links(self, daemon: MultiService, builder: PeerBuilder) -> LinkPort:
        """Have the peer make links to files."""
        find = partial(lan_address, self["interface"])
        up = builder.transfers.bandwidth.up
        links = LinkPort(builder.context.reactor, builder.reading, up, find)
        links.setServiceParent(daemon)
        return links

    def add_gateway(
        self,
        daemon: MultiService,
        builder: PeerBuilder,
        announce: Callable[[str], None],
    ) -> None:
        """Have the peer answer programs, if that is wanted."""
        if self["gateway"] is not None:
            # Not earlier: it would slow every start, and take memory, for what few have.
            from p2p_twisted.gateway.gateway_access import GatewayAccess
            from p2p_twisted.gateway.program_gateway import answer_programs

            access = GatewayAccess(self["gateway"], must_know=bool(self["member"]))
            answer_programs(
                daemon, builder, access=access, origin=self["origin"], announce=announce
            )


def make_peer_api(
    peer: IPeer, links: ILinks, clock: IReactorTime, leave: Callable[[], None], log: KeptLog
) -> "PeerApi":
    """
    Make what can be asked of a peer, once somebody asks; it is imported by that.

    :param leave: ends the daemon, once the peer has left.
    :param log: of this process, from its start.
    """
    from p2p_twisted.api.peer_routes import PeerApi
    from p2p_twisted.gateway.link_routes import link_routes

    return PeerApi(peer, clock, leave, log, more=link_routes(links))
