"""Get a folder: its manifest first, then each of its files."""

import os
from collections.abc import Iterable
from contextlib import suppress

import attrs
from twisted.internet.defer import CancelledError

from p2p_twisted.transfer.fetch import Fetch
from p2p_twisted.transfer.inbox import Inbox
from p2p_twisted.transfer.means import Item, Means
from p2p_twisted.transfer.report import Report
from p2p_twisted.transfer.wants import Wanted
from p2p_twisted.wire.manifest import Member, decode
from p2p_twisted.wire.messages import Hit


class FolderFetch:
    """
    Fetch a folder, one file after another.

    The manifest is content like any other, but lands in an inbox of the peer's
    own. Files that are there already are not fetched again, so that a folder
    goes on where an earlier run has left it.

    :param manifests: where manifests are kept while their folders are fetched.
    """

    def __init__(
        self,
        means: Means,
        inbox: Inbox,
        manifests: Inbox,
        wanted: Wanted,
        hits: Iterable[Hit],
        report: Report,
    ) -> None:
        self._means = means
        self._inbox = inbox
        self._manifests = manifests
        self._wanted = wanted
        self._hits = tuple(hits)
        self._report = report
        self._is_given_up = False
        self._fetches: list[Fetch] = []
        self._manifest = ""

    async def run(self) -> str:
        """
        Fetch it.

        :returns: the target of the whole folder.
        :raises BadManifest: when it is no folder that could be stored.
        :raises DiskFault: when it cannot be kept.
        :raises CancelledError: when it was given up.
        """
        members = await self._fetch_manifest()
        target = await self._choose_target()
        self._report.measured(sum(member.size for member in members), len(members))
        for member in members:
            path = f"{target}/{member.path}"
            holders = self._holders_of(member)
            await self._fetch(self._inbox, Item(member.file, member.size, path), holders)
        await self._means.offload(self.forget)
        return target

    def give_up(self) -> None:
        """Stop as soon as possible; what has arrived stays."""
        self._is_given_up = True
        for fetch in self._fetches:
            fetch.give_up()

    def forget(self) -> None:
        """Remove what is left of it beside the files that were published; blocks."""
        for fetch in self._fetches:
            fetch.forget()
        if self._manifest:
            with suppress(OSError):
                os.unlink(self._manifests.path(self._manifest))
        if self._wanted.target is not None:
            # Nothing but a folder that nothing has landed in can be removed like this.
            with suppress(OSError):
                os.rmdir(self._inbox.path(self._wanted.target))

    async def _fetch_manifest(self) -> tuple[Member, ...]:
        file = self._wanted.file
        # A hit may give a folder's size as that of all its files: the id decides.
        item = Item(file, None, f"{file}.manifest")
        self._manifest = await self._fetch(self._manifests, item, self._hits)
        return await self._means.offload(_read_manifest, self._manifests.path(self._manifest))

    async def _choose_target(self) -> str:
        """Find a name for the folder once; whenever it goes on, it has the same."""
        wants = self._means.wants
        written: Wanted | None = await self._means.offload(wants.get, self._wanted.file)
        self._wanted = written or self._wanted
        if self._wanted.target is None:
            name = self._wanted.name.rpartition("/")[2]
            target = await self._means.offload(self._inbox.make_folder, name)
            self._wanted = attrs.evolve(self._wanted, target=target)
            await self._means.offload(wants.put, self._wanted)
        assert self._wanted.target is not None
        return self._wanted.target

    def _holders_of(self, member: Member) -> list[Hit]:
        """Whoever has the folder has its files."""
        return [
            attrs.evolve(hit, name=member.path, size=member.size, kind="file", file=member.file)
            for hit in self._hits
        ]

    async def _fetch(self, inbox: Inbox, item: Item, hits: Iterable[Hit]) -> str:
        if self._is_given_up:
            raise CancelledError()
        fetch = Fetch(self._means, inbox, item, hits, self._report)
        self._fetches = [fetch]
        return await fetch.run()


def _read_manifest(path: str) -> tuple[Member, ...]:
    with open(path, "rb") as manifest:
        return decode(manifest.read())
