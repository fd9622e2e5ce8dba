"""Run a program of Python as it orders its sets in one run, and not in another."""

import os
import subprocess
import sys


def printed(program: str, hash_seed: str) -> str:
    """Return what a program prints that must succeed; sets are ordered by the seed of hashes."""
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout
