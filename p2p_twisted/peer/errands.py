"""What a peer does for its person: it asks the others, and fetches."""

from collections.abc import Callable, Sequence

import attrs

from p2p_twisted.download.downloads import Downloads
from p2p_twisted.download.progress import Progress
from p2p_twisted.library.catalog import Catalog
from p2p_twisted.peer.getting import Getting
from p2p_twisted.peer.interface import Found, PeerError, Selection, Topology, Watch
from p2p_twisted.peer.network_session import NetworkSession
from p2p_twisted.peer.query_answers import QueryAnswers
from p2p_twisted.peer.search import Search
from p2p_twisted.peer.selecting import Selecting
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.storage.inbox import Inbox
from p2p_twisted.wire.messages import Ask, Hit
from p2p_twisted.wire.names import MessageId, PeerName


class Errands:
    """
    Searches and downloads, by what a person types: see :class:`IPeer`.

    :param me: this peer's name.
    :param catalog: what it shares, without what it has downloaded.
    :param answers: what it would tell another one that asks.
    """

    def __init__(
        self,
        me: PeerName,
        presence: NetworkSession,
        catalog: Catalog,
        answers: QueryAnswers,
        downloads: Downloads,
        inbox: Inbox,
        offload: Offload,
        new_id: Callable[[], MessageId],
    ) -> None:
        self._me = me
        self._presence = presence
        self._catalog = catalog
        self._answers = answers
        self._downloads = downloads
        self._inbox = inbox
        self._offload = offload
        self._new_id = new_id

    async def find(self, text: str) -> Found:
        """Search all peers by name, this one too."""
        found = await (await self._presence.search()).find("text", text)
        return self._with_own(found, Ask(self._new_id(), "text", text))

    async def topology(self) -> Topology:
        """Collect the peers and links of the whole network."""
        return await (await self._presence.search()).topology()

    async def listing(self, holder: PeerName) -> Found:
        """
        List what a peer shares.

        :raises PeerError: when there is no such peer.
        """
        if holder == self._me:
            return self._with_own(Found((), 0, 0, (), 0.0), Ask(self._new_id(), "ls", peer=holder))
        found = await (await self._presence.search()).find("ls", holder=holder)
        if not found.hits:
            topology = await self.topology()
            if holder not in [record.peer for record in topology.peers]:
                raise PeerError(f"there is no peer {holder}; TOPO shows who there is")
        return found

    async def get(self, wanted: str | Hit, watch: Watch, holder: PeerName | None) -> Progress:
        """Download a file or folder."""
        return await self._getting(await self._presence.search()).get(wanted, watch, holder)

    async def select(self, words: Sequence[str], holder: PeerName | None) -> Selection:
        """Find what several names and patterns mean."""
        search = await self._presence.search()
        return await Selecting(search, self._getting(search), self._catalog).select(words, holder)

    async def get_selected(self, selection: Selection, watch: Watch) -> tuple[Progress, ...]:
        """Download what was selected."""
        getting = self._getting(await self._presence.search())
        return await getting.get_selected(selection, watch)

    def _getting(self, search: Search) -> Getting:
        return Getting(search, self._catalog, self._downloads, self._inbox, self._offload)

    def _with_own(self, found: Found, ask: Ask) -> Found:
        return attrs.evolve(found, hits=(*found.hits, *self._answers.know(ask).hits))
