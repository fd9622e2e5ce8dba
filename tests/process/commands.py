"""Commands that tests run to their ends, without a terminal."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.process.daemons import PATIENCE


def run(
    command: Sequence[str], cwd: str | Path, env: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """
    Run a command.

    :param env: its environment; this process's by default.
    """
    return subprocess.run(
        command,
        cwd=cwd,
        env=os.environ if env is None else env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
