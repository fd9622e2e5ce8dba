"""The sample files of ``p2p up``, and how they are introduced."""

import os
import tempfile
import time
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.cli.banner import to_try, where
from p2p_twisted.cli.samples import Sample, samples_of, write_samples
from p2p_twisted.wire.limits import MIB
from p2p_twisted.wire.names import check_path


def all_samples(peers: int) -> list[Sample]:
    """Give the samples of all peers of a network."""
    return [sample for n in range(1, peers + 1) for sample in samples_of(n, peers)]


class SamplesTests(SynchronousTestCase):
    """What is shared by whom."""

    def test_everything_is_somewhere(self) -> None:
        """A network of any size has every kind of file, each once."""
        for peers in (1, 2, 3, 5, 50):
            paths = [path for path, _ in all_samples(peers)]
            self.assertEqual(len(paths), len(set(paths)))
            self.assertIn(f"f{peers}.txt", paths)
            self.assertTrue({"big.bin", "noise.bin", "album/about.txt"} <= set(paths))

    def test_first_has_to_download(self) -> None:
        """In company, s1 has only its own text."""
        self.assertEqual([path for path, _ in samples_of(1, 5)], ["f1.txt"])

    def test_names_can_be_shared(self) -> None:
        """All of the names may be used."""
        for path, _ in all_samples(5):
            check_path(path)

    def test_written(self) -> None:
        """The files have their content, random bytes of their size, and are not new."""
        with tempfile.TemporaryDirectory() as scratch:
            directory = Path(scratch) / "s1"
            write_samples(directory, [("a b/c.txt", b"text"), ("noise", MIB + 1)])
            self.assertEqual((directory / "a b" / "c.txt").read_bytes(), b"text")
            noise = directory / "noise"
            self.assertEqual(noise.stat().st_size, MIB + 1)
            self.assertNotEqual(noise.read_bytes()[:64], bytes(64))
            self.assertLess(os.stat(noise).st_mtime, time.time() - 30)


class IntroductionTests(SynchronousTestCase):
    """What is said at the start."""

    def test_places(self) -> None:
        """It says where the registry is and what each peer shares."""
        text = where(5, "127.0.0.1:9011", Path("/tmp/p2p-x"))
        self.assertIn("registry  127.0.0.1:9011\n", text)
        self.assertIn("s2        shares f2.txt, big.bin (64 MiB)\n", text)
        self.assertIn("s3        shares f3.txt, album/\n", text)
        self.assertIn("/tmp/p2p-x", text)

    def test_crowd(self) -> None:
        """It does not list fifty peers."""
        text = where(50, "127.0.0.1:9011", Path("/tmp/p2p-x"))
        self.assertIn("s6 to s50  share f6.txt to f50.txt\n", text)
        self.assertLess(len(text.splitlines()), 24)

    def test_alone(self) -> None:
        """It does not tell one peer to download from others."""
        self.assertIn("f2", to_try(2))
        self.assertNotIn("f2", to_try(1))
