"""Where the sockets of this user's running daemons are, so that they are found from anywhere."""

import enum
import os
import socket
import stat
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

_FOLDER: Final = "p2p-twisted"
WEB_SUFFIX: Final = ".web"
_PRIVATE: Final = 0o700
_ANSWER_SECONDS: Final = 1.0
_CREDENTIALS: Final = struct.Struct("3i")
# Of macOS and FreeBSD: see unix(4), and there the beginning of struct xucred.
_SOL_LOCAL: Final = 0
_LOCAL_PEERCRED: Final = 1
_XUCRED: Final = struct.Struct("2I")


class Suffix(enum.StrEnum):
    """What the socket of each kind of daemon ends with."""

    PEER = ".sock"
    REGISTRY = ".registry"
    CONSOLE = ".console"
    """Beside that of a peer; not one that HTTP is spoken on."""


class NoSocketFolder(OSError):
    """There is no folder for sockets that is this user's alone."""


class SocketPlace(NamedTuple):
    """
    Where a running daemon is talked to.

    :ivar name: the peer's, or the network's whose registry it is.
    :ivar pid: of its process.
    """

    name: str
    pid: int
    path: Path


def socket_folder() -> Path:
    """
    Return this user's folder for sockets: in XDG_RUNTIME_DIR or, without one, below /tmp.

    :raises NoSocketFolder: when somebody else has taken its place.
    """
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if os.path.isabs(runtime) and os.access(runtime, os.W_OK | os.X_OK):
        folder = Path(runtime, _FOLDER)
    else:
        # Only here, as its import takes a tenth of the time of a command.
        from tempfile import gettempdir

        folder = Path(gettempdir(), f"{_FOLDER}-{os.getuid()}")
    return folder


def make_socket_folder() -> Path:
    """
    Make the folder, if it is missing.

    :raises OSError: when it cannot be made, or is not this user's alone.
    """
    folder = socket_folder()
    with suppress(FileExistsError):
        folder.mkdir(_PRIVATE)
    found = folder.lstat()
    is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
    if not is_ours or found.st_mode & 0o077:
        raise NoSocketFolder(f"{folder} is not a folder of this user alone")
    return folder


def socket_place(folder: Path, name: str, suffix: Suffix) -> Path:
    """Return where this process's peer of some name, or its registry, is talked to."""
    return folder / f"{name}.{os.getpid()}{suffix}"


def running_peers() -> Iterator[SocketPlace]:
    """Find the peers of this user that run; what those that were killed have left is removed."""
    return _running(Suffix.PEER)


def running_registries() -> Iterator[SocketPlace]:
    """Find the registries of this user that run, by their networks; see :func:`running_peers`."""
    return _running(Suffix.REGISTRY)


def _running(suffix: Suffix) -> Iterator[SocketPlace]:
    try:
        paths = sorted(make_socket_folder().iterdir())
    except OSError:
        return
    for path in paths:
        name, _, pid = path.name.removesuffix(suffix).rpartition(".")
        if not (path.name.endswith(suffix) and name and pid.isdecimal()):
            continue
        if _is_answered(path):
            yield SocketPlace(name, int(pid), path)
        elif not _is_alive(int(pid)):
            # Otherwise it is about to answer: it has the place already, and does not listen yet.
            for stale in (path, *map(path.with_suffix, (WEB_SUFFIX, Suffix.CONSOLE))):
                with suppress(OSError):
                    stale.unlink()


def user_at(connected: socket.socket) -> int:
    """Return the number of the user at the other end of a Unix socket."""
    _pid, uid = _credentials(connected)
    return uid


def session_at(connected: socket.socket) -> int:
    """
    Return the session, by ``setsid(2)``, of the process at the other end of a Unix socket.

    :returns: 0 where that is not known: it has ended, or is in a container of its own.
    """
    pid, _uid = _credentials(connected)
    try:
        return os.getsid(pid) if pid else 0
    except OSError:
        return 0


def _credentials(connected: socket.socket) -> tuple[int, int]:
    """Return the numbers of the process, 0 if the system does not tell it, and of its user."""
    if (option := getattr(socket, "SO_PEERCRED", None)) is None:
        given = connected.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, _XUCRED.size)
        _version, uid = _XUCRED.unpack(given)
        return 0, uid
    given = connected.getsockopt(socket.SOL_SOCKET, option, _CREDENTIALS.size)
    pid, uid, _gid = _CREDENTIALS.unpack(given)
    return pid, uid


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True


def _is_answered(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_ANSWER_SECONDS)
        try:
            probe.connect(str(path))
        except (TimeoutError, BlockingIOError):
            # One that is stopped, or overrun, is there all the same.
            return True
        except OSError:
            return False
        return True
