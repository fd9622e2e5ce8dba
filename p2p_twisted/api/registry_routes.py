"""What a registry can be asked."""

from collections.abc import Callable
from typing import Any, Final

from attrs import define, field

from p2p_twisted import __version__
from p2p_twisted.api import request_fields as asked
from p2p_twisted.api import views
from p2p_twisted.api.log_tail import LogTail
from p2p_twisted.api.metrics import MetricsView, registry_metrics
from p2p_twisted.api.registry_views import MembersView, MemberView, RegistryStatusView
from p2p_twisted.api.route import Call, Form, Route
from p2p_twisted.registry.registry import Registry
from p2p_twisted.registry.roster import Registration
from p2p_twisted.wire.names import NetworkName

_GOODBYE_SECONDS: Final = 0.1


@define(kw_only=True)
class RegistryApi:
    """
    Answers requests for a registry.

    :param reactor: provides the time, in seconds.
    :param address: tells where it listens.
    :param leave: ends the daemon.
    """

    _reactor: Any
    _registry: Registry
    _network: NetworkName
    _address: Callable[[], tuple[str, int]]
    _leave: Callable[[], None]
    title: str = field(default="A registry of p2p_twisted", init=False)
    _log: LogTail = field(init=False)
    _started: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._log = LogTail(self._reactor, lambda _text: None)
        self._started = self._reactor.seconds()

    def open(self) -> None:
        """Begin to keep what is logged."""
        self._log.open()

    def close(self) -> None:
        """End what never ends by itself."""
        self._log.close()

    def routes(self) -> tuple[Route, ...]:
        """List all that can be asked."""
        return (
            Route("GET", "/v1/status", self.status, RegistryStatusView),
            Route("GET", "/v1/members", self.members, MembersView, asked.MembersQuery),
            Route(
                "GET",
                "/v1/log",
                self.read_log,
                views.LogLineView,
                asked.LogQuery,
                form=Form.LINES,
            ),
            Route("GET", "/healthz", self.health, views.DoneView),
            Route("GET", "/readyz", self.health, views.DoneView),
            Route("GET", "/metrics", self.metrics, MetricsView),
            Route("POST", "/v1/stop", self.stop, views.DoneView),
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
            members=tuple(_member(each, now) for each in shown),
            next=shown[-1].name if len(found) > len(shown) and shown else None,
        )

    async def read_log(self, call: Call) -> None:
        """Write the last lines of the log, and on request those that come, too."""
        await self._log.follow(call.stream, call.query.lines, call.query.follow)

    async def health(self, _call: Call) -> views.DoneView:
        """Answer: this registry runs."""
        return views.DoneView()

    async def metrics(self, call: Call) -> MetricsView:
        """Tell how this registry is, for Prometheus."""
        return registry_metrics(await self.status(call))

    async def stop(self, _call: Call) -> views.DoneView:
        """End this registry; the peers go on, and come back to the next one."""
        self._reactor.callLater(_GOODBYE_SECONDS, self._leave)
        return views.DoneView()


def _member(of: Registration, now: float) -> MemberView:
    return MemberView(
        name=of.name,
        host=of.address.host,
        port=of.address.port,
        since=of.since,
        lease=max(0.0, of.expires - now),
        is_listening=of.is_listening,
    )
