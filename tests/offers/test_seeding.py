"""Those to whom something was pushed give it to others of the push, until that ends."""

import os
from collections.abc import Callable, Collection
from types import SimpleNamespace
from typing import cast

import pytest

from p2p_twisted.bandwidth.rates import Rates
from p2p_twisted.download.progress import Seeking
from p2p_twisted.library.download_index import DownloadIndex
from p2p_twisted.library.sources import FileSource
from p2p_twisted.peer.interface import unwatched
from p2p_twisted.testing.daemons import VirtualDaemons
from p2p_twisted.testing.private_daemons import PrivateDaemons
from p2p_twisted.trust.identity import Identity
from p2p_twisted.upload.readers import Readers
from p2p_twisted.upload.small_sender import SharedContent
from p2p_twisted.upload.uploads import Uploads
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.limits import MIB
from p2p_twisted.wire.line_gate import LineGate
from p2p_twisted.wire.messages import Hit
from tests.offers.offers_case import ANYONE, HOUR, OffersTestCase
from tests.peer.cases import SONG

MakeNetwork = Callable[..., VirtualDaemons]


def gone(daemons: VirtualDaemons, name: str) -> None:
    daemons.result(daemons.stop(name))


def hits(daemons: VirtualDaemons, at: str, file_id: str) -> tuple[Hit, ...]:
    """Ask at a peer who has some content."""
    return daemons.result(daemons.peers[at]._searches.find(file_id))


