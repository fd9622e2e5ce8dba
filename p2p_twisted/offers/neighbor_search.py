"""Ask neighbors who has some content, and wait as long as the busiest of them may take."""

from attrs import frozen
from twisted.internet.defer import Deferred

from p2p_twisted.offers.needs import InNetwork
from p2p_twisted.peer_errors import PeerError
from p2p_twisted.wire.limits import ASK_SECONDS
from p2p_twisted.wire.messages import Ask, Hit
from p2p_twisted.wire.names import FileId


@frozen(eq=False)
class NeighborSearch:
    """
    Asks neighbors alone, which costs each of them two lines.

    A search of the whole network gives up those that do not answer within two seconds: on a
    machine that is flooded, or busy otherwise, that is everybody.
    """

    _network: InNetwork

    def find(self, file_id: FileId) -> "Deferred[tuple[Hit, ...]]":
        """Return what the first of them has that has it; without a network nobody does."""
        return Deferred.fromCoroutine(self._find(file_id))

    async def _find(self, file_id: FileId) -> tuple[Hit, ...]:
        try:
            driver = await self._network.connected()
        except PeerError:
            return ()
        first: Deferred[tuple[Hit, ...]] = Deferred()

        def told(hits: tuple[Hit, ...], is_all: bool = False) -> None:
            found = tuple(hit for hit in hits if hit.file == file_id)
            if (found or is_all) and not first.called:
                first.callback(found)

        ask = Ask(driver.new_id(), "id", file_id, hops=1, tree=0, wait=ASK_SECONDS)
        driver.ask(ask, part=told).addCallback(lambda answer: told(answer.hits, is_all=True))
        return await first
