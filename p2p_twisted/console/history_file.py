"""Keep the history of the console over restarts."""

import os
from typing import Final

from twisted.logger import Logger

from p2p_twisted.console.history import HISTORY_LINES
from p2p_twisted.console.keys import is_typed
from p2p_twisted.runtime.own_folder import OwnFolder

HISTORY_BYTES: Final = 256 * 1024
_NAME: Final = "history"


class HistoryFile:
    """
    A text file in the peer's own folder, with the line that was entered last at its end.

    It is opened once, and a line is added without flushing it to the disk. What goes wrong is
    logged, and costs the history only.

    :param folder: the peer's own; others can read nothing in it.
    """

    log = Logger()

    def __init__(self, folder: OwnFolder) -> None:
        self._folder = folder
        self._fd: int | None = None

    def open(self) -> list[str]:
        """
        Begin to keep lines.

        :returns: those of earlier runs, oldest first, 1,000 at most.
        """
        try:
            self._fd = self._folder.open_file(_NAME, os.O_APPEND)
            size = os.fstat(self._fd).st_size
            content = os.pread(self._fd, HISTORY_BYTES, max(0, size - HISTORY_BYTES))
            lines = _lines(content, is_whole=size <= HISTORY_BYTES)
            if size > HISTORY_BYTES or len(lines) > 2 * HISTORY_LINES:
                self._shorten(lines[-HISTORY_LINES:])
        except OSError as error:
            self._fail(error)
            return []
        return lines[-HISTORY_LINES:]

    def append(self, line: str) -> None:
        """Keep a line."""
        if self._fd is None:
            return
        try:
            os.write(self._fd, _encoded([line]))
        except OSError as error:
            self._fail(error)

    def close(self) -> None:
        """Keep no more; doing it twice does no harm."""
        if self._fd is not None:
            fd, self._fd = self._fd, None
            os.close(fd)

    def _shorten(self, lines: list[str]) -> None:
        """Replace the file by one with fewer lines."""
        self.close()
        self._folder.replace(_NAME, _encoded(lines))
        self._fd = self._folder.open_file(_NAME, os.O_APPEND)

    def _fail(self, error: OSError) -> None:
        self.log.warn("the history is not kept: {error}", error=error)
        self.close()


def _lines(content: bytes, is_whole: bool) -> list[str]:
    lines = content.decode("utf-8", "replace").split("\n")
    # The first may have lost its beginning; what is behind the last end was being written.
    return [line for line in lines[not is_whole : -1] if line.strip() and is_typed(line)]


def _encoded(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")
