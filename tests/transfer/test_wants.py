"""The journal of wanted downloads, which several threads write to."""

import errno
import os
from threading import Thread
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.transfer.content import Content
from p2p_twisted.transfer.disk import DiskFault
from p2p_twisted.transfer.wants import Wants
from p2p_twisted.wire.content import content_id

from .disks import FaultyDisk

CONTENT = Content.of_whole(content_id(b"1"), b"1")


class Overtaken:
    """A disk that takes so long that another thread does something meanwhile."""

    def __init__(self) -> None:
        self.meanwhile: list[Thread] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def fsync(self, fd: int) -> None:
        while self.meanwhile:
            thread = self.meanwhile.pop()
            thread.start()
            thread.join()
        os.fsync(fd)


class WantsTests(SynchronousTestCase):
    """A journal in a folder of its own."""

    def test_two_threads(self) -> None:
        """Two downloads that have a file in common keep its digests at the same moment."""
        disk = Overtaken()
        wants = Wants(self.mktemp(), disk)
        os.mkdir(wants.folder)
        disk.meanwhile = [Thread(target=wants.put_digests, args=(CONTENT,))]
        wants.put_digests(CONTENT)
        self.assertIsNotNone(wants.content(CONTENT.file))
        self.assertEqual(os.listdir(wants.folder), [f"{CONTENT.file}.digests"])

    def test_full_disk(self) -> None:
        """Nothing stays of what could not be kept."""
        wants = Wants(self.mktemp(), FaultyDisk(fsync=errno.ENOSPC))
        os.mkdir(wants.folder)
        self.assertRaises(DiskFault, wants.put_digests, CONTENT)
        self.assertEqual(os.listdir(wants.folder), [])
