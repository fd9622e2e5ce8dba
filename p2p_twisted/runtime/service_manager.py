"""Tell the service manager, such as systemd, how a daemon is."""

import os
import socket
from typing import Final

from twisted.application.internet import TimerService
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

_log = Logger()

_MICROSECONDS: Final = 1_000_000


def notify(state: str) -> None:
    """
    Tell the service manager; without one, do nothing.

    :param state: lines as in ``sd_notify(3)``: ``READY=1``.
    """
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.setblocking(False)
        try:
            manager.sendto(state.encode(), address)
        except OSError as error:
            _log.warn("cannot notify the service manager: {error}", error=error)


def writes_to_journal(fd: int) -> bool:
    """
    Return whether what a descriptor is written goes into systemd's journal, which others may read.

    See ``systemd.exec(5)``, ``$JOURNAL_STREAM``: programs inherit it that write elsewhere.
    """
    try:
        status = os.fstat(fd)
    except OSError:
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def watchdog(reactor: IReactorTime) -> TimerService | None:
    """
    Make the service that tells the service manager twice in its interval that the reactor runs.

    If it tells nothing, because something blocks the reactor, the manager starts the daemon again.

    :returns: ``None`` where no manager watches this process.
    """
    interval = os.environ.get("WATCHDOG_USEC", "")
    watched = os.environ.get("WATCHDOG_PID") or str(os.getpid())
    if not interval.isdecimal() or not int(interval) or watched != str(os.getpid()):
        return None
    timer = TimerService(int(interval) / _MICROSECONDS / 2, notify, "WATCHDOG=1")
    timer.clock = reactor
    return timer
