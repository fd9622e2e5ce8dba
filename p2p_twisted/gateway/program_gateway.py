"""Make the gateway of a peer that has one; no other imports this, which takes time and memory."""

from collections.abc import Callable
from typing import Any, Final

from twisted.application.service import MultiService
from twisted.web.client import Agent

from p2p_twisted.gateway.content_answer import ContentAnswers
from p2p_twisted.gateway.content_hashes import ContentHashes
from p2p_twisted.gateway.gateway_access import GatewayAccess
from p2p_twisted.gateway.gateway_resource import GatewayResource
from p2p_twisted.gateway.gateway_service import GatewayService
from p2p_twisted.gateway.hub_routes import HubRoutes
from p2p_twisted.gateway.hub_snapshots import HubSnapshots
from p2p_twisted.gateway.origin_client import OriginClient
from p2p_twisted.gateway.origin_models import OriginModels
from p2p_twisted.peer.build import PeerBuilder

_CONNECT_SECONDS: Final = 10.0


def answer_programs(
    daemon: MultiService,
    builder: PeerBuilder,
    *,
    access: GatewayAccess,
    origin: str | None,
    announce: Callable[[str], None],
) -> None:
    """
    Have a peer answer this user's programs.

    :param origin: the address of the hub that models come from which no peer has, if any.
    """
    context, reading = builder.context, builder.reading
    reactor: Any = context.reactor
    answers = ContentAnswers(reading, reactor)
    models = None
    if origin is not None:
        agent = Agent(reactor, connectTimeout=_CONNECT_SECONDS)
        client = OriginClient(origin, agent, reactor)
        models = OriginModels(
            client,
            reading,
            builder.sharing.share,
            reactor,
            context.settings.name,
            context.disks.reading,
        )
    hashes = ContentHashes(reading, builder.local.state.folder, context.offload)
    hub = HubRoutes(HubSnapshots(reading, models), answers, hashes, models)
    resource = GatewayResource(reading, answers, hub, access.refuse)
    GatewayService(reactor, resource, access, announce).setServiceParent(daemon)
