"""What ``p2p doctor`` looks at on this machine."""

import errno
import os
import resource
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from p2p_twisted.console.text import human_size
from p2p_twisted.runtime.amounts import DAY_SECONDS, and_more
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.runtime.os_errors import in_words

_LITTLE_BYTES: Final = 64 * 1_048_576
_USEFUL_FILES: Final = 1_024
_NAMED: Final = 3


class Finding(NamedTuple):
    """
    What was found out about one thing.

    :ivar is_ok: ``None`` where it could not be looked at.
    :ivar text: how it is, or what to do.
    :ivar exit: what the command exits with, if that is all that is wrong.
    """

    name: str
    is_ok: bool | None
    text: str
    exit: Exit = Exit.UNEXPECTED


def disk(folders: Iterable[Path]) -> Finding:
    """Look whether there is room in the folders that are written to."""
    left: list[tuple[int, Path]] = []
    for folder in folders:
        existing = next(each for each in (folder, *folder.parents) if each.exists())
        try:
            space = os.statvfs(existing)
        except OSError as error:
            return Finding("disk", False, in_words(error), Exit.DISK)
        if not os.access(existing, os.W_OK | os.X_OK):
            is_read_only = space.f_flag & os.ST_RDONLY
            why = "the file system is read-only" if is_read_only else "permission denied"
            text = f"{existing} cannot be written to: {why}"
            return Finding("disk", False, text, Exit.DISK)
        if space.f_files and not space.f_favail:
            text = f"no more files fit on the disk of {existing}: remove some"
            return Finding("disk", False, text, Exit.DISK)
        left.append((space.f_bavail * space.f_frsize, existing))
    room, where = min(left)
    if room < _LITTLE_BYTES:
        text = f"{human_size(room)} are left on the disk of {where}: make room, or say --downloads"
        return Finding("disk", False, text, Exit.DISK)
    return Finding("disk", True, f"{human_size(room)} are left in {where}")


def watches() -> Finding:
    """Look whether one more folder can be watched."""
    from p2p_twisted.library.inotify import try_to_watch

    name = "watches"
    try:
        try_to_watch(Path(tempfile.gettempdir()))
    except OSError as error:
        what = {
            errno.ENOSPC: "sysctl fs.inotify.max_user_watches=524288",
            errno.EMFILE: "sysctl fs.inotify.max_user_instances=1024",
        }.get(error.errno or 0)
        slow = "changes in shared folders are only noticed every few seconds"
        how = f"; let root say {what}" if what else f" ({in_words(error)})"
        return Finding(name, False, f"no more folders can be watched: {slow}{how}")
    return Finding(name, True, "changes in shared folders are noticed at once")


def descriptors(pid: int | None) -> Finding:
    """
    Look how many files and connections may be open.

    :param pid: of a running peer, whose own number counts then.
    """
    name, how = "descriptors", "say ulimit -n 4096, and start the peer again"
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = hard if hard != resource.RLIM_INFINITY else max(soft, _USEFUL_FILES)
    used = 0
    if pid is not None:
        with suppress(OSError, AttributeError):
            limit = resource.prlimit(pid, resource.RLIMIT_NOFILE)[0]
            used = len(os.listdir(f"/proc/{pid}/fd"))
    if limit < _USEFUL_FILES:
        return Finding(name, False, f"only {limit:,} files and connections may be open: {how}")
    if used > 0.9 * limit:
        return Finding(name, False, f"{used:,} of {limit:,} files and connections are open: {how}")
    return Finding(name, True, f"{limit:,} files and connections may be open")


def stale(downloads: Path) -> Finding:
    """Look for what crashes have left: of peers for one command, pid files, parts."""
    left = sorted({*_left_by_commands(), *_pid_files(), *_parts(downloads)})
    if not left:
        return Finding("stale files", True, "none")
    names = and_more([str(path) for path in left[:_NAMED]], len(left), " ")
    return Finding("stale files", False, f"nobody needs these any more, remove them: {names}")


def _left_by_commands() -> Iterator[Path]:
    """Find the folders of peers for one command that have no process any more."""
    running = b"\n".join(_command_lines())
    if not running:
        # Not every system tells in /proc what runs.
        return
    for path in Path(tempfile.gettempdir()).glob("p2p-*/logs/peer.ready"):
        folder = path.parent.parent
        with suppress(OSError):
            if folder.lstat().st_uid == os.getuid() and os.fsencode(folder) not in running:
                yield folder


def _command_lines() -> Iterator[bytes]:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            yield path.read_bytes()


def _pid_files() -> Iterator[Path]:
    for path in Path().absolute().glob("p2p*.pid"):
        with suppress(OSError, ValueError):
            number = int(path.read_text())
            try:
                os.kill(number, 0)
            except ProcessLookupError:
                yield path
            except PermissionError:
                continue


def _parts(downloads: Path) -> Iterator[Path]:
    for path in downloads.glob(".p2p-*.part"):
        with suppress(OSError):
            status = path.lstat()
            if time.time() - max(status.st_mtime, status.st_ctime) > DAY_SECONDS:
                yield path


def versions(running: str | None) -> Finding:
    """
    Look whether everything is of one version.

    :param running: that of a running peer, if there is one.
    """
    import platform
    from importlib.metadata import version

    from p2p_twisted import __version__

    if running not in (None, __version__):
        text = f"the running peer has version {running}, p2p {__version__}: start the peer again"
        return Finding("versions", False, text)
    twisted = version("twisted")
    text = f"p2p_twisted {__version__}, Twisted {twisted}, Python {platform.python_version()}"
    return Finding("versions", True, text)
