"""Tell Prometheus how a daemon is: all is read when it asks, and nothing is counted for it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import attrs

from p2p_twisted.api.registry_views import RegistryStatusView
from p2p_twisted.api.transfer_views import TransfersView
from p2p_twisted.api.views import StatusView, View


@attrs.frozen(kw_only=True)
class MetricsView(View):
    """
    Metrics in Prometheus's text format.

    :ivar text: as it is sent.
    """

    media_type = "text/plain; version=0.0.4; charset=utf-8"

    text: str

    def encoded(self) -> bytes:
        """Write it as it is."""
        return self.text.encode()


def peer_metrics(status: StatusView, transfers: TransfersView) -> MetricsView:
    """Describe a peer."""
    return _written(_peer(status, transfers))


def registry_metrics(status: RegistryStatusView) -> MetricsView:
    """Describe a registry."""
    return _written(_registry(status))


def _peer(status: StatusView, transfers: TransfersView) -> Iterator[Any]:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily

    about = {"name": status.name, "network": status.network, "version": status.version}
    yield InfoMetricFamily("p2p_peer", "Who this peer is.", about)
    for name, what, value in (
        ("neighbors", "Peers that this one is linked with.", len(status.neighbors)),
        ("registered", "Whether the registry knew it when last asked.", status.registered),
        ("shared_files", "Files that it shares.", status.files),
        ("shared_bytes", "Size of the files that it shares.", status.size),
        ("hashing_files", "Files that are still being hashed.", status.hashing),
        ("excluded_names", "Names in its directory that are not shared.", status.excluded),
        ("uploads", "Files that are being sent.", len(transfers.uploads)),
        ("uptime_seconds", "How long it has run.", status.uptime),
    ):
        yield GaugeMetricFamily(f"p2p_peer_{name}", what, value)
    if status.reachable is not None:
        what = "Whether the registry could dial it."
        yield GaugeMetricFamily("p2p_peer_reachable", what, status.reachable)
    downloads = GaugeMetricFamily("p2p_peer_downloads", "Downloads of this run.", labels=["state"])
    for state, number in sorted(Counter(each.state for each in transfers.downloads).items()):
        downloads.add_metric([state], number)
    yield downloads
    sent = "Content of files that was sent, with its digests."
    received = "Content of files that was received, with its digests."
    yield CounterMetricFamily("p2p_peer_sent_bytes", sent, status.sent)
    yield CounterMetricFamily("p2p_peer_received_bytes", received, status.received)


def _registry(status: RegistryStatusView) -> Iterator[Any]:
    from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily

    about = {"network": status.network, "version": status.version}
    yield InfoMetricFamily("p2p_registry", "Which registry this is.", about)
    reserved = "Names and ports that are kept for peers that do not listen yet."
    for name, what, value in (
        ("peers", "Peers that are in the network.", status.members),
        ("reserved_names", reserved, status.reserved),
        ("uptime_seconds", "How long it has run.", status.uptime),
    ):
        yield GaugeMetricFamily(f"p2p_registry_{name}", what, value)


def _written(families: Iterable[Any]) -> MetricsView:
    """Write families, and with them what the library knows of this process."""
    # Not earlier: it would slow every start for what few ask for.
    from prometheus_client import ProcessCollector, generate_latest
    from prometheus_client.registry import Collector, CollectorRegistry

    class Given(Collector):
        """Has what there is."""

        def collect(self) -> Iterable[Any]:
            """Give it."""
            return families

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Given())
    ProcessCollector(registry=registry)
    return MetricsView(text=generate_latest(registry).decode())
