"""How files are hashed, and what of it counts."""

import os
import pickle
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.library import hashing
from p2p_twisted.library.entries import OnDisk, Signature
from p2p_twisted.library.hashing import Altered, Begun, Hashed, Job, hash_some
from p2p_twisted.runtime.parallel_map import ParallelPool
from p2p_twisted.wire.chunks import content_id
from p2p_twisted.wire.limits import CHUNK_BYTES
from tests.library.sharing import Sharer, found


class HashTests(SynchronousTestCase):
    """Hashing itself."""

    def test_sizes(self) -> None:
        """A file's id is that of its content, whatever its size."""
        sharer = Sharer(self)
        for size in (0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES):
            content = os.urandom(size)
            sharer.file("f1", content)
            (outcome,) = hash_some(sharer.directory, [found(sharer, "f1")], 9, lambda: False)
            assert isinstance(outcome, Hashed)
            self.assertEqual(outcome.content.file_id, content_id(content))

    def test_in_turns(self) -> None:
        """A large file is hashed in several goes, with the same result."""
        sharer = Sharer(self)
        content = os.urandom(3 * CHUNK_BYTES + 5)
        sharer.file("f1", content)
        job = found(sharer, "f1")
        percents = []
        for _ in range(3):
            (outcome,) = hash_some(sharer.directory, [job], 1, lambda: False)
            assert isinstance(outcome, Begun)
            percents.append(outcome.job.percent)
        self.assertEqual(percents, [25, 50, 75])
        (outcome,) = hash_some(sharer.directory, [job], 1, lambda: False)
        assert isinstance(outcome, Hashed)
        self.assertEqual(outcome.content.file_id, content_id(content))

    def test_canceled(self) -> None:
        """Nothing more is read once it is canceled."""
        sharer = Sharer(self)
        sharer.file("f1", bytes(2 * CHUNK_BYTES))
        asked: list[None] = []

        def is_canceled() -> bool:
            asked.append(None)
            return len(asked) > 1

        (outcome,) = hash_some(sharer.directory, [found(sharer, "f1")], 9, is_canceled)
        assert isinstance(outcome, Begun)
        self.assertEqual(outcome.job.hashed_chunks, 1)

    def test_gap(self) -> None:
        """What is hashed behind a chunk that was not is of no use."""
        sharer = Sharer(self)
        content = os.urandom(3 * CHUNK_BYTES)
        sharer.file("f1", content)
        job = found(sharer, "f1")
        answers = iter([False, True, False])
        (outcome,) = hash_some(sharer.directory, [job], 9, lambda: next(answers))
        assert isinstance(outcome, Begun)
        self.assertEqual(outcome.job.hashed_chunks, 1)
        (outcome,) = hash_some(sharer.directory, [outcome.job], 9, lambda: False)
        assert isinstance(outcome, Hashed)
        self.assertEqual(outcome.content.file_id, content_id(content))

    def test_tiny(self) -> None:
        """Tiny files of several folders are hashed in one go, however few chunks may be."""
        sharer = Sharer(self)
        contents = {name: name.encode() for name in ("a/1", "a/2", "b/1", "3", "b/2")}
        jobs = []
        for name, content in contents.items():
            signature = Signature.of(sharer.file(name, content).stat())
            jobs.append(Job(OnDisk(name, name, signature)))
        (sharer.directory / "a" / "2").unlink()
        outcomes = hash_some(sharer.directory, jobs, 1, lambda: False)
        hashed = [each for each in outcomes if isinstance(each, Hashed)]
        ids = {each.on_disk.name: each.content.file_id for each in hashed}
        del contents["a/2"]
        self.assertEqual(ids, {name: content_id(each) for name, each in contents.items()})
        self.assertEqual(len(outcomes), 5)

    def test_parallel(self) -> None:
        """On several cores it comes to the same, whatever the sizes are."""
        pool = ParallelPool("parallel", 3)
        pool.start()
        self.addCleanup(pool.stop)
        sharer = Sharer(self)
        sizes = (0, 100, 100, 700_000, 700_000, 2 * CHUNK_BYTES + 1, 18 * CHUNK_BYTES + 5)
        ids = {}
        for number, size in enumerate(sizes):
            content = os.urandom(size)
            sharer.file(f"f{number}", content)
            ids[f"f{number}"] = content_id(content)
        sharer.file("gone")
        jobs = [found(sharer, name) for name in (*ids, "gone")]
        (sharer.directory / "gone").unlink()
        outcomes = hash_some(sharer.directory, jobs, 99, lambda: False, parallel_map=pool)
        hashed = [each for each in outcomes if isinstance(each, Hashed)]
        self.assertEqual({each.on_disk.name: each.content.file_id for each in hashed}, ids)
        [gone] = [each for each in outcomes if isinstance(each, hashing.Unreadable)]
        self.assertEqual(gone.on_disk.name, "gone")

    def test_elsewhere(self) -> None:
        """In other processes, very many tiny ones come to the same, and so does what is wrong."""

        def pickled(content: Any) -> Any:
            return pickle.loads(pickle.dumps(content))

        def process_map(function: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
            results = [pickled(pickled(function)(pickled(item))) for item in items]
            self.assertGreater(len(results), 1)
            return results

        sharer = Sharer(self)
        jobs, ids = [], {}
        for number in range(150):
            name = f"{number % 3}/f{number}"
            signature = Signature.of(sharer.file(name, name.encode()).stat())
            jobs.append(Job(OnDisk(name, name, signature)))
            ids[name] = content_id(name.encode())
        (sharer.directory / "1/f1").unlink()
        sharer.file("2/f2", b"longer than before")
        asked = sharer.directory, jobs, 99, lambda: False
        outcomes = hash_some(*asked, process_map=process_map)
        [gone] = [each.on_disk.name for each in outcomes if isinstance(each, hashing.Unreadable)]
        [altered] = [each.on_disk.name for each in outcomes if isinstance(each, Altered)]
        self.assertEqual((gone, altered), ("1/f1", "2/f2"))
        del ids["1/f1"], ids["2/f2"]
        hashed = [each for each in outcomes if isinstance(each, Hashed)]
        self.assertEqual({each.on_disk.name: each.content.file_id for each in hashed}, ids)

    def test_written_to_meanwhile(self) -> None:
        """A write while it is read leaves no id, though the time of it is put back."""
        sharer = Sharer(self)
        for size in (1, 2 * CHUNK_BYTES):
            path = sharer.file("f1", bytes(size))
            job = found(sharer, "f1")
            written = (path.stat().st_atime_ns, path.stat().st_mtime_ns)

            def write(path: Path = path, size: int = size, times: Any = written) -> bool:
                path.write_bytes(bytes(size))
                os.utime(path, ns=times)
                return False

            (outcome,) = hash_some(sharer.directory, [job], 9, write)
            self.assertIsInstance(outcome, Altered, f"of {size} bytes")

    def test_cut_meanwhile(self) -> None:
        """A file that gets shorter while it is read leaves no id."""
        sharer = Sharer(self)
        for size in (6, 2 * CHUNK_BYTES):
            path = sharer.file("f1", bytes(size))
            job = found(sharer, "f1")

            def cut(path: Path = path) -> bool:
                os.truncate(path, 5)
                return False

            (outcome,) = hash_some(sharer.directory, [job], 9, cut)
            self.assertIsInstance(outcome, Altered, f"of {size} bytes")

    def test_replaced(self) -> None:
        """A file that was replaced by something else is not read."""
        sharer = Sharer(self)
        for replace in (os.mkfifo, os.mkdir, lambda path: os.symlink("/etc/passwd", path)):
            path = sharer.file("f1")
            job = found(sharer, "f1")
            path.unlink()
            replace(path)
            (outcome,) = hash_some(sharer.directory, [job], 9, lambda: False)
            self.assertIsInstance(outcome, hashing.Unreadable)
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()

    def test_something_else(self) -> None:
        """Nothing is taken out of a FIFO that has come into a file's place; a device is none."""
        sharer = Sharer(self)
        path = sharer.file("f1")
        job = found(sharer, "f1")
        path.unlink()
        os.mkfifo(path)
        pipe = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self.addCleanup(os.close, pipe)
        os.write(pipe, b"content")
        device = Job(OnDisk("zero", "zero", job.on_disk.signature))
        for root, each in ((sharer.directory, job), (Path("/dev"), device)):
            (outcome,) = hash_some(root, [each], 9, lambda: False)
            self.assertIsInstance(outcome, hashing.Unreadable)
        self.assertEqual(os.read(pipe, 100), b"content")
