"""What a delivery is for: the seam between pushes that come in and who takes what they bring."""

from collections.abc import Sequence
from typing import Protocol

from twisted.internet.defer import Deferred

from p2p_twisted.picker.chunk_picker import ChunkPicker
from p2p_twisted.picker.ranges import Range
from p2p_twisted.storage.content import Content
from p2p_twisted.wire.names import PeerName


class DeliverySession(Protocol):
    """One holder's push, as whoever takes its chunks sees it."""

    holder: PeerName

    def ask(self) -> None:
        """Ask for more, if it is time; or say that all is there."""

    def announce(self, chunks: Sequence[Range]) -> None:
        """Tell the holder what needs not be sent."""


class Taker(Protocol):
    """What is being fetched: it takes the content that a holder delivers."""

    def begin(self, holder: PeerName, content: Content) -> "Deferred[ChunkPicker]":
        """
        Get ready for chunks, now that the digests are known and verified.

        :returns: which chunks are missing; fails with :class:`DiskFault`.
        """

    def joined(self, session: "DeliverySession", is_partial: bool) -> None:
        """
        Take note that a holder is ready to be asked.

        :param is_partial: whether it has only what it will announce.
        """

    def ask(self, holder: PeerName) -> tuple[Range, ...]:
        """Choose what to ask a holder for now, if anything."""

    def announced(self, holder: PeerName, chunks: tuple[Range, ...]) -> None:
        """
        Take note of what a holder has; from the first time on, that it has nothing else.

        :raises ProtocolError: when that cannot be.
        """

    def moved(self, holder: PeerName, count: int) -> None:
        """Take note that a holder has sent some bytes."""

    def take(self, holder: PeerName, index: int, chunk: memoryview) -> None:
        """
        Verify and keep a chunk.

        :raises WrongContent: when these are not its bytes.
        :raises DiskFault: when they cannot be kept.
        """


class Delivery(Protocol):
    """One request to one holder: what it has come to."""

    holder: PeerName

    def ended(self, reason: str) -> None:
        """The holder is done, or gone: the taker knows what is still missing."""

    def lied(self, reason: str) -> None:
        """The holder delivered something else than the file id names."""

    def doubted(self, reason: str) -> None:
        """The holder delivered wrong bytes: its file may have changed on their way."""

    def failed(self, fault: Exception) -> None:
        """It cannot be kept, whoever delivers it."""
