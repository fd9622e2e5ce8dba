"""What etcd's gateway sends, however it is cut, and what is wrong with it."""

import json
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis.strategies import integers, lists
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.registry.etcd_gateway import (
    Compacted,
    EtcdFault,
    NotLoggedIn,
    PassingFault,
    StreamReader,
    read_fault,
    read_json,
)

EVENT = {"kv": {"key": "aw==", "mod_revision": "2"}}
RESULTS = [{"created": True}, {"events": [EVENT]}, {"header": {}}]
STREAM = b"".join(json.dumps({"result": result}).encode() + b"\n" for result in RESULTS)


def read(*pieces: bytes) -> tuple[StreamReader, list[Any]]:
    """Read a stream that comes in pieces."""
    heard: list[Any] = []
    reader = StreamReader(heard.append)
    reader.makeConnection(StringTransport())
    for piece in pieces:
        reader.dataReceived(piece)
    return reader, heard


class StreamTests(SynchronousTestCase):
    """The stream of a watch."""

    @given(lists(integers(0, len(STREAM)), max_size=5).map(sorted))
    def test_pieces(self, cuts: list[int]) -> None:
        """However it is cut, the same is heard."""
        ends = [0, *cuts, len(STREAM)]
        pieces = [STREAM[start:end] for start, end in pairwise(ends)]
        self.assertEqual(read(*pieces)[1], RESULTS)

    def test_ends(self) -> None:
        """A stream that is canceled, says that something is wrong, or is none, is over."""
        for line, kind in (
            (b'{"result": {"canceled": true, "compact_revision": "7"}}', Compacted),
            (b'{"result": {"canceled": true}}', EtcdFault),
            (b'{"error": {"grpc_code": 14, "message": "no leader"}}', PassingFault),
            (b"<html>", PassingFault),
            (b"[]", PassingFault),
        ):
            reader, heard = read(STREAM, line + b"\n", STREAM)
            self.assertEqual(type(self.failureResultOf(reader.ended).value), kind, line)
            self.assertEqual(len(heard), len(RESULTS), line)
            transport: Any = reader.transport
            self.assertTrue(transport.disconnecting, line)

    def test_lost(self) -> None:
        """A connection that is lost is told once."""
        reader, _heard = read(STREAM)
        reader.connectionLost()
        self.failureResultOf(reader.ended, EtcdFault)
        reader.connectionLost()


class FaultTests(SynchronousTestCase):
    """What etcd refuses, and why."""

    def test_kinds(self) -> None:
        """What may pass is told from what will not, and what to do is said."""
        for told, status, kind, words in (
            ({"code": 14, "message": "etcdserver: no leader"}, 503, PassingFault, "no leader"),
            ({"code": 16, "error": "invalid auth token"}, 401, NotLoggedIn, "--etcd-login"),
            ({"code": 3, "error": "revision of auth store is old"}, 400, NotLoggedIn, "is old"),
            ({"code": 3, "error": "user name is empty"}, 400, EtcdFault, "say --etcd-login"),
            ({"code": 3, "error": "authentication failed"}, 400, EtcdFault, "--etcd-login right"),
            ({"code": 8, "error": "database space exceeded"}, 429, EtcdFault, "alarm disarm"),
            ({"code": 11, "error": "revision has been compacted"}, 400, Compacted, "compacted"),
            ({"code": 7, "error": "permission denied"}, 403, EtcdFault, "prefix of --store"),
            ({}, 404, EtcdFault, "status 404"),
        ):
            fault = read_fault(json.dumps(told).encode(), status)
            self.assertEqual(type(fault), kind, told)
            self.assertIn(words, str(fault))

    def test_no_etcd(self) -> None:
        """Something else that answers is said to be no etcd."""
        for body in (b"", b"<html>", b"[1]", b"\xff"):
            fault = self.assertRaises(PassingFault, read_json, body)
            self.assertIn("no etcd", str(fault))
