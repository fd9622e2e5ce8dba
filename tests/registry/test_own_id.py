"""What a private network's registry is called, in its log."""

from types import SimpleNamespace
from typing import Any

from twisted.internet.task import Clock
from twisted.logger import capturedLogs, formatEvent

from p2p_twisted.registry.private_service import OwnRenewal
from p2p_twisted.trust.revocations import RevocationList
from p2p_twisted.trust.tls import TlsSecurity
from tests.trust.private_network import NOW, PrivateNetwork


def test_in_log() -> None:
    """It says so at each start, once."""
    clock: Any = Clock()
    own = PrivateNetwork().let_in("registry")
    security = TlsSecurity(own, RevocationList("default"), clock, date=lambda: NOW)
    authority: Any = SimpleNamespace(id="3f2a91bc0f1e77d2a604")
    service = OwnRenewal(clock, authority, security, lambda: NOW)
    with capturedLogs() as logged:
        service.startService()
        clock.pump([60.0] * 3)
    service.stopService()
    said = [formatEvent(event) for event in logged if event["log_namespace"].endswith("OwnRenewal")]
    assert said == ["this is the registry 3f2a91bc0f1e77d2a604"]
