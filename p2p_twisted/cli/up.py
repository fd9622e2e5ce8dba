"""``p2p up``: run a whole network on this machine, until its first peer ends."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from p2p_twisted.cli.banner import to_try, where
from p2p_twisted.cli.local_daemons import END_SECONDS, DaemonFailed, Daemons
from p2p_twisted.cli.local_network import Command, LocalNetwork, twistd
from p2p_twisted.cli.script import LineFailed, PipedConsole, run_script
from p2p_twisted.cli.signals import Interrupted, Signals
from p2p_twisted.cli.terminal import restored
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.runtime.os_errors import umask_fault

_LINES_FAILED: Final = range(Exit.NO_NETWORK, Exit.SOME_FAILED + 1)


class LinesFailed(Exception):
    """
    Lines that s1 read from a pipe failed; it has said how.

    :ivar status: its exit status.
    """

    def __init__(self, status: int) -> None:
        super().__init__(f"exit status {status}")
        self.status = status


def up(peers: int, script: Sequence[str] | None, keep: bool, command: Command = twistd) -> int:
    """
    Run a network until s1 ends, or a script has run.

    No daemon and no file is left behind, however it ends.

    :param script: lines for the console of s1, which is otherwise on this terminal.
    :param keep: whether to keep the files.
    :returns: the exit status.
    :raises OSError: when the system refuses something, such as to write the output.
    """
    if (fault := umask_fault()) is not None:
        print(f"p2p up: {fault}", file=sys.stderr)
        return Exit.USAGE
    try:
        with Signals() as signals:
            _run(signals, peers, script, keep, command)
    except Interrupted as interrupted:
        return 128 + interrupted.number
    except BrokenPipeError:
        # The reader of our output is gone; Python would report that once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except LinesFailed as failed:
        return failed.status
    except (DaemonFailed, LineFailed) as error:
        print(f"p2p up: {error}", file=sys.stderr)
        return 1
    return 0


def _run(
    signals: Signals, peers: int, script: Sequence[str] | None, keep: bool, command: Command
) -> None:
    directory = Path(tempfile.mkdtemp(prefix="p2p-"))
    daemons = Daemons(directory / "logs", signals)
    try:
        network = LocalNetwork(directory, daemons, peers, command)
        print("Starting a registry and", "1 peer" if peers == 1 else f"{peers} peers", flush=True)
        network.start()
        print(where(peers, network.registry, directory), flush=True)
        if script is not None:
            _run_script(network, daemons, signals, script)
        else:
            print(to_try(peers), flush=True)
            _run_console(network, daemons, signals, keep)
    finally:
        signals.ignore()
        daemons.end()
        if keep:
            print(f"The files are kept in {directory}")
        else:
            shutil.rmtree(directory, ignore_errors=True)
    print("All have ended.")


def _run_console(network: LocalNetwork, daemons: Daemons, signals: Signals, keep: bool) -> None:
    """
    Give this terminal to s1 until it ends.

    :param keep: whether what is not complete then can go on some day.
    :raises DaemonFailed: when it ends with an error.
    :raises LinesFailed: when the terminal is none, and lines that came from it failed.
    """
    with restored():
        options = {"stdin": None, "stdout": None, "stderr": None, "start_new_session": False}
        ending = ["--leave-at-end"] if keep else ["--leave-at-end", "--once"]
        s1 = network.start_peer(1, ending, **options)
        try:
            while s1.is_alive:
                signals.wait(None)
        except Interrupted as interrupted:
            if interrupted.number != signal.SIGINT:
                raise
            # The terminal has sent the signal to s1 as well, which is leaving the network.
            signals.ignore()
            daemons.wait_for_end([s1], END_SECONDS)
            return
    status = s1.process.returncode
    if status in _LINES_FAILED and not os.isatty(0):
        raise LinesFailed(status)
    if status:
        raise DaemonFailed(f"s1 ended with status {status}:{s1.tail()}")


def _run_script(
    network: LocalNetwork, daemons: Daemons, signals: Signals, lines: Sequence[str]
) -> None:
    """
    Run console lines at s1.

    :raises LineFailed: at the first line that fails.
    """
    with contextlib.ExitStack() as stack:
        verdicts, given = os.pipe()
        stack.callback(os.close, verdicts)
        try:
            s1 = network.start_peer(
                1,
                [f"--results={given}"],
                pass_fds=(given,),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        finally:
            os.close(given)
        daemons.wait_until_ready([s1])
        console = PipedConsole(signals, s1.process, verdicts, _show)
        run_script(lines, console, "s1> ", _show)


def _show(output: bytes) -> None:
    sys.stdout.buffer.write(output)
    sys.stdout.buffer.flush()
