"""A requester and a holder that cannot reach each other, for tests of relays."""

from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred

from p2p_twisted.download.progress import Progress
from p2p_twisted.wire.limits import MIB
from tests.download.cases import DownloadCase
from tests.download.content import Content, some_bytes
from tests.download.relaying import WorldRelay
from tests.download.wires import Wires
from tests.download.world import Holder, World

CONTENT = Content(some_bytes(3 * MIB + 10))
GOES_ON_SECONDS = 5.0


class RelayedCase(DownloadCase):
    """A requester and a holder that are both closed."""

    def begun(
        self, *relays: str, refusing: Sequence[str] = (), for_all: Sequence[str] = ()
    ) -> tuple[World, Holder, "Deferred[Progress]"]:
        """Begin a download of what a holder has, where some neighbors relay, or others."""
        self.wires = Wires()
        world = self.world(wires=self.wires)
        self.relays = {name: WorldRelay(world, name) for name in (*relays, *refusing, *for_all)}
        for name in refusing:
            self.relays[name].rate = None
        for name in for_all:
            world.neighbors.remove(self.relays[name].address)
            world.others_relaying.append(self.relays[name].address)
        holder = world.holder("s1", Content(CONTENT.content))
        world.cut(world.address())
        world.found = (holder.hit(CONTENT),)
        return world, holder, world.get(holder.hit(CONTENT))

    def used(self) -> list[str]:
        """List the relays by which more came than lines."""
        return [name for name, relay in self.relays.items() if relay.copied > 1_000]

    def shown(self, world: World) -> Any:
        return world.shown[-1].state
