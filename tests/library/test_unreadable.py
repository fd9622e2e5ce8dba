"""Files that were hashed, and cannot be read when they are to be sent."""

import errno
from unittest.mock import patch

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.wire.source import SourceUnreadable
from tests.library.sharing import Sharer


class UnreadableTests(SynchronousTestCase):
    """A disk that fails, for good or once."""

    def test_unreadable(self) -> None:
        """A file that its disk cannot give any more is not shared until it can be read."""
        sharer = Sharer(self)
        sharer.file("f1")
        library = sharer.start()
        source = sharer.opened("f1")

        def fail(*_arguments: object) -> int:
            raise OSError(errno.EIO, "Input/output error")

        with patch.multiple("os", pread=fail, preadv=fail, read=fail):
            with self.assertRaises(SourceUnreadable):
                source.read(0, 7)
            sharer.clock.advance(0.2)
            self.assertEqual(
                sharer.unshared(), {"f1": "it cannot be read: the disk may be failing"}
            )
            self.assertIsNone(self.successResultOf(library.open(source.file_id)))
            sharer.noticed()
            self.assertEqual(sharer.names(), [])
        sharer.noticed()
        self.assertEqual(sharer.opened("f1").read(0, 7), b"content")

    def test_unreadable_once(self) -> None:
        """One that can be read after all is shared on."""
        sharer = Sharer(self)
        sharer.file("f1")
        sharer.start()
        source = sharer.opened("f1")
        source.doubt()
        sharer.clock.advance(0.2)
        self.assertEqual(sharer.hashed, ["f1", "f1"])
        self.assertEqual(sharer.opened("f1").read(0, 7), b"content")
        self.assertEqual(sharer.unshared(), {})
