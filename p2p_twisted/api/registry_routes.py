"""What a registry can be asked."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from attrs import define, field

from p2p_twisted import __version__
from p2p_twisted.api import request_fields as asked
from p2p_twisted.api import views
from p2p_twisted.api.event_stream import Tell
from p2p_twisted.api.event_views import REGISTRY_EVENTS
from p2p_twisted.api.follow_routes import FollowRoutes
from p2p_twisted.api.kept_log import KeptLog
from p2p_twisted.api.metrics import MetricsView, registry_metrics
from p2p_twisted.api.private_routes import private_routes
from p2p_twisted.api.registry_admin import RegistryAdmin
from p2p_twisted.api.registry_events import RegistryEvents, member
from p2p_twisted.api.registry_views import MembersView, RegistryStatusView
from p2p_twisted.api.route import Call, Route
from p2p_twisted.registry.registry import Registry
from p2p_twisted.wire.names import NetworkName

_GOODBYE_SECONDS: Final = 0.1


@define(kw_only=True)
class RegistryApi:
    """
    Answers requests for a registry.

    :param reactor: provides the time, in seconds.
    :param address: tells where it listens.
    :param leave: ends the daemon.
    :param admin: acts with the key of a private network's registry.
    :param date: reads the time of day, in seconds since 1970.
    """

    _reactor: Any
    _registry: Registry
    _network: NetworkName
    _address: Callable[[], tuple[str, int]]
    _leave: Callable[[], None]
    _log: KeptLog
    _admin: RegistryAdmin = field(factory=partial(RegistryAdmin, None))
    _date: Callable[[], float] = time.time
    title: str = field(default="A registry of p2p_twisted", init=False)
    _followed: FollowRoutes = field(init=False)
    _started: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        source = RegistryEvents(self._registry, self._reactor, self._date)
        self._followed = FollowRoutes(source, REGISTRY_EVENTS, self._log, self._reactor, self._date)
        self._started = self._reactor.seconds()

    def close(self) -> None:
        """End what never ends by itself."""
        self._followed.close()

    def record(self, tell: Tell) -> Callable[[], None]:
        """Tell all that happens from now on; return what ends that."""
        return self._followed.record(tell)

    def routes(self) -> tuple[Route, ...]:
        """List all that can be asked."""
        return (
            Route("GET", "/v1/status", self.status, RegistryStatusView),
            Route("GET", "/v1/members", self.members, MembersView, asked.MembersQuery),
            *private_routes(self._admin, "/v1/certified"),
            *self._followed.routes(),
            Route("GET", "/healthz", self.health, views.DoneView),
            Route("GET", "/readyz", self.health, views.DoneView),
            Route("GET", "/metrics", self.metrics, MetricsView),
            Route("POST", "/v1/stop", self.stop, views.DoneView),
            Route("POST", "/v1/peers/stop", self.stop_peers, views.DoneView),
        )

    async def status(self, _call: Call) -> RegistryStatusView:
        """Show this registry at a glance."""
        host, port = self._address()
        listening, reserved = self._registry.counts()
        policy = self._registry.policy
        return RegistryStatusView(
            version=__version__,
            network=self._network,
            host=host,
            port=port,
            is_open=policy.is_open,
            ports=(policy.ports[0], policy.ports[-1]),
            members=listening,
            reserved=reserved,
            uptime=self._reactor.seconds() - self._started,
        )

    async def members(self, call: Call) -> MembersView:
        """List who is in, by name: a thousand at a time at most."""
        query = call.query
        found = self._registry.members(query.after, query.most + 1)
        shown = found[: query.most]
        now = self._reactor.seconds()
        return MembersView(
            members=tuple(member(each, now) for each in shown),
            next=shown[-1].name if len(found) > len(shown) and shown else None,
        )

    async def health(self, _call: Call) -> views.DoneView:
        """Answer: this registry runs."""
        return views.DoneView()

    async def metrics(self, call: Call) -> MetricsView:
        """Tell how this registry is, for Prometheus."""
        return registry_metrics(await self.status(call))

    async def stop_peers(self, _call: Call) -> views.DoneView:
        """End all peers of a private network, which hear of it when they renew their places."""
        await self._admin.stop_peers()
        return views.DoneView()

    async def stop(self, _call: Call) -> views.DoneView:
        """End this registry; the peers go on, and come back to the next one."""
        self._reactor.callLater(_GOODBYE_SECONDS, self._leave)
        return views.DoneView()
