"""Tell a script how each line of its ended."""

import os

from twisted.logger import Logger


class Verdicts:
    r"""
    Writes ``ok\n`` or ``failed\n`` to a file descriptor.

    A script that does not read them, or has closed its end, is told nothing more.

    :param fd: inherited from whoever started us.
    """

    log = Logger()

    def __init__(self, fd: int) -> None:
        self._fd: int | None = fd

    def tell(self, is_ok: bool) -> None:
        """Tell how one line ended."""
        if self._fd is None:
            return
        try:
            os.set_blocking(self._fd, False)
            os.write(self._fd, b"ok\n" if is_ok else b"failed\n")
        except OSError as error:
            self.log.warn("cannot tell results any more: {error}", error=error)
            self._fd = None
