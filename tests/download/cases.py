"""What the tests of downloads have in common: a small network, and what becomes of it."""

import os
from collections.abc import Iterable
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.download.progress import Progress, Saved
from p2p_twisted.runtime.threads import Offload, inline
from p2p_twisted.wire.manifest import Member
from p2p_twisted.wire.manifest import encode as encode_manifest
from p2p_twisted.wire.messages import Hit, Push
from tests.download.content import Content, some_bytes
from tests.download.wires import Stranger
from tests.download.world import World
from tests.trust.private_network import PrivateNetwork


class DownloadCase(SynchronousTestCase):
    """
    Makes worlds, and sees to their end.

    :cvar private: encrypts all connections; test_in_private.py has one.
    """

    private: PrivateNetwork | None = None

    def world(
        self,
        disk: Any = os,
        offload: Offload = inline,
        wires: Any = None,
        has_next_run: bool = True,
    ) -> World:
        folder, runs = mkdtemp(), {"has_next_run": has_next_run}
        self.addCleanup(rmtree, folder)
        world = World(Path(folder), disk, wires, offload, private=self.private, **runs)
        self.addCleanup(world.close)
        return world

    def assert_saved(self, world: World, done: "Deferred[Progress]", content: Content) -> Saved:
        progress = self.successResultOf(done)
        assert isinstance(progress.state, Saved), progress
        self.assertEqual((progress.size, progress.received), (content.size, content.size))
        self.assertEqual(world.saved(), content.content)
        self.assertEqual(world.left(), ["Downloads/f1.txt"])
        return progress.state


def names_of(state: object) -> tuple[str, ...]:
    """Return whom something that is saved has come from."""
    assert isinstance(state, Saved), state
    return tuple(each.holder for each in state.holders)


class LiarCase(DownloadCase):
    """A first holder that is played by the test, and an honest one besides."""

    def begun(self, content: Content) -> tuple[World, "Deferred[Progress]", Stranger]:
        """Begin a download from somebody who is played by the test."""
        world = self.world()
        world.holder("liar").is_mute = True
        honest = world.holder("s1", content)
        done = world.get(honest.hit(content, peer="liar", route=("liar",)), honest.hit(content))
        return world, done, world.stranger()

    def push(self, world: World, content: Content) -> Push:
        return Push(world.wants[0].ticket, content.file_id, content.size)

    def assert_recovers(self, world: World, done: "Deferred[Progress]", content: Content) -> None:
        world.wires.pass_time(6)
        state = self.assert_saved(world, done, content)
        self.assertEqual(state.holders[-1].holder, "s1")


class InterruptedCase(DownloadCase):
    """What is done to downloads in the middle."""

    def half_way(self, content: Content) -> tuple[World, "Deferred[Progress]"]:
        """Download the first chunks, but not the last ones."""
        world = self.world()
        holder = world.holder("s1", content)
        world.found = (holder.hit(content),)
        done = world.downloads.get(world.found, world.shown.append)
        while world.downloads.all()[0].received < content.size // 3:
            world.wires.step()
        return world, done

    def stop(self, world: World) -> None:
        self.successResultOf(Deferred.fromCoroutine(world.downloads.stop()))
        world.wires.settle()

    def part(self, world: World) -> Path:
        return next((world.folder / "Downloads").rglob(".p2p-*.part"))

    def go_on(self, world: World) -> None:
        world.new_run().start()
        world.wires.settle()

    def assert_went_on(self, world: World, content: Content) -> None:
        (progress,) = world.downloads.all()
        self.assertIsInstance(progress.state, Saved)
        self.assertEqual(progress.received, content.size)
        self.assertEqual(world.saved(), content.content)
        self.assertEqual(world.left(), ["Downloads/f1.txt"])


def small(count: int, size: int = 100) -> list[Content]:
    """Make files with contents of their own."""
    return [Content(some_bytes(size, seed)) for seed in range(count)]


def folder_of(contents: Iterable[Content]) -> Content:
    """Make the manifest of a folder with such files."""
    members = [Member(each.file_id, each.size, f"f{n:04}") for n, each in enumerate(contents)]
    return Content(encode_manifest(members))


class SmallFilesCase(DownloadCase):
    """Folders of many small files."""

    def share(self, world: World, name: str, contents: list[Content]) -> Hit:
        """Let a holder share a folder of these files."""
        manifest = folder_of(contents)
        # Each holder reads from its own disk.
        own = [Content(content.content) for content in (manifest, *contents)]
        return world.holder(name, *own).hit(manifest, "many", kind="folder")

    def assert_whole(self, world: World, progress: Progress, contents: list[Content]) -> Saved:
        assert isinstance(progress.state, Saved), progress
        size = sum(content.size for content in contents)
        self.assertEqual((progress.received, progress.size), (size, size))
        for number, content in enumerate(contents):
            self.assertEqual(world.saved(f"many/f{number:04}"), content.content)
        self.assertEqual(len(world.left()), len(contents))
        return progress.state