class SeedingTests(OffersTestCase):
    def late(self, daemons: VirtualDaemons, name: str = "late") -> list[str]:
        """Have a peer come, and list what it gets."""
        daemons.start(name, accept=ANYONE)
        daemons.run(60)
        return self.downloads(daemons, name)

    def test_a_file(self) -> None:
        """Who comes when its sender has left gets it, as it was, from one that has it."""
        daemons = self.network(1)
        os.utime(daemons.folder / "s1" / "slides.pdf", (10**9, 10**9))
        daemons.run(10)
        self.push(daemons)
        daemons.run(30)
        gone(daemons, "s1")
        self.assertEqual(self.late(daemons), ["slides.pdf"])
        come = daemons.folder / "late" / "Downloads" / "slides.pdf"
        self.assertEqual((come.read_bytes(), come.stat().st_mtime), (SONG, 10**9))
        gone(daemons, "s2")
        self.assertEqual(self.late(daemons, "later"), ["slides.pdf"])

    def test_a_folder(self) -> None:
        """So it is with a folder, also after those that have it were started again."""
        daemons = self.network(1)
        os.utime(daemons.folder / "s1" / "week 3" / "notes.txt", (10**9, 10**9))
        daemons.run(10)
        self.push(daemons, "week 3")
        daemons.run(30)
        gone(daemons, "s1")
        gone(daemons, "s2")
        daemons.start("s2", accept=ANYONE)
        daemons.run(10)
        self.assertEqual(self.late(daemons), ["week 3/b", "week 3/notes.txt"])
        come = daemons.folder / "late" / "Downloads" / "week 3" / "notes.txt"
        self.assertEqual((come.read_bytes(), come.stat().st_mtime), (b"notes", 10**9))

    def test_small_files(self) -> None:
        """Very many small files are read together, as those are that somebody shares."""
        daemons = self.daemons()
        names = [f"many/{number:03}" for number in range(200)]
        daemons.start("s1", {name: name.encode() for name in names})
        daemons.start("s2", accept=ANYONE)
        daemons.run(20)
        self.push(daemons, "many")
        daemons.run(30)
        gone(daemons, "s1")
        opened: list[str] = []
        index_open = DownloadIndex.open

        def witness(index: DownloadIndex, file_id: str) -> FileSource | None:
            opened.append(file_id)
            return index_open(index, file_id)

        self.patch(DownloadIndex, "open", witness)
        self.assertEqual(self.late(daemons), names)
        self.assertLess(len(opened), 10)

    def test_by_id_alone(self) -> None:
        """Nobody finds it by a name, as nothing else that was downloaded is found at all."""
        daemons = self.network(1)
        known = self.push(daemons)
        daemons.run(30)
        self.assertEqual(
            {hit.peer for hit in hits(daemons, "s1", known.offer.file_id)},
            {"s2"},
        )
        gone(daemons, "s1")
        daemons.start("s9")
        daemons.run(10)
        found = daemons.result(daemons.peers["s9"].find("slides"))
        self.assertEqual(found.hits, ())
        self.assertEqual(daemons.peers["s2"].status().reshared, None)

    def test_withdrawn(self) -> None:
        """When it has ended, it is given to nobody, and nothing is kept of it."""
        daemons = self.network(1)
        known = self.push(daemons, "week 3")
        daemons.run(30)
        lists = daemons.folder / "s2" / ".p2p" / "pushed.lists"
        self.assertEqual(len(list(lists.iterdir())), 2)
        daemons.result(daemons.peers["s1"].offers.withdraw(known.offer.id))
        daemons.run(5)
        gone(daemons, "s1")
        daemons.start("s9")
        daemons.run(10)
        self.assertEqual(hits(daemons, "s9", known.offer.file_id), ())
        self.assertEqual(list(lists.iterdir()), [])

    def test_over(self) -> None:
        """It ends by its date, too, also while a peer is off."""
        daemons = self.network(2)
        known = self.push(daemons, seconds=100)
        daemons.run(30)
        gone(daemons, "s1")
        gone(daemons, "s2")
        daemons.run(101)
        daemons.start("s2", accept=ANYONE)
        daemons.start("s9")
        daemons.run(10)
        self.assertEqual(hits(daemons, "s9", known.offer.file_id), ())

    def test_refused_afterwards(self) -> None:
        """Who refuses what it has taken keeps it, and gives nothing of it any more."""
        daemons = self.network(1)
        known = self.push(daemons)
        daemons.run(30)
        daemons.peers["s2"].offers.answer(known.offer.id, False)
        said = self.heard(daemons.peers["s2"])
        self.assertEqual(
            (said.state, said.reason), ("refused", "it has it, and gives it to nobody")
        )
        gone(daemons, "s1")
        self.assertEqual(self.late(daemons), [])
        self.assertEqual(self.downloads(daemons, "s2"), ["slides.pdf"])

    def test_changed(self) -> None:
        """What a person has changed or removed is theirs."""
        daemons = self.network(2)
        known = self.push(daemons)
        daemons.run(30)
        gone(daemons, "s1")
        (daemons.folder / "s2" / "Downloads" / "slides.pdf").write_bytes(b"mine" * 10)
        (daemons.folder / "s3" / "Downloads" / "slides.pdf").unlink()
        self.assertEqual(self.late(daemons), [])
        self.assertEqual(hits(daemons, "late", known.offer.file_id), ())

    def test_a_folder_that_was_changed(self) -> None:
        """A folder is given as a whole, or not at all: who has all of it may come."""
        daemons = self.network(1)
        self.push(daemons, "week 3")
        daemons.run(30)
        gone(daemons, "s1")
        (daemons.folder / "s2" / "Downloads" / "week 3" / "b").unlink()
        daemons.run(20)
        self.assertEqual(self.late(daemons), [])
        self.assertEqual(self.heard(daemons.peers["late"]).state, "waiting")
        daemons.start("s1")
        daemons.run(120)
        self.assertEqual(self.downloads(daemons, "late"), ["week 3/b", "week 3/notes.txt"])

    def test_what_was_downloaded_beside_it(self) -> None:
        """Other downloads stay private, also where they lie in the folder that was pushed."""
        daemons = self.network(1)
        self.push(daemons, "week 3")
        daemons.run(30)
        (daemons.folder / "s2" / "Downloads" / "week 3" / "mine").write_bytes(b"mine")
        daemons.run(20)
        gone(daemons, "s1")
        self.assertEqual(self.late(daemons), ["week 3/b", "week 3/notes.txt"])

    def test_for_some(self) -> None:
        """Only those that are meant are given it."""
        daemons = self.network(1)
        known = self.push(daemons, to=("s2", "late"))
        daemons.run(30)
        gone(daemons, "s1")
        daemons.start("s9")
        daemons.run(10)
        daemons.peers["s9"].get(known.offer.file_id, unwatched)
        daemons.run(60)
        [progress] = daemons.peers["s9"].transfers()
        why = "it was pushed to others, and is for these alone"
        self.assertEqual(progress.state, Seeking(refused=(("s2", why),)))
        self.assertEqual(self.downloads(daemons, "s9"), [])
        self.assertEqual(self.late(daemons), ["slides.pdf"])


