"""Tell a script how each of its lines ended."""

import os

from twisted.logger import Logger


class Verdicts:
    r"""
    Writes ``ok\n`` or ``failed\n`` to a file descriptor.

    If the script does not read them, or has closed its end, nothing more is written.

    :param fd: inherited from the process that started this one.
    """

    log = Logger()

    def __init__(self, fd: int) -> None:
        self._fd: int | None = fd

    def tell(self, is_ok: bool) -> None:
        """Write how one line ended."""
        if self._fd is None:
            return
        try:
            os.set_blocking(self._fd, False)
            os.write(self._fd, b"ok\n" if is_ok else b"failed\n")
        except OSError as error:
            self.log.warn("cannot tell results any more: {error}", error=error)
            self._fd = None
