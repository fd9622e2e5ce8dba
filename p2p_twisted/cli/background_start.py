"""Start a daemon in the background, and stay until it is known how that went."""

import os
import select
import socket
import sys
import tempfile
import time
from collections.abc import Collection
from io import StringIO
from pathlib import Path
from typing import Any, Final

from p2p_twisted.cli.answers import complain
from p2p_twisted.runtime.conceal import overwrite
from p2p_twisted.runtime.exit_status import Exit

_READY_SECONDS: Final = 20.0
_QUIET_SECONDS: Final = 1.0
_READ_BYTES: Final = 4_096
_DIVIDED: Final = "_P2P_DIVIDED"


def start_in_background(secrets: Collection[str]) -> int | None:
    """
    Divide this process: one runs the daemon, the other waits for it and tells the person.

    :param secrets: whole values that this program was started with: the daemon has them to use and
        to hide; the one that waits shows them to nobody meanwhile, where the system lets it.
    :returns: ``None`` in the one that is to run the daemon; in the other the exit status, once
        the daemon is ready, or has ended, or has tried to join for 20 s.
    """
    if os.environ.pop(_DIVIDED, None):
        # It was started anew, without what should not stand in its command line.
        vars(sys)["__stderr__"] = StringIO()
        return None
    folder = Path(tempfile.mkdtemp(prefix="p2p-"))
    told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    told.bind(str(folder / "told"))
    ended, alive = os.pipe()
    child = os.fork()
    if child == 0:
        # The daemon keeps one end of the pipe open for as long as it lives.
        os.close(ended)
        os.set_inheritable(alive, True)
        told.close()
        os.environ[_DIVIDED] = "1"
        os.environ["NOTIFY_SOCKET"] = str(folder / "told")
        # There twistd would say again, and worse, what the daemon has said.
        vars(sys)["__stderr__"] = StringIO()
        return None
    os.close(alive)
    overwrite(secrets)
    try:
        return _wait(told, ended, child)
    finally:
        told.close()
        os.close(ended)
        (folder / "told").unlink()
        folder.rmdir()


def _wait(told: socket.socket, ended: int, child: int) -> int:
    """Wait until the daemon has told how it is; return the exit status."""
    began = time.monotonic()
    has_said = False
    while (seconds := began + _READY_SECONDS - time.monotonic()) > 0:
        pause = seconds if has_said else min(seconds, _QUIET_SECONDS)
        watched: list[Any] = [told, ended]
        readable, *_ = select.select(watched, [], [], pause)
        if told in readable:
            state = dict(line.partition("=")[::2] for line in _lines(told))
            if "READY" in state:
                return Exit.DONE
            if "EXIT_STATUS" in state:
                # One that could not start has said so on standard error.
                if "STATUS" in state:
                    complain(state["STATUS"])
                return int(state["EXIT_STATUS"])
            if "STATUS" in state:
                has_said = True
                complain(f"not ready yet: {state['STATUS']}")
        elif ended in readable:
            # What it had to say is on standard error.
            _, status = os.waitpid(child, 0)
            return os.waitstatus_to_exitcode(status) or Exit.UNEXPECTED
        elif not has_said:
            has_said = True
            complain("waiting until it is ready")
    complain("not ready yet: it goes on in the background; p2p status tells how it is")
    return Exit.DONE


def _lines(told: socket.socket) -> list[str]:
    return told.recv(_READ_BYTES).decode(errors="replace").splitlines()
