"""Relays on simulated connections, honest ones and others, for tests of downloads."""

from collections.abc import Callable

from twisted.internet.task import Clock, LoopingCall

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


def trickle(copier: TransportCopier, clock: Clock, rate: int, after: int = 0) -> None:
    """Have it copied at so many bytes a second, after so many bytes: simulated wires are fast."""
    way, held, fast = copier._ways[1], bytearray(), after
    receive = way.dataReceived

    def take(data: bytes) -> None:
        nonlocal fast
        held.extend(data)
        pass_on(fast)
        fast = max(0, fast - len(data))

    def pass_on(count: int = rate // 10) -> None:
        piece = bytes(held[:count])
        del held[:count]
        if piece and not way._has_ended:
            receive(piece)

    way.dataReceived = take  # type: ignore[method-assign]
    dripping = LoopingCall(pass_on)
    dripping.clock = clock
    dripping.start(0.1, now=False)
