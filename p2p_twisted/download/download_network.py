"""The network as downloads see it."""

from typing import Protocol

from twisted.internet.defer import Deferred

from p2p_twisted.wire.messages import Hit, Refuse, Want
from p2p_twisted.wire.names import FileId, PeerAddress, PeerName


class DownloadNetwork(Protocol):
    """What downloads need of the network."""

    def send_want(self, want: Want) -> bool:
        """Send a request to the first peer of its route; return whether that is a neighbor."""

    def send_refusal(self, refuse: Refuse) -> bool:
        """Tell a holder that what it was asked for cannot be had; as :meth:`send_want`."""

    def find(self, file_id: FileId, again: bool = False) -> "Deferred[tuple[Hit, ...]]":
        """
        Find holders of some content; it fires in bounded time, and never fails.

        :param again: whether that was asked of late, and will be once more if need be: then
            it costs less, and may miss some.
        """

    def has_changed(self, hit: Hit, again: bool) -> "Deferred[bool]":
        """
        Ask a holder whether it has other content now under the name of a hit; as :meth:`find`.

        :returns: fires with ``False`` where it has none under that name, or does not answer.
        """

    def address(self) -> PeerAddress:
        """Return where this peer listens."""

    def reached(self) -> tuple[PeerAddress, ...]:
        """Return the neighbors that this peer can dial."""

    def relays(self) -> "Deferred[tuple[PeerAddress, ...]]":
        """Ask who relays for all; it fires in bounded time, and never fails."""

    def clock_fault(self, holder: PeerName) -> str | None:
        """Return why there is no connection with a holder, if a wrong clock is why: a sentence."""

    def is_closed(self) -> bool:
        """Return whether others cannot dial this peer, as far as is known."""
