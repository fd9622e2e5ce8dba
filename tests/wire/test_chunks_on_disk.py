"""Digests of chunks that are on a disk."""

import os
import warnings
from pathlib import Path
from unittest.mock import patch

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.wire.chunks import chunk_digest
from p2p_twisted.wire.chunks_on_disk import digest_on_disk
from p2p_twisted.wire.limits import CHUNK_BYTES


class ForkTests(SynchronousTestCase):
    def test_another_process(self) -> None:
        """A process that was forked may digest at the same time."""
        contents = b"a" * CHUNK_BYTES, b"b" * CHUNK_BYTES
        fds = []
        for content in contents:
            path = Path(self.mktemp())
            path.write_bytes(content)
            fds.append(os.open(path, os.O_RDONLY))
            self.addCleanup(os.close, fds[-1])
        preadv = os.preadv

        def meanwhile(fd: int, buffers: list[memoryview], offset: int) -> int:
            count = preadv(fd, buffers, offset)
            with warnings.catch_warnings():
                # That threads run here matters not: what is forked does nothing else.
                warnings.simplefilter("ignore", DeprecationWarning)
                child = os.fork()
            if not child:
                preadv(fds[1], buffers, 0)
                os._exit(0)
            os.waitpid(child, 0)
            return count

        with patch.object(os, "preadv", meanwhile):
            digest = digest_on_disk(fds[0], CHUNK_BYTES, 0)
        self.assertEqual(digest, chunk_digest(contents[0]))
