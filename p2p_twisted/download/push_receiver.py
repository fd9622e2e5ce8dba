"""What all pushes have in common at the requester: digests first, a floor, an end."""

from math import inf
from typing import Protocol

from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override

from p2p_twisted.explain.push_times import PushTimes
from p2p_twisted.storage.content import WrongContent
from p2p_twisted.storage.disk import DiskFault
from p2p_twisted.wire import limits
from p2p_twisted.wire.chunks import DIGEST_BYTES, chunk_count
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.messages import Done, Error, Message, Push, Refuse
from p2p_twisted.wire.names import PeerName
from p2p_twisted.wire.session import Session


class Delivery(Protocol):
    """What one request to one holder has come to: the ``PendingWant`` of its ticket."""

    holder: PeerName
    how: str
    times: PushTimes

    @property
    def patience(self) -> float:
        """How many seconds may bring next to nothing."""

    def ended(self, reason: str) -> None:
        """The holder is done, or gone; what is missing decides what comes next."""

    def lied(self, reason: str) -> None:
        """The holder delivered something else than the file id names."""

    def doubted(self, reason: str) -> None:
        """The holder delivered wrong bytes: its file may have changed on their way."""

    def failed(self, fault: Exception) -> None:
        """What comes cannot be kept, whichever holder delivers it."""


class PushReceiver(Session):
    """
    A session on a connection on which came a ``PUSH`` we asked for, whoever has dialed whom.

    The digests come first. From then on at least 1 KiB per second must come of what the
    holder was asked for, over half a minute, or 3 s where it comes through a relay; otherwise the
    connection ends.

    :ivar holder: the peer that pushes.
    :ivar how: it and this peer reach each other.
    :ivar times: how the time goes by.
    :ivar is_done: whether all has come, and the connection closes in order.
    """

    log = Logger()

    is_done = False
    _kind = "a push"

    def __init__(self, connection: Connection, push: Push, delivery: Delivery) -> None:
        self.holder, self.how = delivery.holder, delivery.how
        self.times = delivery.times
        self._connection = connection
        self._push = push
        self._delivery = delivery
        self._digests = bytearray()
        self._since_mark = 0
        self._put_off_deadline()
        connection.output.lines_at_once = inf
        connection.input.expect_raw(DIGEST_BYTES * chunk_count(push.size), self._take_digests)
        if not push.size:
            self._digests_came(b"")

    @property
    def left(self) -> int:
        """How many bytes are still to come of what is asked for here, whoever delivers them."""
        raise NotImplementedError

    def ask(self) -> None:
        """Ask for more, if it is time; or say that all is there."""
        raise NotImplementedError

    @override
    def received(self, message: Message) -> None:
        """Handle an end; subclasses handle what else has a place in their pushes."""
        if not isinstance(message, Refuse | Error):
            raise ProtocolError(f"{message.verb} has no place in {self._kind}")
        self._delivery.ended(message.reason)
        self._connection.close()

    @override
    def lost(self, reason: Failure) -> None:
        """End the delivery; what is missing decides whether it was complete."""
        self._delivery.ended("the connection was lost")

    def abort(self) -> None:
        """Accept nothing more from this holder."""
        self._connection.abort()

    def _digests_came(self, digests: bytes) -> None:
        raise NotImplementedError

    def _take_digests(self, piece: bytes) -> None:
        self._moved(len(piece))
        self._digests += piece
        if len(self._digests) == DIGEST_BYTES * chunk_count(self._push.size):
            digests = bytes(self._digests)
            self._digests.clear()
            self._digests_came(digests)

    def _moved(self, count: int) -> None:
        """Put the deadline off whenever enough has come to keep above the floor."""
        self._since_mark += count
        self.times.received += count
        if self._since_mark >= limits.FLOOR_BYTES_PER_SECOND * self._delivery.patience:
            self._put_off_deadline()

    def _put_off_deadline(self) -> None:
        self._since_mark = 0
        self._connection.set_deadline(self._delivery.patience)

    def _end(self) -> None:
        """Tell the holder that all is there."""
        self.is_done = True
        self.times.look()
        self._connection.send(Done())
        # The side that closes first keeps the port busy for a minute: that is the holder.
        self._connection.set_deadline(limits.CLOSE_SECONDS)
        self._delivery.ended("complete")

    def _lied(self, lie: WrongContent) -> None:
        self._delivery.lied(str(lie))
        self._connection.abort()

    def _failed(self, fault: DiskFault) -> None:
        self._delivery.failed(fault)
        self._connection.abort()