@pytest.mark.parametrize("are_neighbors", [True, False])
def test_private(
    p2p_network: MakeNetwork, monkeypatch: pytest.MonkeyPatch, are_neighbors: bool
) -> None:
    """In a private network, who is meant by its group shows that it is in that."""
    serve = Uploads.serve
    if not are_neighbors:
        monkeypatch.setattr(
            Uploads, "serve", lambda self, want, _link, refuse: serve(self, want, None, refuse)
        )
    daemons = p2p_network(peers=0, private=True)
    assert isinstance(daemons, PrivateDaemons)
    daemons.groups = dict.fromkeys(("s2", "s3", "s4"), ("lab",))
    daemons.start("s1", {"slides.pdf": SONG})
    for name in ("s2", "s3", "s5", "s6", "s7", "s8", "s9"):
        daemons.start(name, accept=ANYONE)
    daemons.run(10)
    known = daemons.result(daemons.peers["s1"].offers.push("slides.pdf", ["@lab"], HOUR))
    daemons.run(30)
    gone(daemons, "s1")
    daemons.start("s4", accept=ANYONE)
    daemons.run(60)
    assert daemons.download("s4", "slides.pdf") == SONG
    for name in ("s5", "s6", "s7", "s8", "s9"):
        assert {hit.peer for hit in hits(daemons, name, known.offer.file_id)} == {"s2", "s3", "s4"}
        daemons.peers[name].get(known.offer.file_id, unwatched)
    daemons.run(60)
    for name in ("s5", "s6", "s7", "s8", "s9"):
        assert not (daemons.folder / name / "Downloads" / "slides.pdf").exists()


def test_in_groups(p2p_network: MakeNetwork) -> None:
    """Who is in a group helps the others with what is pushed as soon as some of it is there."""
    daemons = p2p_network(peers=0, private=True)
    assert isinstance(daemons, PrivateDaemons)
    daemons.groups = dict.fromkeys(("s2", "s3", "s4", "s5"), ("lab",))
    daemons.start("s1", {"large": SONG * 4}, rates=Rates(up=MIB))
    for name in ("s2", "s3", "s4", "s5"):
        daemons.start(name)
    daemons.run(20)
    daemons.result(daemons.peers["s1"].offers.push("large", ["@lab"], HOUR))
    daemons.run(40)
    for name in ("s2", "s3", "s4", "s5"):
        assert daemons.download(name, "large") == SONG * 4
    # Each of them from it alone would have taken it 80 s.
    assert daemons.peers["s1"].status().sent < 2 * 4 * len(SONG)


def test_who_shows_its_groups() -> None:
    """Who is not a neighbor shows its groups by dialing; a name is shown as it is dialed."""
    asked: list[tuple[str, Collection[str]]] = []

    class Pushed:
        def readable_by(self, name: str, groups: Collection[str]) -> SharedContent:
            asked.append((name, groups))
            return cast(SharedContent, self)

        def is_for_group(self, file_id: str) -> bool:
            return file_id == "of the lab"

        def is_here(self, _file_id: str) -> bool:
            return True

    link = SimpleNamespace(gate=LineGate(is_greeted=True))
    connection = cast(Connection, link)
    readers = Readers(cast(SharedContent, object()), pushed=Pushed())
    readers.content_for("anna", None)
    readers.content_for("anna", connection)
    link.gate.meet(Identity("anna", groups=["lab"]))
    readers.content_for("anna", connection)
    readers.content_for("ben", connection)
    assert asked == [("anna", ()), ("anna", ()), ("anna", {"lab"}), ("", ())]
    assert readers.is_to_show("of the lab", None)
    assert not readers.is_to_show("of the lab", connection)
    assert not readers.is_to_show("for anna", None)
