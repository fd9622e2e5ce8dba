"""Let so many files be received at a time, and some more that somebody reads."""

from attrs import define, field
from twisted.internet.defer import Deferred, succeed

from p2p_twisted.bandwidth.limiter import Bandwidth
from p2p_twisted.download.file_readers import ReadableDownloads
from p2p_twisted.wire.names import FileId


@define(eq=False)
class DownloadSlots:
    """
    The slots that all downloads of a peer share, in the order in which they came.

    Who reads what comes does not wait for what nobody looks at: that goes before all others, and
    has some slots beyond those that there are for all.
    """

    _bandwidth: Bandwidth
    _readable: ReadableDownloads
    _taken: int = field(default=0, init=False)
    _waiting: dict["Deferred[None]", FileId | None] = field(factory=dict, init=False)
    _is_calling: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._readable.hurried = self._admit

    def has_room(self, file_id: FileId | None) -> bool:
        """
        Return whether who comes now for some content need not wait.

        :param file_id: ``None`` for what is not one file that can be read meanwhile.
        """
        return self._taken < self._places(file_id) and not any(
            self._is_read(other) or not self._is_read(file_id) for other in self._waiting.values()
        )

    def acquire(self, file_id: FileId | None) -> "Deferred[None]":
        """Fire once there is a slot for some content; canceling stops waiting."""
        if self.has_room(file_id):
            self._taken += 1
            return succeed(None)
        admitted: Deferred[None] = Deferred(self._forget)
        self._waiting[admitted] = file_id
        return admitted

    def release(self) -> None:
        """Give a slot up that was acquired."""
        self._taken -= 1
        self._admit()

    def _forget(self, admitted: "Deferred[None]") -> None:
        self._waiting.pop(admitted, None)

    def _is_read(self, file_id: FileId | None) -> bool:
        return file_id is not None and self._readable.is_read(file_id)

    def _places(self, file_id: FileId | None) -> int:
        slots, rate = self._bandwidth.slots, self._bandwidth.down.rate
        return slots.down + (slots.of_readers(rate) if self._is_read(file_id) else 0)

    def _next(self) -> "Deferred[None] | None":
        """Choose who has waited longest of those that are read, or of all."""
        read = (each for each, file_id in self._waiting.items() if self._is_read(file_id))
        chosen = next(read, None) or next(iter(self._waiting), None)
        if chosen is None or self._taken >= self._places(self._waiting[chosen]):
            return None
        return chosen

    def _admit(self) -> None:
        # Whoever calls first calls all: from within each other they would exceed the stack.
        if self._is_calling:
            return
        self._is_calling = True
        try:
            while (admitted := self._next()) is not None:
                del self._waiting[admitted]
                self._taken += 1
                admitted.callback(None)
        finally:
            self._is_calling = False
