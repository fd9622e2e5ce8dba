"""Relays on simulated connections, honest ones and others, for tests of downloads."""

from collections.abc import Callable

from p2p_twisted.bandwidth.limiter import Limiter
from p2p_twisted.relay.copying import TransportCopier
from p2p_twisted.relay.relaying import Relaying
from p2p_twisted.wire.limits import MIB
from p2p_twisted.wire.names import PeerAddress
from tests.download.holding import listen
from tests.download.world import World
from tests.relay.cases import First

Change = Callable[[bytes], bytes]


class WorldRelay:
    """
    A neighbor of the requester, which relays.

    :ivar rate: how many bytes a second; ``None`` for none.
    """

    def __init__(self, world: World, name: str) -> None:
        self.address = PeerAddress(name, "127.0.0.1", 9_200 + len(world.neighbors))
        self.rate: int | None = 1_000 * MIB
        self.up = Limiter(world.wires)
        self.relaying = Relaying(
            world.wires,
            rate=lambda: self.rate,
            is_neighbor=lambda peer, _host: peer == "me",
            new_token=lambda: f"{name}{world.new_ticket()}".encode().hex()[-32:],
            up=self.up,
        )
        security = world.security_of(name)
        listen(world.wires, self.address, lambda made: First(made, self.relaying), security)
        world.neighbors.append(self.address)

    @property
    def copied(self) -> int:
        """How many bytes it has copied."""
        return self.up.total


def meddle(copier: TransportCopier, change: Change, after: int) -> None:
    """Have what a relay copies from the one that comes last changed, after so many bytes."""
    way = copier._ways[1]
    receive, left = way.dataReceived, after

    def changed(data: bytes) -> None:
        nonlocal left
        left -= len(data)
        data = change(data) if left < 0 else data
        if data:
            receive(data)

    way.dataReceived = changed  # type: ignore[method-assign]
