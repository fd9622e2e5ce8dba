"""The body of a request that is too large to be kept: taken as it comes."""

from typing import Any

from twisted.internet.defer import Deferred

from p2p_twisted.api.api_errors import BadRequest
from p2p_twisted.api.limits import UPLOAD_AHEAD_BYTES


class UploadBody:
    """
    Gives what comes to who takes it; while nobody does, only so much is read.

    :param transport: of the connection.
    :ivar size: in bytes, if that was announced.
    """

    def __init__(self, transport: Any, size: int | None) -> None:
        self.size = size
        self._transport = transport
        self._came = bytearray()
        self._is_ended = self._is_lost = self._is_paused = False
        self._waiting: Deferred[None] | None = None

    async def read(self) -> bytes:
        """
        Take what has come, once something has; nothing at the end.

        :raises BadRequest: when the rest will not come.
        """
        if not (self._came or self._is_ended or self._is_lost):
            self._waiting = Deferred()
            await self._waiting
        if self._is_lost:
            raise BadRequest("bad_request", "the connection was lost before all had come")
        content = bytes(self._came)
        self._came.clear()
        if self._is_paused:
            self._is_paused = False
            self._transport.resumeProducing()
        return content

    def feed(self, content: bytes) -> None:
        """Have some more."""
        self._came += content
        if len(self._came) > UPLOAD_AHEAD_BYTES and not self._is_paused:
            self._is_paused = True
            self._transport.pauseProducing()
        self._go_on()

    def end(self) -> None:
        """Have had all."""
        self._is_ended = True
        self._go_on()

    def lose(self) -> None:
        """Get no more."""
        self._is_lost = not self._is_ended
        self._go_on()

    def _go_on(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.callback(None)
