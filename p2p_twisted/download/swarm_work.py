"""What a swarm delivers, as the swarm sees it."""

from collections.abc import Collection, Container, Iterable

from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import FileId, PeerName


class SwarmWork:
    """
    What a swarm is to deliver.

    :ivar file_ids: what holders offer of it.
    :ivar file_id: of the file, where all holders deliver one; it can be read meanwhile.
    """

    file_ids: Container[FileId | None]
    file_id: FileId | None

    @property
    def is_one_file(self) -> bool:
        """
        Whether all holders deliver one file.

        Then they count as one download, and others are looked for while they deliver.
        """
        return self.file_id is not None

    @property
    def is_complete(self) -> bool:
        """Whether all is there."""
        raise NotImplementedError

    @property
    def received(self) -> int:
        """How much has come; in any unit, since only growth counts."""
        raise NotImplementedError

    @property
    def room(self) -> int:
        """How many holders are of use at a time."""
        raise NotImplementedError

    async def find(self) -> Iterable[Hit]:
        """Look for holders of what is missing, in bounded time."""
        raise NotImplementedError

    async def ask(self, hit: Hit) -> bool:
        """
        Let a holder deliver what it can.

        :returns: whether it has begun to.
        :raises DiskFault: when what came could not be kept.
        """
        raise NotImplementedError

    def ask_all(self) -> None:
        """Ask all that deliver for more, or tell them that all is there."""
        raise NotImplementedError

    async def settle(self) -> None:
        """
        Wait until what has come is written, where that is not at once.

        :raises DiskFault: when it cannot be.
        """

    # Of one file

    @property
    def room_in_return(self) -> int:
        """How many more are of use that ask this peer for the same."""
        return 0

    @property
    def has_whole(self) -> bool:
        """Whether a holder delivers that may be asked for everything."""
        return False

    @property
    def is_pending(self) -> bool:
        """Whether any holder owes what it was asked for."""
        return False

    def look_after(self) -> Collection[PeerName]:
        """Do what is due from time to time; return the holders from which nothing comes."""
        return ()
