"""Share a file that another program brings, and stop to share one."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred, DeferredList

from p2p_twisted.library.ignore_file import IGNORE_FILE
from p2p_twisted.library.matching import without_slash
from p2p_twisted.peer.interface import Read
from p2p_twisted.peer.settings import Settings, folder_of
from p2p_twisted.peer_errors import (
    CannotKeep,
    Exists,
    NotAllowed,
    NotFound,
    NotReady,
    PeerError,
)
from p2p_twisted.runtime.lock import Lock
from p2p_twisted.runtime.tasks import uninterrupted
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.storage.disk import DiskFault
from p2p_twisted.storage.shared_folder import NewFile, NotShared, SharedFolder
from p2p_twisted.wire.names import BadName, collision_key

Begun = Callable[[NewFile], None]
"""Is told of a file as it begins to be written, from which what was written can be read."""


def unread(_file: NewFile) -> None:
    """Read nothing of a file before it is whole."""


@define(eq=False)
class Sharing:
    """
    Changes what a peer shares.

    :param folders: that of its own, where new files go, and that of its downloads, if others
        may have them.
    :param named: other directories that are shared, and their names.
    """

    _folders: Sequence[SharedFolder]
    _offload: Offload
    _named: Sequence[tuple[str, Path]] = ()
    _written: list[NewFile] = field(factory=list, init=False)
    _lock: Lock = field(factory=Lock, init=False)
    # What is still to come of files that are being shared, and what fires once they have ended.
    _coming: set[Deferred[bytes]] = field(factory=set, init=False)
    _running: set[Deferred[None]] = field(factory=set, init=False)
    _is_stopping: bool = field(default=False, init=False)

    @classmethod
    def of(cls, settings: Settings, offload: Offload) -> Self:
        """Make it for a peer's settings."""
        others = settings.state, *settings.own_files
        # What is put there would not be shared.
        taken = [settings.directory / folder_of(name) for name, _ in settings.shares]
        folders = [SharedFolder(settings.directory, (settings.downloads, *taken, *others))]
        if settings.reshares:
            folders.append(SharedFolder(settings.downloads, others))
        return cls(folders, offload, settings.shares)

    async def share(self, name: str, read: Read, size: int | None, begun: Begun = unread) -> str:
        """
        Write a file into what is shared; nobody sees it before it is whole and safe.

        :param size: in bytes, if known.
        :param begun: is told when it begins to be written.
        :returns: its path.
        :raises PeerError: when it cannot be shared under that name, or not be kept, or this
            peer leaves before it is whole.
        """
        self._check_stays()
        ended: Deferred[None] = Deferred()
        self._running.add(ended)
        try:
            return await self._share(name, read, size, begun)
        finally:
            self._running.remove(ended)
            ended.callback(None)

    async def stop(self) -> None:
        """Wait for no more of what is being shared; return when nothing is left of it."""
        self._is_stopping = True
        for coming in list(self._coming):
            coming.cancel()
        await DeferredList(list(self._running))

    async def _share(self, name: str, read: Read, size: int | None, begun: Begun) -> str:
        own = self._folders[0]
        if named := self._named_of(name):
            share, path = named
            raise NotAllowed(f"{path} is shared as {share}: copy it there, or give it another name")
        try:
            file = await self._begin(name)
            try:
                begun(file)
                await self._write(file, read, size)
            finally:
                await uninterrupted(self._offload(file.close))
                await self._end(file)
        except BadName as error:
            raise PeerError(f"{name!r} cannot be shared under that name: {error}") from None
        except NotShared as error:
            raise PeerError(str(error)) from None
        except FileExistsError:
            raise Exists(f"{name} is there already, and was not replaced") from None
        except DiskFault as fault:
            raise CannotKeep(str(fault)) from None
        return own.path(name)

    async def unshare(self, name: str) -> str:
        """
        Stop to share a file or folder: it is moved aside, and not removed.

        :returns: its path from now on.
        :raises PeerError: when there is no such file, or it cannot be moved.
        """
        name = without_slash(name)
        if named := self._named_of(name):
            share, path = named
            raise NotAllowed(
                f"{name} is in {path}, which is shared as {share}: move it away from there,"
                f" or name it in {path}/{IGNORE_FILE}"
            )
        fault: Exception = NotShared(f"nothing that is shared here is called {name}")
        # One after the other, as each looks first for a name that is free.
        async with self._lock:
            for folder in self._folders:
                try:
                    return folder.path(await self._offload(folder.set_aside, name))
                except DiskFault as error:
                    raise CannotKeep(str(error)) from None
                except (NotShared, BadName) as error:
                    fault = error
        raise NotFound(str(fault))

    def _named_of(self, name: str) -> tuple[str, str] | None:
        """Return the other directory that has a name, as which it is shared and its path."""
        top = collision_key(name.partition("/")[0])
        of = ((folder_of(share), os.path.abspath(path)) for share, path in self._named)
        return next((each for each in of if collision_key(each[0]) == top), None)

    async def _begin(self, name: str) -> NewFile:
        # Not while folders are removed: this one might be to go into one of them.
        async with self._lock:
            file: NewFile = await uninterrupted(self._offload(self._folders[0].begin, name))
            self._written.append(file)
        return file

    async def _end(self, file: NewFile) -> None:
        """Have nothing left of a file that was not published: no folder for it alone, either."""
        async with self._lock:
            self._written.remove(file)
            if file.is_published:
                return
            for other in self._written:
                # It goes into the same one, and removes it in its turn.
                common = set(file.made) & set(other.folders)
                other.made = sorted({*other.made, *common}, key=len)
                file.made = [each for each in file.made if each not in common]
            if file.made:
                await uninterrupted(self._offload(self._folders[0].remove_folders, file.made))

    async def _next(self, read: Read) -> bytes:
        """
        Wait for what comes next of a file.

        :raises NotReady: when this peer leaves before it has come.
        """
        self._check_stays()
        coming = Deferred.fromCoroutine(read())
        self._coming.add(coming)
        try:
            content: bytes = await coming
        except CancelledError:
            self._check_stays()
            raise
        finally:
            self._coming.remove(coming)
        return content

    def _check_stays(self) -> None:
        """
        Check that this peer is not leaving.

        :raises NotReady: when it is.
        """
        if self._is_stopping:
            raise NotReady("this peer is leaving: share it again once it runs")

    async def _write(self, file: NewFile, read: Read, size: int | None) -> None:
        if size is not None:
            file.expect(size)
        while content := await self._next(read):
            await uninterrupted(self._offload(file.write, content))
        await uninterrupted(self._offload(file.publish))
