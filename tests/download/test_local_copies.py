"""Content that stands here already is copied, and not fetched."""

import errno
import fcntl
import os
from typing import Any

from p2p_twisted.download.progress import Blocked, Failed, Saved
from p2p_twisted.storage.inbox import Kept
from p2p_twisted.wire.limits import MIB
from p2p_twisted.wire.manifest import Member, encode
from p2p_twisted.wire.messages import Hit
from tests.download.cases import DownloadCase, folder_of, small
from tests.download.content import Content, some_bytes
from tests.download.world import World
from tests.storage.disks import FaultyDisk


class OnDisk(Content):
    """Content in a file."""

    fd: int = -1

    @property
    def descriptor(self) -> int | None:
        return self.fd


class ReuseTests(DownloadCase):
    """A file of the requester's own has the content that it wants."""

    def stands(self, world: World, content: bytes, now: bytes | None = None) -> OnDisk:
        """
        Let content stand here.

        :param now: what the file has meanwhile.
        """
        source = OnDisk(content)
        path = world.folder / f"mine {len(world.here)}"
        path.write_bytes(content if now is None else now)
        source.fd = os.open(path, os.O_RDONLY)
        self.addCleanup(os.close, source.fd)
        path.unlink()
        world.here[source.file_id] = source
        return source

    def test_copied(self) -> None:
        """It is copied, and nobody is asked for it."""
        for size in (1, MIB, 5 * MIB + 7):
            world = self.world()
            mine = self.stands(world, some_bytes(size))
            hit = Hit("s1", "f1.txt", size, file=mine.file_id, route=("s1",))
            state = self.assert_saved(world, world.get(hit), mine)
            self.assertEqual(state.holders, ())
            self.assertEqual(world.wants, [])
            self.assertTrue(mine.is_closed)

    def test_changed(self) -> None:
        """What is not right of it is fetched, and only that."""
        content = some_bytes(5 * MIB)
        changed = content[:MIB] + b"x" + content[MIB + 1 : 4 * MIB]
        world = self.world()
        self.stands(world, content, changed)
        theirs = Content(content)
        done = world.get(world.holder("s1", theirs).hit(theirs))
        self.assert_saved(world, done, theirs)
        self.assertEqual(theirs.reads, 2)

    def test_wrong_list(self) -> None:
        """What is remembered of it may be wrong, too: then all is fetched."""
        world, theirs = self.world(), Content(some_bytes(2 * MIB))
        mine = self.stands(world, theirs.content)
        mine.digests = mine.digests[::-1]
        self.assert_saved(world, world.get(world.holder("s1", theirs).hit(theirs)), theirs)
        self.assertTrue(mine.is_closed)

    def test_shares_blocks(self) -> None:
        """Where the file system can, blocks are shared; what came of that is cut and verified."""
        content = some_bytes(3 * MIB)

        def ioctl(target: int, request: int, source: Any) -> int:
            self.assertEqual(request, 0x40049409)
            os.pwrite(target, os.pread(source, 4 * MIB, 0), 0)
            return 0

        self.patch(fcntl, "ioctl", ioctl)
        wrong = content[:100] + b"x" + content[101:]
        for now, reads in ((content, 0), (wrong, 1), (content + b"more", 0)):
            world, theirs = self.world(), Content(content)
            self.stands(world, content, now)
            done = world.get(world.holder("s1", theirs).hit(theirs))
            self.assert_saved(world, done, theirs)
            self.assertEqual(theirs.reads, reads)

    def test_members(self) -> None:
        """Of a folder only the rest is fetched."""
        world = self.world()
        contents = [Content(some_bytes(size, size)) for size in (10, 20, 2 * MIB, 3 * MIB)]
        for content in contents[1:3]:
            self.stands(world, content.content)
        members = [Member(each.file_id, each.size, f"f{each.size}") for each in contents]
        manifest = Content(encode(members))
        hit = world.holder("s1", manifest, *contents).hit(manifest, "many", kind="folder")
        progress = self.successResultOf(world.get(hit))
        assert isinstance(progress.state, Saved), progress
        self.assertEqual(progress.received, 30 + 5 * MIB)
        for content in contents:
            self.assertEqual(world.saved(f"many/f{content.size}"), content.content)
        self.assertEqual([content.reads for content in contents], [1, 0, 0, 3])

    def test_small(self) -> None:
        """Small ones are read many at a time; what is not right of these is opened, or fetched."""
        world, contents = self.world(), small(200)
        right, unread, wrong = contents[:180], contents[180:190], contents[190:]
        world.small = {each.file_id: each.content for each in right}
        world.small |= {each.file_id: b"other" for each in wrong}
        for content in right + wrong:
            world.here[content.file_id] = content
        for content in unread:
            self.stands(world, content.content)
        manifest = folder_of(contents)
        hit = world.holder("s1", manifest, *contents).hit(manifest, "many", kind="folder")
        progress = self.successResultOf(world.get(hit))
        assert isinstance(progress.state, Saved), progress
        [facts] = world.downloads.facts()
        self.assertIn("copying", facts.seconds_in)
        world = self.world()
        self.successResultOf(world.get(world.holder("s1", manifest, *contents).hit(manifest)))
        [facts] = world.downloads.facts()
        self.assertNotIn("copying", facts.seconds_in)
        self.assertLess(len(world.reads), 150)
        self.assertEqual([each.reads for each in right + unread], [0] * 190)
        self.assertEqual([each.reads for each in wrong], [1] * 10)

    def test_copies(self) -> None:
        """What a folder has several times is fetched once, then copied, however large it is."""
        world, content = self.world(), Content(some_bytes(3 * MIB))

        def keep(published: object, has_more: bool) -> None:
            self.stands(world, content.content)

        world.inbox._keep = keep
        members = [Member(content.file_id, content.size, name) for name in ("a", "b", "sub/c")]
        manifest = Content(encode(members))
        hit = world.holder("s1", manifest, content).hit(manifest, "many", kind="folder")
        progress = self.successResultOf(world.get(hit))
        assert isinstance(progress.state, Saved), progress
        self.assertEqual(progress.received, 9 * MIB)
        self.assertEqual(world.left(), [f"Downloads/many/{name}" for name in ("a", "b", "sub/c")])
        self.assertEqual(content.reads, 3)

    def test_remembered(self) -> None:
        """Whoever remembers is told what was published, and as what."""
        world = self.world()
        kept: list[Kept] = []
        world.inbox._keep = lambda files, _has_more: kept.extend(files)
        contents = [Content(some_bytes(size, size)) for size in (10, 2 * MIB)]
        members = [Member(each.file_id, each.size, f"f{each.size}") for each in contents]
        manifest = Content(encode(members))
        holder = world.holder("s1", manifest, *contents)
        self.successResultOf(world.get(holder.hit(manifest, "many", kind="folder")))
        self.successResultOf(world.get(holder.hit(contents[0])))
        self.assertEqual(
            sorted(each[:3] for each in kept),
            sorted(
                (name, each.file_id, each.digests)
                for each, name in (
                    (contents[0], "f1.txt"),
                    (contents[0], "many/f10"),
                    (contents[1], f"many/f{2 * MIB}"),
                )
            ),
        )

    def test_disk_fails_for_some(self) -> None:
        """When one of many files cannot be saved, the others are not even read."""
        disk = FaultyDisk(pwrite=errno.ENOSPC)
        disk.calls_before = 1
        world, contents = self.world(disk), small(5)
        mine = [self.stands(world, content.content) for content in contents]
        manifest = folder_of(contents)
        hit = world.holder("s1", manifest).hit(manifest, "many", kind="folder")
        state = self.successResultOf(world.get(hit)).state
        self.assertEqual(state, Blocked("the disk is full"))
        self.assertEqual([each.is_closed for each in mine], [True, True, False, False, False])

    def test_disk_fails(self) -> None:
        """A fault while it is copied is told like any other."""
        world = self.world(FaultyDisk(pwrite=5))
        mine = self.stands(world, some_bytes(10))
        state = self.successResultOf(world.get(Hit("s1", "f1.txt", 10, file=mine.file_id))).state
        self.assertIsInstance(state, Failed)
        self.assertTrue(mine.is_closed)
