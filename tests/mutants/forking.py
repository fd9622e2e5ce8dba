"""
Run tests in forks of a process that has imported what they import of others.

That takes longer than most tests of a mutant. Of p2p_twisted, each fork imports what is there now.
"""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import IO, Final

import pytest
from attrs import astuple, frozen

_IMPORTED: Final = (
    "attrs",
    "blake3",
    "cryptography.x509",
    "hypothesis.strategies",
    "msgspec",
    "pathspec",
    "prometheus_client",
    "segno",
    "service_identity",
    "twisted.internet.ssl",
    "twisted.internet.testing",
    "twisted.trial.unittest",
    "twisted.web.client",
    "twisted.web.server",
    "wcwidth",
)
"""None of them makes the reactor, which has files that forks would share."""


@frozen
class Ran:
    """
    How tests went.

    :ivar code: the exit code of pytest; None where they were killed.
    :ivar said: what pytest has said.
    :ivar failed: which tests have failed.
    """

    code: int | None
    said: str
    failed: Sequence[str]


class ForkingPytest:
    """
    Runs pytest in a folder, time and again.

    :param folder: where ``p2p_twisted`` and ``tests`` are.
    """

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.mutants.forking"],
            cwd=folder,
            env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, arguments: Sequence[str], within: float) -> Ran:
        """
        Run some tests.

        :param within: seconds; then they are killed.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([arguments, within]) + "\n")
        self._process.stdin.flush()
        return Ran(*json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


class _Failed:
    """A plugin of pytest that writes down which tests fail, a line each."""

    def __init__(self, to: IO[bytes]) -> None:
        self._to = to

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write down a test that has failed."""
        if report.failed:
            self._to.write(f"{report.nodeid}\n".encode())
            self._to.flush()


def _run(arguments: list[str], within: float) -> Ran:
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryFile() as said,
        tempfile.TemporaryFile() as failed,
    ):
        fork = os.fork()
        if not fork:
            # Also where nobody is left to kill it.
            signal.alarm(int(within) + 2)
            _be_pytest([*arguments, f"--basetemp={folder}/tests"], said, failed)
        end = os.pidfd_open(fork)
        is_over, _, _ = select.select([end], [], [], within)
        os.close(end)
        if not is_over:
            os.killpg(fork, signal.SIGKILL)
        _, status = os.waitpid(fork, 0)
        code = os.waitstatus_to_exitcode(status) if is_over else None
        return Ran(code, _text_of(said), _text_of(failed).splitlines())


def _text_of(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace")


def _be_pytest(arguments: list[str], said: IO[bytes], failed: IO[bytes]) -> None:
    """Be a process of its own, with what it starts; does not return."""
    code = -1
    try:
        os.setpgid(0, 0)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
        code = int(pytest.main(arguments, [_Failed(failed)]))
        sys.stdout.flush()
    finally:
        os._exit(code)


def _main() -> None:
    for module in _IMPORTED:
        import_module(module)
    assert "twisted.internet.reactor" not in sys.modules
    for line in sys.stdin:
        sys.stdout.write(json.dumps(astuple(_run(*json.loads(line)))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _main()
