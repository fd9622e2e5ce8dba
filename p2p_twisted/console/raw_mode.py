"""Read a terminal key by key, and always restore its mode."""

import atexit
import contextlib
import os
import signal
import termios
from collections.abc import Callable
from typing import Any, Final

from p2p_twisted.console.keys import PASTE_OFF, PASTE_ON

# Indexes of the attributes that termios returns, and its value for "no key".
_LOCAL_FLAGS: Final = 3
_CONTROL_KEYS: Final = 6
_NO_KEY: Final = b"\0"

Notice = Callable[[], None]
"""Is called in a signal handler."""


def is_foreground(fd: int) -> bool:
    """Return whether this process may read from its terminal and change it."""
    try:
        return os.tcgetpgrp(fd) == os.getpgrp()
    except OSError:
        return False


class RawMode:
    """
    Puts a terminal into a mode in which keys arrive one by one, without being echoed.

    Control-C is then a key; Control-Z still asks to suspend the process.

    :param fd: the terminal, to read from.
    :param output: the terminal, to write to.
    """

    def __init__(self, fd: int, output: int) -> None:
        self._fd = fd
        self._output = output
        self._stopping: Notice = lambda: None
        self._before = termios.tcgetattr(fd)
        self._is_set = False

    def enter(self, stopping: Notice, continued: Notice) -> None:
        """
        Set the mode, until :meth:`leave` or the end of the process.

        :param stopping: is called when the process should :meth:`suspend` itself.
        :param continued: is called when the suspended process continues.
        """
        self._stopping = stopping
        atexit.register(self.leave)
        signal.signal(signal.SIGCONT, lambda _signal, _frame: continued())
        self.resume()

    def leave(self) -> None:
        """Restore the terminal's mode; doing it twice does no harm."""
        atexit.unregister(self.leave)
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        signal.signal(signal.SIGCONT, signal.SIG_DFL)
        self._restore()

    def suspend(self) -> None:
        """Restore the terminal's mode, and suspend the process."""
        self._restore()
        # With threads, the process may run on for a moment: the mode is set again only once
        # it has been told to continue, and so is the handler.
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)

    def resume(self) -> None:
        """Set the mode again, once the process is in the foreground."""
        signal.signal(signal.SIGTSTP, lambda _signal, _frame: self._stopping())
        self._set()

    @property
    def is_foreground(self) -> bool:
        """Whether the terminal is this process's to read from and to change."""
        return is_foreground(self._fd)

    @property
    def width(self) -> int:
        """The width of the terminal in cells; 80 if it is unknown."""
        try:
            return os.get_terminal_size(self._fd).columns or 80
        except OSError:
            return 80

    def _set(self) -> None:
        attributes = termios.tcgetattr(self._fd)
        attributes[_LOCAL_FLAGS] &= ~(termios.ICANON | termios.ECHO | termios.IEXTEN)
        keys = attributes[_CONTROL_KEYS]
        keys[termios.VMIN], keys[termios.VTIME] = 1, 0
        keys[termios.VINTR] = keys[termios.VQUIT] = _NO_KEY
        self._apply(attributes)
        os.set_blocking(self._fd, False)
        self._is_set = True
        self._write(PASTE_ON)

    def _restore(self) -> None:
        if self._is_set:
            self._is_set = False
            self._write(PASTE_OFF)
            self._apply(self._before)
            # Otherwise the shell could not wait for a key.
            os.set_blocking(self._fd, True)

    def _apply(self, attributes: list[Any]) -> None:
        # In the background, this would suspend the process.
        if is_foreground(self._fd):
            termios.tcsetattr(self._fd, termios.TCSANOW, attributes)

    def _write(self, sequence: bytes) -> None:
        # At once, and not behind what waits to be written: the process may be suspended next.
        with contextlib.suppress(OSError):
            if is_foreground(self._fd):
                os.write(self._output, sequence)
