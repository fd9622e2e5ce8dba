"""What a program was started with, hidden from those who list processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

_PROGRAM = """
import os, subprocess, sys
from pathlib import Path
from p2p_twisted.runtime import conceal
print("began")
if len(sys.argv) > 1 and sys.argv[1] == "cannot":
    conceal._SELF = Path("/nowhere")
conceal.conceal("--join", ["SECRET"], {"p2p1-code", "p2p1-other"})
own = Path("/proc/self")
print((own / "cmdline").read_bytes().split(bytes(1))[2:-1])
print([each for each in (own / "environ").read_bytes().split(bytes(1)) if b"SECRET" in each])
heard = subprocess.run(["env"], capture_output=True).stdout
print(os.environ.get("SECRET"), heard.count(b"SECRET"))
"""
_COVER = b"*" * len("p2p1-code")


def _says(tmp_path: Path, *words: str) -> list[str]:
    program = tmp_path / "program.py"
    program.write_text(_PROGRAM)
    variables = {"SECRET": "p2p1-other", "PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, str(program), *words]
    ended = subprocess.run(
        command, env={**os.environ, **variables}, capture_output=True, text=True, check=True
    )
    return ended.stdout.splitlines()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a program do this")
def test_in_place(tmp_path: Path) -> None:
    """Neither words nor variables show it any more, however it was typed; nobody inherits it."""
    said = _says(tmp_path, "a", "--join", "p2p1-code", "--join=p2p1-code", "--jo", "p2p1-code", "")
    shown = [b"a", b"--join", _COVER, b"--join=" + _COVER, b"--jo", _COVER, b""]
    covered = [b"SECRET=" + b"*" * len("p2p1-other")]
    assert said == ["began", repr(shown), repr(covered), "None 0"]


@pytest.mark.parametrize("words", [["cannot", "--join", "p2p1-code"], ["a", "--join=<p2p1-code>"]])
def test_anew(tmp_path: Path, words: list[str]) -> None:
    """Where that cannot be, or has not helped, the program starts once more without it."""
    said = _says(tmp_path, *words)
    assert said == ["began", "began", repr([words[0].encode()]), "[]", "None 0"]
