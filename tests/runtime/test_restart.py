"""A command line without what it should not show."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from p2p_twisted.runtime.restart import words_without


@pytest.mark.parametrize(
    ("words", "left"),
    [
        (["twistd", "-n", "p2ppeer", "--join", "CODE", "--name", "s1"], 5),
        (["twistd", "-n", "p2ppeer", "--join=CODE", "--name", "s1"], 5),
        (["p2ppeer", "--join=CODE", "--join", "CODE"], 1),
        (["p2ppeer", "--join"], 1),
        (["p2ppeer", "--joiner", "x"], 3),
        ([], 0),
    ],
)
def test_words(words: list[str], left: int) -> None:
    """The option goes with its value, however it is written; all else stays as it was."""
    without = words_without("--join", words)
    assert len(without) == left
    assert "CODE" not in " ".join(without)
    assert without == [word for word in words if word in without]


def test_restart(tmp_path: Path) -> None:
    """The program runs once more, where it began, without option and variable."""
    program = tmp_path / "program.py"
    program.write_text(
        "import os, sys\n"
        "from p2p_twisted.runtime.restart import restart_without\n"
        "if '--join' in sys.argv:\n"
        "    os.chdir('/')\n"
        "    restart_without('--join', ['SECRET'])\n"
        "print(sys.argv[1:], os.environ.get('SECRET'), os.getcwd())\n"
    )
    ended = subprocess.run(
        [sys.executable, str(program), "a", "--join", "CODE", "b c"],
        env={**os.environ, "SECRET": "x", "PYTHONPATH": ":".join(sys.path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == f"['a', 'b c'] None {tmp_path}\n"
