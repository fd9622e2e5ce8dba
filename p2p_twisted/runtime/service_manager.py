"""Tell the service manager, such as systemd, how a daemon is."""

import os
import socket

from twisted.logger import Logger

_log = Logger()


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
