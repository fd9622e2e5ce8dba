"""
Watch folders through Linux's inotify(7).

Twisted's own ``twisted.internet.inotify`` stops entirely when one watched folder is
deleted, does not report that events were lost, and loses track of renamed folders;
so this module calls the system itself.
"""

import ctypes
import errno
import os
import struct
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from twisted.internet.abstract import FileDescriptor
from twisted.internet.fdesc import readFromFD
from twisted.internet.interfaces import IReactorFDSet, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override

from p2p_twisted.library.entries import Place
from p2p_twisted.library.ignore_file import IGNORE_FILE
from p2p_twisted.library.watcher import Noticed, NoWatcher, Watcher, WatcherMaker
from p2p_twisted.runtime.alarm import Alarm

_ATTRIB: Final = 0x4
_CLOSE_WRITE: Final = 0x8
_MOVED_FROM: Final = 0x40
_MOVED_TO: Final = 0x80
_CREATE: Final = 0x100
_DELETE: Final = 0x200
_DELETE_SELF: Final = 0x400
_MOVE_SELF: Final = 0x800
_OVERFLOW: Final = 0x4000
_IGNORED: Final = 0x8000
_ONLY_FOLDERS: Final = 0x0100_0000
_NO_LINKS: Final = 0x0200_0000
_IS_FOLDER: Final = 0x4000_0000

_WANTED: Final = (
    _ATTRIB | _CLOSE_WRITE | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE | _DELETE_SELF
    | _MOVE_SELF | _ONLY_FOLDERS | _NO_LINKS
)  # fmt: skip
_COMES: Final = _MOVED_TO | _CREATE
_COMES_OR_GOES: Final = _COMES | _MOVED_FROM | _DELETE
_IS_COMPLETE: Final = _CLOSE_WRITE | _MOVED_TO

_IGNORE_FILE: Final = os.fsencode(IGNORE_FILE)

# struct inotify_event: watch, mask, cookie, length of the name that follows.
_EVENT: Final = struct.Struct("iIII")

# Most changes come as several events, and what is downloaded here causes some, too: told one by
# one, they would wake the reactor up while a thread is at work, and the two hinder each other.
_REST_SECONDS: Final = 0.05
# Of the 8,192 that are read at once: where there are fewer, no more were waiting.
_NOT_ALL_BYTES: Final = 4_096


def watcher_for(reactor: IReactorFDSet, root: Path) -> WatcherMaker:
    """Return what makes a watcher on this system: by inotify, where there is any."""

    def make(noticed: Noticed) -> Watcher:
        try:
            return InotifyWatcher(reactor, root, noticed)
        except OSError as error:
            InotifyWatcher.log.info(
                "changes below {root} are looked for every few seconds ({error})",
                root=str(root),
                error=str(error),
            )
            return NoWatcher()

    return make


def try_to_watch(folder: Path) -> None:
    """
    Watch a folder for a moment.

    :raises OSError: when this user can watch no more folders, or the system none.
    """
    libc = _libc()
    descriptor = _checked(libc.inotify_init1(os.O_CLOEXEC))
    try:
        _checked(libc.inotify_add_watch(descriptor, os.fsencode(folder), _WANTED))
    finally:
        os.close(descriptor)


