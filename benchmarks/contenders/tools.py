"""Find installed rivals; nothing is ever installed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from benchmarks.contenders.contender import Contender

    AnyContender = TypeVar("AnyContender", bound=Contender)

_SBIN: Final = ("/usr/local/sbin", "/usr/sbin", "/sbin")
LIBTORRENT: Final = "libtorrent"
"""A package of the rivals' Python, not a command."""


class Tools:
    """
    The commands on PATH.

    :param rivals: a directory of commands to look into first, such as the ``bin``
        of a virtual environment that some rivals are installed in.
    """

    def __init__(self, rivals: Path | None) -> None:
        own = [str(rivals.absolute())] if rivals else []
        self._path = os.pathsep.join([*own, os.environ.get("PATH", ""), *_SBIN])
        python = shutil.which("python", path=own[0]) if rivals else None
        self.python = python or sys.executable

    def find(self, command: str) -> str:
        """
        Find a command.

        :raises LookupError: when there is none.
        """
        found = shutil.which(command, path=self._path)
        if found is None:
            raise LookupError(command)
        return found

    def has(self, needed: str) -> bool:
        """Return whether a command, a directory, or libtorrent is there."""
        if needed.startswith("/"):
            return os.path.isdir(needed)
        if needed == LIBTORRENT:
            command = [self.python, "-c", f"import {LIBTORRENT}"]
            return not subprocess.run(command, stderr=subprocess.DEVNULL).returncode
        return shutil.which(needed, path=self._path) is not None

    def choose(self, contenders: "Iterable[type[AnyContender]]") -> "list[type[AnyContender]]":
        """Keep the contenders that are installed, and print how to get the others."""
        chosen = []
        for contender in contenders:
            missing = [needed for needed in contender.needs if not self.has(needed)]
            if missing:
                wanted = ", ".join(missing)
                print(f"not here: {contender.name}, for want of {wanted} ({contender.hint})")
            else:
                chosen.append(contender)
        return chosen
