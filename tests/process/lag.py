"""
How long a daemon keeps newcomers waiting: the time from connecting to its HELLO.

That is how long its reactor is held by other business. The probe runs in a process of its own,
since a test that floods would hold up a thread.
"""

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

LAG_SECONDS: Final = 0.5
"""The longest that any abuse may hold up a daemon."""

_PERIOD_SECONDS: Final = 0.02
_PATIENCE_SECONDS: Final = 60.0


class LagProbe:
    """
    Connects to a daemon 50 times a second, in a process of its own, until it is stopped.

    :param pid: the daemon's. What the machine kept from it, as it was busy otherwise, is not
        its fault, and is not counted.
    """

    def __init__(self, port: int, pid: int) -> None:
        command = [sys.executable, "-I", __file__, str(port), str(pid)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        # It has begun.
        self._process.stdout.readline()

    def stop(self) -> float:
        """End it; return the longest wait, in seconds."""
        output, _ = self._process.communicate(timeout=2 * _PATIENCE_SECONDS)
        return max(json.loads(output), default=0.0)


def kept_waiting(pid: int) -> float:
    """Tell how long a process that could run has waited for a processor, in seconds."""
    with contextlib.suppress(OSError, IndexError):
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
    return 0.0


def lag(port: int, pid: int, own_pid: int) -> float:
    """Connect once; return how long the greeting took, in seconds."""
    before = kept_waiting(pid) + kept_waiting(own_pid)
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), _PATIENCE_SECONDS) as probe:
        probe.recv(1)
        took = time.monotonic() - began
    return max(0.0, took - (kept_waiting(pid) + kept_waiting(own_pid) - before))


def main(port: int, pid: int, own_pid: int) -> None:
    """Probe until the standard input ends; then write down each wait."""
    sys.stdout.write("\n")
    sys.stdout.flush()
    lags = []
    while not select.select([sys.stdin], [], [], 0)[0]:
        began = time.monotonic()
        # One that has ended, or is full, refuses: it is not late.
        with contextlib.suppress(OSError):
            lags.append(lag(port, pid, own_pid))
        time.sleep(max(0.0, began + _PERIOD_SECONDS - time.monotonic()))
    sys.stdout.write(json.dumps(lags))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), os.getpid())
