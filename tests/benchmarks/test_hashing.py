"""What is said of a machine that tables come from."""

import re

from twisted.trial.unittest import SynchronousTestCase

from benchmarks.hashing import describe_hashing, flags


class HashingTests(SynchronousTestCase):
    def test_flags(self) -> None:
        """Of many flags, those that hashing depends on are named, on either kind of processor."""
        self.assertEqual(
            flags("processor\t: 0\nflags\t\t: fpu sse2 avx2 sha_ni avx512fp16\n"),
            ["avx2", "sha_ni"],
        )
        self.assertEqual(flags("Features\t: fp asimd sha1 sha2\n"), ["asimd", "sha1", "sha2"])
        self.assertEqual(flags("cpu\t: other\n"), [])

    def test_speeds(self) -> None:
        """Both hashes are measured, on one thread and on all."""
        found = re.findall(
            r"(BLAKE3|SHA-1) \d+\.\d\d GiB/s a thread and \d+\.\d\d on \d+", describe_hashing()
        )
        self.assertEqual(found, ["BLAKE3", "SHA-1"])
