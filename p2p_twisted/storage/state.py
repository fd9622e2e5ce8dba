"""A peer's own files: what it must know again after a crash."""

import fcntl
import json
import os
from pathlib import Path
from threading import Lock
from typing import Any, Final

from attrs import define, field
from twisted.logger import Logger

from p2p_twisted.library.ignore_file import IGNORE_FILE
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.wire.names import BadName, PeerAddress, check_host

LOCK_FILE: Final = "lock"
_IGNORE_ALL: Final = b"*\n"


class StateInUse(Exception):
    """Another peer has these files."""


def _folder(path: Path) -> OwnFolder:
    return OwnFolder(path)


@define
class StateDirectory:
    """
    The folder of a peer's own files: private, and for one process only.

    :ivar folder: the folder itself, which is held from :meth:`open` to :meth:`close`.
    """

    log = Logger()

    folder: OwnFolder = field(converter=_folder)
    _lock_fd: int | None = field(default=None, init=False)
    _writing: Lock = field(factory=Lock, init=False)

    def open(self) -> None:
        """
        Make it if it is missing, and lock it until :meth:`close`.

        :raises StateInUse: when another process has it.
        :raises OSError: when it cannot be made, or others may write to it.
        """
        self.folder.open()
        fd = self.folder.open_file(LOCK_FILE)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(fd)
            self.folder.close()
            if not isinstance(error, BlockingIOError):
                raise
            raise StateInUse(
                f"another peer runs in the directory {_place(self.folder.path)}"
            ) from None
        self._lock_fd = fd
        if IGNORE_FILE not in self.folder.names():
            # Another peer may share the folder that this one is in.
            self.folder.replace(IGNORE_FILE, _IGNORE_ALL)

    def close(self) -> None:
        """Unlock it."""
        if self._lock_fd is not None:
            os.close(self._lock_fd)
            self._lock_fd = None
            self.folder.close()

    def read(self, name: str) -> Any:
        """Read a value that was written; ``None`` where there is none, or it is damaged."""
        try:
            return json.loads(self.folder.read(name))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            self.log.warn("{name} is passed over: {error}", name=name, error=error)
            return None

    def write(self, name: str, value: Any) -> None:
        """Write a value so that a crash leaves this one or the last one."""
        content = json.dumps(value).encode()
        # The last save may begin before the one before it has ended.
        with self._writing:
            self.folder.replace(name, content)


def _place(path: Path) -> Path:
    """Return what a person calls the folder: usually the directory that it is in."""
    return path.parent if path.name.startswith(".") else path


def address_to_json(address: PeerAddress) -> list[str | int]:
    """Make what :func:`address_from_json` reads."""
    return [address.name, address.host, address.port]


def address_from_json(value: Any) -> PeerAddress | None:
    """Read an address that was written; ``None`` when it is damaged."""
    try:
        name, host, port = value
        check_host(host)
        return PeerAddress(str(name), host, int(port))
    except (BadName, TypeError, ValueError):
        return None
