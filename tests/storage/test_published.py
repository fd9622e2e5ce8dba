"""The list of what is published of a download, whatever has become of its file."""

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.storage.disk import DiskFault
from p2p_twisted.storage.published import Published, PublishedRecord


class RecordTests(SynchronousTestCase):
    """A list in a file of its own."""

    def test_damaged(self) -> None:
        """Lines that are damaged, in whatever way, count for nothing; the others hold."""
        folder = Path(self.mktemp())
        record = PublishedRecord(OwnFolder(folder), "record")
        first, last = (Published(name, name, 1, 2, 3) for name in ("a", "b"))
        record.add([first])
        damaged = (
            b"{",
            b"[]",
            b'{"wanted": "c"}',
            b'{"wanted": "\xff", "target": "c", "size": 1, "mtime_ns": 2, "inode": 3}',
            b'{"wanted": ' + 100_000 * b"[",
            b'{"more": ' + 100_000 * b"[",
        )
        with (folder / "record").open("ab") as lines:
            lines.writelines(line + b"\n" for line in damaged)
        record.add([last])
        self.assertEqual(record.read(), {"a": first, "b": last})

    def test_disk_fails(self) -> None:
        """That it cannot be read or written is a fault of the disk, not that it is missing."""
        folder = Path(self.mktemp())
        record = PublishedRecord(OwnFolder(folder), "record")
        self.assertEqual(record.read(), {})
        (folder / "record").mkdir(parents=True)
        self.assertRaises(DiskFault, record.read)
        self.assertRaises(DiskFault, record.add, [])
