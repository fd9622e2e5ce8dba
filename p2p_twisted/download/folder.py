"""Get a folder, or a selection of files: its manifest first, then what that lists."""

import os
from collections.abc import Iterable
from contextlib import suppress
from itertools import accumulate

import attrs
from twisted.internet.defer import CancelledError

from p2p_twisted.download.context import DownloadContext
from p2p_twisted.download.file import FileDownload
from p2p_twisted.download.members import Members
from p2p_twisted.download.reporter import Reporter
from p2p_twisted.storage.journal import JournalEntry
from p2p_twisted.storage.manifests import manifest_item, read_manifest
from p2p_twisted.wire.manifest import BadManifest, Member
from p2p_twisted.wire.messages import Hit


@attrs.frozen
class SomeGone(Exception):
    """
    Nobody shares some of it any more; the rest is there.

    :ivar target: of the whole.
    :ivar names: of what is missing.
    """

    target: str
    names: tuple[str, ...]


class FolderDownload:
    """
    Fetch what a manifest lists.

    A folder's manifest is content like any other, but lands in an inbox of the peer's
    own; a selection's is made there. Files that are there already are not fetched
    again, so that a folder goes on where an earlier run has left it.
    """

    def __init__(
        self,
        context: DownloadContext,
        wanted: JournalEntry,
        hits: Iterable[Hit],
        report: Reporter,
    ) -> None:
        self._context = context
        self._inbox = context.disk.inbox
        self._manifests = context.disk.manifests
        self._wanted = wanted
        self._hits = tuple(hits)
        self._report = report
        self._is_given_up = False
        record = context.disk.journal.published(wanted.file)
        self._manifest = manifest_item(wanted.file)
        self._fetch = FileDownload(context, self._manifests, self._manifest, self._hits, report)
        self._members = Members(context, record, wanted.file, self._hits, report)

    async def run(self) -> str:
        """
        Fetch it.

        :returns: the target of the whole folder; nothing for a selection.
        :raises SomeGone: when nobody shares some of it any more.
        :raises BadManifest: when it is no folder that could be stored.
        :raises DiskFault: when it cannot be kept.
        :raises CancelledError: when it was given up.
        """
        manifest = await self._fetch.run()
        listed = await self._context.disk.offload(read_manifest, self._manifests.path(manifest))
        target = await self._choose_target()
        placed = _placed(listed, target)
        members = [member for member in placed if not member.is_folder]
        self._report.measured(sum(member.size for member in members), len(members))
        gone = await self._members.run(members)
        bare = [member.path for member in placed if member.is_folder]
        await self._context.disk.offload(self._inbox.make_folders, bare)
        if gone:
            raise SomeGone(target, tuple(member.path for member in gone))
        await self._context.disk.offload(self._forget_manifest)
        return target

    def give_up(self) -> None:
        """Stop as soon as possible; what has arrived stays."""
        self._is_given_up = True
        self._fetch.give_up()
        self._members.give_up()

    def forget(self) -> None:
        """Remove what is left of it beside the files that were published; blocks."""
        # An earlier run may have left some of it, and this one not have come that far.
        written = self._context.disk.journal.get(self._wanted.file) or self._wanted
        members: list[Member] = []
        with suppress(OSError, BadManifest):
            listed = read_manifest(self._manifests.path(self._manifest.target))
            members = _placed(listed, written.target)
            self._members.forget(members)
        self._fetch.forget()
        self._forget_manifest()
        if written.target is not None:
            self._inbox.remove_folders(_folders(written.target, members))

    def _forget_manifest(self) -> None:
        self._context.disk.journal.published(self._wanted.file).remove()
        with suppress(OSError):
            os.unlink(self._manifests.path(self._manifest.target))

    async def _choose_target(self) -> str:
        """Find a name for the folder once; whenever it goes on, it has the same."""
        if self._is_given_up:
            raise CancelledError
        if self._wanted.kind == "files":
            return ""
        wants = self._context.disk.journal
        written: JournalEntry | None = await self._context.disk.offload(
            wants.get, self._wanted.file
        )
        self._wanted = written or self._wanted
        if self._wanted.target is None:
            name = self._wanted.name.rpartition("/")[2]
            target = await self._context.disk.offload(self._inbox.make_folder, name)
            self._wanted = attrs.evolve(self._wanted, target=target)
            await self._context.disk.offload(wants.record, self._wanted)
        assert self._wanted.target is not None
        return self._wanted.target


def _placed(members: list[Member], target: str | None) -> list[Member]:
    """Give members the paths that they have in the inbox."""
    if not target:
        return members
    return [attrs.evolve(member, path=f"{target}/{member.path}") for member in members]


def _folders(target: str, members: Iterable[Member]) -> list[str]:
    """Name a folder and all those below it that its members are in, the deepest first."""
    folders = {target}
    for member in members:
        folder = member.path if member.is_folder else os.path.dirname(member.path)
        folders.update(accumulate(folder.split("/"), "{}/{}".format))
    return sorted(folders, reverse=True)
