"""A registration that goes on event by event, for tests."""

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.peer.lease import LeaseMachine
from p2p_twisted.peer.lease_events import (
    JoinBegun,
    LeaseEffect,
    LeaseEvent,
    Listened,
    NeighborsChanged,
)
from p2p_twisted.registry.refusals import RegistryRefused, RegistryUnreachable
from p2p_twisted.wire.messages import Join, Leave, Renew, Welcome
from p2p_twisted.wire.names import PeerAddress

ME, OTHER = PeerAddress("s1", "10.0.0.1", 9_000), PeerAddress("s2", "10.0.0.2", 9_000)
AWAY = RegistryUnreachable("there is none")
RENEW, LEAVE = Renew("s1", "secret"), Leave("s1", "secret")
JOIN_AGAIN = Join("s1", port=9_000, token="secret")


def a_welcome(port: int = 9_000) -> Welcome:
    return Welcome("s1", ME.host, port, 60.0, "secret", (OTHER,))


RESERVED, TAKEN, UNKNOWN = (
    RegistryRefused(code, "no") for code in ("reserved", "taken", "unknown")
)


class LeaseTestCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.machine = LeaseMachine(Join("s1"), ME.host)

    def after(self, *events: LeaseEvent, now: float = 0.0) -> list[LeaseEffect]:
        """Let things happen; return what is to be done because of the last one."""
        effects: list[LeaseEffect] = []
        for event in events:
            effects = self.machine.handle(event, now)
        return effects

    def joined(self) -> None:
        self.after(JoinBegun(), a_welcome(), Listened(is_listening=True), NeighborsChanged(1))

    def alone(self) -> None:
        self.after(JoinBegun(ME, "secret"), AWAY, Listened(is_listening=True), NeighborsChanged(1))
