"""Record signals, and act on them only where nothing can be left behind."""

import selectors
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(Exception):
    """
    A signal asks this process to end.

    :ivar number: of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


class Signals:
    """
    Holds back signals that would end this process until it waits.

    A Python signal handler that raises may do so between the start of a child process and the
    record that it was started. Here, a signal only ends a wait.

    Use it as a context manager, in the main thread.
    """

    def __init__(self) -> None:
        self._are_ignored = False
        self._are_raised = False
        self._noted: list[int] = []
        self._replaced: dict[int, Any] = {}

    def __enter__(self) -> "Signals":
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._wakeup = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        for number in _ENDING:
            # An ignored signal, as under nohup or in the background, stays ignored.
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._replaced[number] = signal.signal(number, self._note)
        # The end of a child is not recorded; it only has to end a wait.
        self._replaced[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        return self

    def __exit__(self, *_error: object) -> None:
        for number, handler in self._replaced.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup)
        self._reader.close()
        self._writer.close()

    def wait(self, seconds: float | None, readable: Sequence[int] = ()) -> list[int]:
        """
        Wait until a descriptor is readable or any signal arrives, the end of a child included.

        :param seconds: how long at most; ``None`` for ever.
        :param readable: file descriptors.
        :returns: those that are readable now.
        :raises Interrupted: when a signal that would end this process has arrived.
        """
        with selectors.PollSelector() as selector:
            for fd in (self._reader.fileno(), *readable):
                selector.register(fd, selectors.EVENT_READ)
            self._raise_noted()
            ready = [key.fd for key, _ in selector.select(seconds)]
        if self._reader.fileno() in ready:
            ready.remove(self._reader.fileno())
            self._reader.recv(4096)
        self._raise_noted()
        return ready

    @contextmanager
    def raised(self) -> Iterator[None]:
        """
        Have a signal end at once what is done meanwhile, wherever that is.

        :raises Interrupted: when a signal that would end this process arrives, or has arrived.
        """
        self._are_raised = True
        try:
            self._raise_noted()
            yield
        finally:
            self._are_raised = False

    def ignore(self) -> None:
        """Ignore past and future signals, as the process is ending."""
        self._are_ignored = True
        self._noted.clear()

    def _raise_noted(self) -> None:
        if self._noted:
            raise Interrupted(self._noted.pop(0))

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if self._are_ignored:
            return
        self._noted.append(number)
        if self._are_raised:
            # Once: the first one is being acted on then.
            self._are_raised = False
            self._raise_noted()