class InotifyWatcher(FileDescriptor):
    """
    Watches folders below one directory, and tells what has changed 20 times a second at most.

    :param reactor: provides ``IReactorFDSet`` and ``IReactorTime``.
    :raises OSError: where the system has no inotify, or no more of it.
    """

    log = Logger()

    def __init__(self, reactor: IReactorFDSet, root: Path, noticed: Noticed) -> None:
        super().__init__(reactor)
        self._root = root
        self._noticed = noticed
        self._places: dict[int, Place] = {}
        # The watch of the folder above the root, while that is gone.
        self._above: int | None = None
        self._is_out_of_watches = False
        self._resting = Alarm(IReactorTime(reactor), self.startReading)
        self._libc = _libc()
        self._descriptor = _checked(self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        self.connected = 1
        self.startReading()

    def watch(self, place: Place) -> bool:
        """
        Notice changes in a folder from now on; watching it twice does no harm.

        :returns: whether changes will be noticed; ``True`` for a folder that is gone.
        """
        path = os.fsencode(self._root / place.path)
        try:
            number = _checked(self._libc.inotify_add_watch(self._descriptor, path, _WANTED))
        except OSError as error:
            if error.errno == errno.ENOSPC:
                self._say_out_of_watches()
                return False
            # The folder above reports it if it comes back; that of the root may go, too.
            if not place.path:
                self._watch_above()
            return bool(place.path)
        if not place.path:
            self._watch_above_no_more()
        # A renamed folder keeps its number.
        self._places[number] = place
        return True

    def stop(self) -> None:
        """Stop noticing changes."""
        if self.connected:
            self.connectionLost(Failure(OSError("stopped")))

    @override
    def fileno(self) -> int:
        return self._descriptor

    def doRead(self) -> None:  # noqa: N802
        """Read events; called by the reactor when there are any."""
        readFromFD(self._descriptor, self._take)

    @override
    def connectionLost(self, reason: Failure) -> None:
        super().connectionLost(reason)
        self._resting.end()
        os.close(self._descriptor)
        self._descriptor = -1

    def _take(self, events: bytes) -> None:
        if len(events) < _NOT_ALL_BYTES:
            self.stopReading()
            self._resting.set(_REST_SECONDS)
        # The system hands out whole events only.
        position = 0
        while position < len(events):
            number, mask, _, length = _EVENT.unpack_from(events, position)
            position += _EVENT.size + length
            self._tell(number, mask, events[position - length : position].rstrip(b"\0"))

    def _tell(self, number: int, mask: int, name: bytes) -> None:
        if mask & _OVERFLOW:
            self._noticed(Place(), True, None)
            return
        if number == self._above and name == os.fsencode(self._root.name):
            self._noticed(Place(), True, None)
        place = self._places.get(number)
        is_ignore_file = name == _IGNORE_FILE
        if place is None or (name.startswith(b".") and not is_ignore_file):
            return
        if mask & _IGNORED:
            del self._places[number]
            return
        if mask & _MOVE_SELF:
            self._moved(place)
            return
        is_deep = is_ignore_file or bool(mask & _IS_FOLDER and mask & _COMES_OR_GOES)
        path = None
        if mask & _IS_COMPLETE and not mask & _IS_FOLDER:
            path = "/".join(filter(None, (place.path, os.fsdecode(name))))
        self._noticed(place, is_deep, path)

    def _moved(self, place: Place) -> None:
        """Watch the root anew, as another folder may stand there; of others those above tell."""
        if place.path:
            return
        for number in self._places:
            self._libc.inotify_rm_watch(self._descriptor, number)
        self._places.clear()
        self._noticed(Place(), True, None)

    def _watch_above(self) -> None:
        """Notice when the root comes back, as by a renaming."""
        path = os.fsencode(self._root.parent)
        with suppress(OSError):
            mask = _COMES | _ONLY_FOLDERS
            self._above = _checked(self._libc.inotify_add_watch(self._descriptor, path, mask))

    def _watch_above_no_more(self) -> None:
        if self._above is not None:
            self._libc.inotify_rm_watch(self._descriptor, self._above)
            self._above = None

    def _say_out_of_watches(self) -> None:
        if not self._is_out_of_watches:
            self._is_out_of_watches = True
            self.log.warn(
                "the system watches no more folders; changes are looked for every few"
                " seconds (raise fs.inotify.max_user_watches)"
            )


def _libc() -> Any:
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        libc.inotify_add_watch.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_uint32]
        libc.inotify_init1.argtypes = [ctypes.c_int]
    except AttributeError:
        raise OSError(errno.ENOSYS, "this system has no inotify") from None
    return libc


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
