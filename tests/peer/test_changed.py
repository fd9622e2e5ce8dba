"""A name means the content that others share under it now, by real daemons in virtual time."""

import os
from pathlib import Path
from typing import Any

from attrs import frozen
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.library.catalog import Catalog
from p2p_twisted.overlay.effects import Answer
from p2p_twisted.peer.own_content import OwnContent
from p2p_twisted.peer.resolve import Resolver
from p2p_twisted.peer_errors import AlreadyHere, Ambiguous
from p2p_twisted.runtime.threads import inline
from p2p_twisted.storage.inbox import Inbox
from p2p_twisted.wire.chunks import content_id
from p2p_twisted.wire.limits import ASK_HOPS
from p2p_twisted.wire.messages import Ask, Hit
from tests.peer.cases import SONG, AnsweringNetwork, searches_in
from tests.peer.change_case import ChangeCase


class FileTests(ChangeCase):
    def test_changed(self) -> None:
        """A changed file is fetched beside the older one, which is told; the same one is here."""
        for name in ("handout", "handout.txt"):
            daemons = self.shared(handout=b"v1")
            self.assertEqual(self.saved(daemons.get("s2", name)).older, ())
            self.change(daemons, "s1", "handout.txt", b"v2 newer")
            saved = self.saved(daemons.get("s2", name))
            self.assertEqual(Path(saved.path).name, "handout (1).txt")
            self.assertEqual(saved.older, ("handout.txt",))
            self.assertEqual(daemons.download("s2", "handout.txt"), b"v1")
            self.assertEqual(daemons.download("s2", "handout (1).txt"), b"v2 newer")
            error = self.assertRaises(AlreadyHere, daemons.get, "s2", name)
            self.assertIn("handout (1).txt is already in", str(error))

    def test_own(self) -> None:
        """One's own file is no reason not to fetch another one of its name."""
        daemons = self.shared(handout=b"v1")
        self.change(daemons, "s2", "handout.txt", b"mine")
        daemons.get("s2", "handout")
        self.assertEqual(daemons.download("s2", "handout.txt"), b"v1")

    def test_several_others(self) -> None:
        """Of several contents that which is not here is fetched; two of these are a choice."""
        daemons = self.shared(sheet=b"v1")
        daemons.get("s2", "sheet")
        daemons.start("s3", {"sheet.txt": b"other"})
        daemons.run(5.0)
        daemons.get("s2", "sheet")
        self.assertEqual(daemons.download("s2", "sheet (1).txt"), b"other")
        self.change(daemons, "s1", "sheet.txt", b"v2")
        self.change(daemons, "s3", "sheet.txt", b"another")
        error = self.assertRaises(Ambiguous, daemons.get, "s2", "sheet")
        self.assertEqual({hit.peer for hit in error.hits}, {"s1", "s3"})
        self.assertIn("different files have that name, and an older sheet.txt is in", str(error))

    def test_nobody_shares_it(self) -> None:
        """What is here and nowhere else is here, and that is told."""
        daemons = self.shared(handout=b"v1")
        daemons.get("s2", "handout")
        daemons.result(daemons.stop("s1"))
        daemons.start("s3")
        daemons.run(5.0)
        error = self.assertRaises(AlreadyHere, daemons.get, "s2", "handout")
        self.assertRegex(str(error), r"^handout\.txt is already in .*; no peer shares it now$")


class SelectionTests(ChangeCase):
    def test_changed(self) -> None:
        """Of several names, and of what is like a pattern, only what is not here is fetched."""
        daemons = self.shared(a=b"a1", b=b"b1", c=SONG)
        for words in (["*.txt"], ["a.txt", "b", "c.txt"]):
            chosen = daemons.result(daemons.peers["s2"].select(words))
            daemons.result(daemons.peers["s2"].get_selected(chosen, lambda _: None))
            self.change(daemons, "s1", "b.txt", b"newer " + words[0].encode())
            chosen = daemons.result(daemons.peers["s2"].select(words))
            self.assertEqual([hits[0].name for hits in chosen.things], ["b.txt"])
            self.assertEqual(len(chosen.here), 2)
        self.change(daemons, "s1", "a.txt", b"a2")
        chosen = daemons.result(daemons.peers["s2"].select(["*.txt"]))
        [progress] = daemons.result(daemons.peers["s2"].get_selected(chosen, lambda _: None))
        self.assertEqual(sorted(self.saved(progress).older), ["a.txt", "b.txt"])
        self.assertEqual(daemons.download("s2", "a (1).txt"), b"a2")


class FolderTests(ChangeCase):
    def test_changed(self) -> None:
        """The same folder is here; a changed one is another one, whole."""
        daemons = self.daemons()
        daemons.start("s1", {"proj/a": b"a1", "proj/sub/song": SONG})
        daemons.start("s2")
        daemons.run(5.0)
        self.assertFalse(self.saved(daemons.get("s2", "proj")).was_here)
        again = self.saved(daemons.get("s2", "proj"))
        self.assertTrue(again.was_here)
        self.assertEqual(Path(again.path).name, "proj")
        self.change(daemons, "s1", "proj/a", b"a2")
        changed = self.saved(daemons.get("s2", "proj"))
        self.assertEqual((changed.was_here, changed.older), (False, ("proj",)))
        self.assertEqual(daemons.download("s2", "proj/a"), b"a1")
        self.assertEqual(daemons.download("s2", "proj (1)/a"), b"a2")
        self.assertEqual(daemons.download("s2", "proj (1)/sub/song"), SONG)
        self.assertTrue(self.saved(daemons.get("s2", "proj")).was_here)
        left = sorted(os.listdir(daemons.folder / "s2" / "Downloads"))
        self.assertEqual(left, ["proj", "proj (1)"])


@frozen
class LargeNetwork(AnsweringNetwork):
    """A network whose peers near by do not have the last of its hits."""

    def ask(self, ask: Ask, _patience: float, _part: object = None) -> "Deferred[Answer]":
        self.asked.append(ask)
        is_all = ask.hops == ASK_HOPS
        hits = self.hits if is_all else self.hits[:-1]
        return succeed(Answer(ask.id, (), hits, 1, (), cut=False, is_whole=is_all))


class LargeNetworkTests(SynchronousTestCase):
    def test_far(self) -> None:
        """Before the content near by is said to be here, all peers are asked for another one."""
        old = Hit("near", "f1.txt", 2, file=content_id(b"v1"))
        new = Hit("far", "f1.txt", 2, file=content_id(b"v2"))
        network = LargeNetwork((old, new))
        inbox = Path(self.mktemp())
        inbox.mkdir()
        downloads: Any = None
        resolver = Resolver(
            clock=Clock(),
            me="me",
            searches=searches_in(network),
            own=OwnContent((Catalog(),), str, Inbox(str(inbox)), downloads, inline),
            offload=inline,
        )
        found = Deferred.fromCoroutine(resolver.resolve("f1", None))
        self.assertEqual(self.successResultOf(found), (old,))
        (inbox / "f1.txt").write_bytes(b"v1")
        found = Deferred.fromCoroutine(resolver.resolve("f1", None))
        self.assertEqual(self.successResultOf(found), (new,))
