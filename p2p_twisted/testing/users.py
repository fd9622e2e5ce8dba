"""What the persons at virtual peers share, and what they do."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from random import Random
from typing import Final

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from p2p_twisted.download.progress import Failed, Incomplete, Progress, Saved
from p2p_twisted.peer.interface import Selection, unwatched
from p2p_twisted.peer_errors import PeerError
from p2p_twisted.testing.daemons import VirtualDaemons
from p2p_twisted.wire.names import PeerName

_SIZES: Final = (0, 10, 5_000, 65_536, 65_537, 300_000, 2_500_000)
_FILM_BYTES: Final = 3_300_000
_FILM_HOLDERS: Final = 5
_PHOTOS: Final = 60
_PHOTOS_HOLDERS: Final = 3

Files = Mapping[PeerName, Mapping[str, bytes]]


def shared_files(names: Sequence[PeerName], rng: Random) -> Files:
    """
    Give every peer a file of its own and a folder that all have; some of them have more.

    The first few have one film, the last few one folder of many small files.
    """
    film = rng.randbytes(_FILM_BYTES)
    photos = {
        f"photos/{number % 4}/{number}": rng.randbytes(number**2) for number in range(_PHOTOS)
    }
    files: dict[PeerName, dict[str, bytes]] = {}
    for index, name in enumerate(names):
        content = rng.randbytes(_SIZES[index % len(_SIZES)])
        files[name] = {f"file {name}": content, "music/two of a kind": b"same" * 9_000}
    for name in names[:_FILM_HOLDERS]:
        files[name]["film"] = film
    for name in names[-_PHOTOS_HOLDERS:]:
        files[name] |= photos
    return files


@define(eq=False)
class Users:
    """
    Act as the persons at the peers: download, change their minds, look around, broadcast.

    :ivar present: lists the peers that can be used.
    :ivar files: what the peers share.
    :ivar saved: how many downloads ended well.
    :ivar wrong: what should not have happened.
    """

    daemons: VirtualDaemons
    rng: Random
    present: Callable[[], list[PeerName]]
    files: Files
    saved: int = 0
    wrong: list[str] = field(factory=list)

    def do_something(self) -> None:
        """Act once, at one peer."""
        acts = (self._get, self._select, self._change_mind, self._look_around, self._tell_all)
        name = self.rng.choice(self.present())
        self.rng.choices(acts, (8, 2, 4, 3, 3))[0](name)

    def resume_all(self) -> None:
        """Resume all downloads that are paused."""
        for peer in self.daemons.peers.values():
            peer.resume()

    def wrong_files(self) -> Iterator[str]:
        """Name every file that was saved, and has not the bytes of one that is shared."""
        contents = {content for files in self.files.values() for content in files.values()}
        for name in self.files:
            folder = self.daemons.folder / name / "Downloads"
            for path in sorted(folder.rglob("*")):
                if path.is_file() and path.read_bytes() not in contents:
                    yield f"{name} has a wrong {path.relative_to(folder)}"

    def _get(self, name: PeerName) -> None:
        holder = self.rng.choice(list(self.files))
        wanted = self.rng.choice([f"file {holder}", f"file {holder}", "film", "music", "photos"])
        got = self.daemons.peers[name].get(wanted, unwatched)
        got.addCallbacks(self._ended, self._got_nothing)

    def _select(self, name: PeerName) -> None:
        peer = self.daemons.peers[name]

        def get(selection: Selection) -> "Deferred[tuple[Progress, ...]]":
            return peer.get_selected(selection, unwatched)

        def ended(downloads: tuple[Progress, ...]) -> None:
            for progress in downloads:
                self._ended(progress)

        words = ["film", "photos", f"file s{self.rng.choice(['', '1', '2', '3'])}*"]
        got = peer.select(words).addCallback(get)
        got.addCallbacks(ended, self._got_nothing)

    def _change_mind(self, name: PeerName) -> None:
        peer = self.daemons.peers[name]
        running = [each.number for each in peer.transfers() if not each.is_ended]
        if running:
            acts: tuple[Callable[[int], object], ...] = (peer.pause, peer.resume, peer.cancel)
            # It may not rest, or rest already.
            with suppress(PeerError):
                self.rng.choices(acts, (1, 2, 1))[0](self.rng.choice(running))

    def _look_around(self, name: PeerName) -> None:
        self.daemons.peers[name].topology().addErrback(self._got_nothing)

    def _tell_all(self, name: PeerName) -> None:
        if self.daemons.peers[name].status().address is not None:
            self.daemons.broadcast(name)

    def _ended(self, progress: Progress) -> None:
        self.saved += isinstance(progress.state, Saved)
        if isinstance(progress.state, Failed | Incomplete):
            self.wrong.append(f"a download of {progress.name} ended as {progress.state}")

    def _got_nothing(self, failure: Failure) -> None:
        # Canceled where its peer was stopped meanwhile.
        failure.trap(PeerError, CancelledError)
