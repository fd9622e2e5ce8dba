"""What downloads tell of what others may be served from afterwards, as it was pushed to them."""

from collections.abc import Sequence
from typing import Protocol

from p2p_twisted.wire.manifest import Member
from p2p_twisted.wire.names import FileId


class Seeds(Protocol):
    """Is told what has come."""

    async def listed(self, folder: FileId, members: Sequence[Member]) -> None:
        """
        Learn what a folder consists of that is downloaded.

        :param members: with what is kept of them beside their content, as far as that is known.
        """

    def published(self, file_id: FileId) -> None:
        """Learn that a file has its final name."""


class NoSeeds:
    """Serves nothing of what was downloaded."""

    async def listed(self, folder: FileId, members: Sequence[Member]) -> None:
        """Ignore it."""

    def published(self, file_id: FileId) -> None:
        """Ignore it."""
