"""Say what the operating system refused, for people."""

import errno
import os
import stat
from pathlib import Path
from typing import Final

_CURES: Final = {
    errno.EACCES: "permission denied",
    errno.EROFS: "the file system is read-only",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "your disk quota is used up",
    errno.EIO: "the disk may be failing",
    errno.EFBIG: "the file system, or ulimit -f, allows no file that large",
    errno.EMFILE: "this process may not open more files (ulimit -n raises that)",
    errno.ENFILE: "this machine may not open more files",
    errno.ENOENT: "there is no such file or directory",
    errno.ENOTDIR: "something on the way is not a directory",
    errno.EISDIR: "it is a directory",
    errno.EEXIST: "something else has that name",
    errno.ELOOP: "a symbolic link is in the way",
    errno.ENAMETOOLONG: "the name is too long",
}


def in_words(error: Exception) -> str:
    """
    Say what went wrong, and with what, in one clause without the error's number.

    An error without a number does not come from the system, and has its words already.
    """
    if not isinstance(error, OSError) or error.errno is None:
        return str(error)
    reason = reason_of(error)
    named = isinstance(error.filename, str | bytes) and os.fsdecode(error.filename)
    if named and error.errno == errno.EPERM:
        # Without a name, it may be of a network, where nothing is locked.
        reason = "it may not be changed, such as after chattr +i: chattr -i allows that again"
    return f"{named}: {reason}" if named else reason


def reason_of(error: OSError) -> str:
    """Say what went wrong, where it is said already with what."""
    if error.errno is None:
        return str(error)
    return _CURES.get(error.errno) or os.strerror(error.errno)


def why_unwritable(fd: int) -> OSError | None:
    """Return why an output that has failed does; ``None`` where nobody reads it any more."""
    try:
        os.write(fd, b"\n")
    except BrokenPipeError:
        return None
    except OSError as error:
        is_gone_terminal = error.errno == errno.EIO and stat.S_ISCHR(os.fstat(fd).st_mode)
        return None if is_gone_terminal else error
    return OSError("it failed for a moment, and some of it is missing")


def umask_fault() -> str | None:
    """Say that this process could not use the files that it makes, if its umask is such a one."""
    mask = os.umask(0o077)
    os.umask(mask)
    if not mask & stat.S_IRWXU:
        return None
    return (
        f"with umask {mask:03o}, not even this user may use the files that it makes: set umask 022"
    )


def why_no_directory(path: Path) -> str | None:
    """Return why a path is no directory that is there, in words; ``None`` if it is one."""
    try:
        return None if stat.S_ISDIR(path.stat().st_mode) else "is not a directory"
    except FileNotFoundError:
        return "does not exist: make it first"
    except ValueError:
        return "is no path: a character that none may have is in it"
    except OSError as error:
        return f"cannot be used: {in_words(OSError(error.errno, ''))}"
