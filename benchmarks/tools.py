"""Find what rivals are installed; nothing is ever installed from here."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from benchmarks.ways import Way

    AnyWay = TypeVar("AnyWay", bound=Way)

_SBIN: Final = ("/usr/local/sbin", "/usr/sbin", "/sbin")
LIBTORRENT: Final = "libtorrent"
"""Not a command, but a package of the rivals' Python."""


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

    def choose(self, ways: "Iterable[type[AnyWay]]") -> "list[type[AnyWay]]":
        """Keep the ways that can be gone here, and say of the others how to get them."""
        chosen = []
        for way in ways:
            missing = [needed for needed in way.needs if not self.has(needed)]
            if missing:
                print(f"not here: {way.name}, for want of {', '.join(missing)} ({way.hint})")
            else:
                chosen.append(way)
        return chosen
