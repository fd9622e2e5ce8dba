"""How things stand after each line of a recording."""

from collections.abc import Sequence
from math import ceil
from typing import Any

from attrs import define, field

from p2p_twisted.api.event_views import (
    DownloadEventView,
    EventView,
    ForgottenView,
    PeersView,
    RegisteredView,
    RegistrationView,
    UploadEventView,
)
from p2p_twisted.api.registry_views import MemberView
from p2p_twisted.api.transfer_views import DownloadView, UploadView
from p2p_twisted.api.views import TopologyPeerView
from p2p_twisted.download.limits import ENDED_DOWNLOADS
from p2p_twisted.recording.limits import RECORDED_PEERS, RECORDED_TRANSFERS, SNAPSHOT_ROWS
from p2p_twisted.recording.recorded_views import RecordingView, SnapshotView


@define
class RecordedState:
    """
    What a snapshot tells; it is bounded, whatever is told.

    :ivar links: the neighbors that each peer has told last, also of those that are silent.
    """

    links: dict[str, tuple[str, ...]] = field(factory=dict)
    silent: tuple[str, ...] = ()
    registered: bool | None = None
    downloads: dict[int, DownloadView] = field(factory=dict)
    uploads: dict[tuple[str, str], UploadView] = field(factory=dict)
    members: dict[str, MemberView] = field(factory=dict)

    def take(self, event: EventView) -> None:
        """Apply what has happened."""
        match event:
            case PeersView():
                self._take_peers(event)
            case DownloadEventView(download=download):
                self._take_download(download)
            case UploadEventView(upload=upload, is_ended=is_ended):
                self._take_upload(upload, is_ended)
            case RegistrationView(registered=registered):
                self.registered = registered
            case RegisteredView(member=member):
                self._take_member(member)
            case ForgottenView(name=name):
                self.members.pop(name, None)
            case RecordingView():
                self._forget()
            case SnapshotView():
                self._take_snapshot(event)

    def snapshot(self, at: float) -> list[SnapshotView]:
        """
        Describe it, in parts.

        :param at: in seconds since 1970.
        """
        peers = [TopologyPeerView(name=name, neighbors=of) for name, of in self.links.items()]
        rows: dict[str, Sequence[Any]] = {
            "peers": peers,
            "silent": self.silent,
            "members": tuple(self.members.values()),
            "downloads": tuple(self.downloads.values()),
            "uploads": tuple(self.uploads.values()),
        }
        parts = max(1, *(ceil(len(each) / SNAPSHOT_ROWS) for each in rows.values()))
        of_all: dict[str, Any] = {"at": at, "parts": parts, "registered": self.registered}
        return [SnapshotView(part=i, **of_all, **_slice(rows, i)) for i in range(parts)]

    def _forget(self) -> None:
        self.links.clear()
        self.silent, self.registered = (), None
        self.downloads.clear()
        self.uploads.clear()
        self.members.clear()

    def _take_peers(self, event: PeersView) -> None:
        before = set(self.silent)
        self.silent = event.silent[:RECORDED_PEERS]
        # What a silent one has told last stays; one that is not even named any more is gone.
        gone = before.union(event.went).difference(self.silent, event.came)
        for name in gone:
            self.links.pop(name, None)
        for each in event.changed:
            self._take_peer(each)

    def _take_peer(self, peer: TopologyPeerView) -> None:
        if peer.name in self.links or len(self.links) < RECORDED_PEERS:
            self.links[peer.name] = peer.neighbors

    def _take_download(self, download: DownloadView) -> None:
        self.downloads.pop(download.number, None)
        self.downloads[download.number] = download
        ended = [number for number, each in self.downloads.items() if each.is_ended]
        for number in ended[: max(0, len(ended) - ENDED_DOWNLOADS)]:
            del self.downloads[number]
        _drop_first(self.downloads)

    def _take_upload(self, upload: UploadView, is_ended: bool) -> None:
        self.uploads.pop((upload.peer, upload.id), None)
        if not is_ended:
            self.uploads[upload.peer, upload.id] = upload
        _drop_first(self.uploads)

    def _take_member(self, member: MemberView) -> None:
        if member.name in self.members or len(self.members) < RECORDED_PEERS:
            self.members[member.name] = member

    def _take_snapshot(self, snapshot: SnapshotView) -> None:
        if snapshot.part == 0:
            self._forget()
        self.silent = (*self.silent, *snapshot.silent)[:RECORDED_PEERS]
        self.registered = snapshot.registered
        for peer in snapshot.peers:
            self._take_peer(peer)
        for download in snapshot.downloads:
            self._take_download(download)
        for upload in snapshot.uploads:
            self._take_upload(upload, is_ended=False)
        for member in snapshot.members:
            self._take_member(member)


def _slice(rows: dict[str, Sequence[Any]], part: int) -> dict[str, Any]:
    first = part * SNAPSHOT_ROWS
    return {what: tuple(each[first : first + SNAPSHOT_ROWS]) for what, each in rows.items()}


def _drop_first(transfers: dict[Any, Any]) -> None:
    while len(transfers) > RECORDED_TRANSFERS:
        del transfers[next(iter(transfers))]
