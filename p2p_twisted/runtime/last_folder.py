"""Open files of which mostly the next one lies in the folder of the last one."""

import os
from pathlib import Path

from p2p_twisted.runtime import openat


class LastFolder:
    """
    Opens files below a root, and keeps the folder of the last one open: close it in the end.

    :param root: as :func:`openat.open_folder` takes it.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._path = ""
        self._folder: int | None = None

    def open_file(self, path: str) -> int:
        """
        Open whatever is there but a link, for reading at places of it: see :func:`openat.open_any`.

        Who reads it looks at it afterwards anyway, and not before: there may be very many.
        """
        folder, _, name = path.rpartition("/")
        if self._folder is None or folder != self._path:
            self.close()
            self._folder = openat.open_folder(self._root, folder)
            self._path = folder
        return openat.open_any(self._folder, name)

    def close(self) -> None:
        """Keep it open no longer; twice does no harm."""
        folder, self._folder = self._folder, None
        if folder is not None:
            os.close(folder)
