"""Accept a small file that a neighbor sends on the link itself."""

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from p2p_twisted.bandwidth.limiter import Limiter
from p2p_twisted.download.pending_want import PendingWant
from p2p_twisted.download.receiver import OpenFile
from p2p_twisted.runtime.background import background
from p2p_twisted.storage.content import WholeContent
from p2p_twisted.wire.connection import Connection

_log = Logger()


def receive_file(
    connection: Connection, size: int, pending: PendingWant | None, limiter: Limiter
) -> bool:
    """
    Accept a small file from a link; one that was not asked for is read and dropped.

    Called while its announcement is received: its bytes follow.

    :param size: how many do.
    :param pending: what its ticket is for.
    :returns: whether it was asked for.
    """
    open_file = pending.open_file if pending is not None else None
    if pending is None or open_file is None or not pending.fits(pending.file_id, size):
        connection.input.skip_raw(size)
        return False
    pending.answered()
    connection.input.expect_raw(size, take := _taker(size, pending, open_file, limiter))
    if not size:
        take(b"")
    return True


def _taker(
    size: int, pending: PendingWant, open_file: OpenFile, limiter: Limiter
) -> Callable[[bytes], None]:
    whole = bytearray()

    def take(piece: bytes) -> None:
        whole.extend(piece)
        if len(whole) == size:
            turn = limiter.turn(size)
            accepting = Deferred.fromCoroutine(_accept(pending, open_file, bytes(whole), turn))
            pending.from_link = accepting.addCallbacks(pending.ended, pending.broke)
            background(_log, "accepting a small file", accepting)

    return take


async def _accept(
    pending: PendingWant, open_file: OpenFile, whole: bytes, turn: "Deferred[None]"
) -> str:
    """
    Let a file that arrived at once go the way of all content: digests, then chunks.

    :param turn: nothing more is asked for before.
    :returns: why the delivery ended.
    """
    await turn
    file = await open_file(WholeContent(pending.file_id, whole))
    if not file.picker.is_complete:
        file.moved(pending.holder, len(whole))
        await file.accept(pending.holder, 0, memoryview(whole))
    return "complete"
