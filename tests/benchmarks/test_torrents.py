"""Torrent files are what BitTorrent's programs expect."""

from twisted.trial.unittest import SynchronousTestCase

from benchmarks.contenders.torrents import bencode


class BencodeTests(SynchronousTestCase):
    def test_values(self) -> None:
        """Numbers, strings and sorted dictionaries are written as BEP 3 has it."""
        self.assertEqual(bencode({"b": 12, "a": b"\0x", "c": {}}), b"d1:a2:\0x1:bi12e1:cdee")
