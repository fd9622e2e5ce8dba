"""What stands here already need not be fetched: the seam to whoever knows of it."""

from collections.abc import Sequence
from typing import Protocol

from twisted.internet.defer import Deferred

from p2p_twisted.wire.names import FileId
from p2p_twisted.wire.source import Source


class LocalCopies(Protocol):
    """The content of a peer's own files, wherever they are."""

    def among(self, files: Sequence[FileId]) -> "Deferred[frozenset[FileId]]":
        """Tell which of some content seems to stand here."""

    def open(self, file: FileId) -> "Deferred[Source | None]":
        """Open content, if it stands here."""
