"""What a peer is told to share, and to share no more."""

from collections.abc import Iterator

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from p2p_twisted.api.api_errors import BadRequest
from p2p_twisted.peer_errors import Exists, NotFound, NotReady, PeerError
from tests.peer.cases import PeerTestCase


class SharingTests(PeerTestCase):
    def test_round_trip(self) -> None:
        """What was shared is found and fetched by others, and not once it is unshared."""
        daemons = self.daemons()
        daemons.start("s1", {"f1.txt": b"one"})
        daemons.start("s2")
        daemons.run(5.0)
        s1 = daemons.peers["s1"]
        path = daemons.result(s1.share("new/f2.txt", _Reader(b"tw", b"o"), 3))
        self.assertTrue(path.endswith("s1/new/f2.txt"))
        daemons.run(70.0)
        daemons.get("s2", "f2")
        self.assertEqual(daemons.download("s2", "f2.txt"), b"two")
        path = daemons.result(s1.unshare("f1.txt"))
        self.assertTrue(path.endswith("s1/.unshared/f1.txt"))
        daemons.run(70.0)
        self.assertRaises(NotFound, daemons.get, "s2", "f1")
        self.assertRaises(NotFound, daemons.result, s1.unshare("f1.txt"))
        self.assertTrue(daemons.result(s1.unshare("new/")).endswith("s1/.unshared/new"))

    def test_refused(self) -> None:
        """Nothing is replaced, and no name is taken that could not be shared."""
        daemons = self.daemons()
        daemons.start("s1", {"f1.txt": b"one"})
        daemons.run(2.0)
        s1 = daemons.peers["s1"]
        error = self.assertRaises(Exists, daemons.result, s1.share("f1.txt", _Reader(b"x")))
        self.assertEqual(str(error), "f1.txt is there already, and was not replaced")
        for name in ("../f3", ".f3", "Downloads/f3"):
            self.assertRaises(PeerError, daemons.result, s1.share(name, _Reader(b"x")))

    def test_breaks_off(self) -> None:
        """What has not come as a whole leaves nothing."""
        daemons = self.daemons()
        daemons.start("s1")
        daemons.run(2.0)
        s1 = daemons.peers["s1"]

        async def read() -> bytes:
            raise BadRequest("bad_request", "the connection was lost")

        self.assertRaises(BadRequest, daemons.result, s1.share("f3", read))
        self.assertEqual(daemons.result(s1.share("f3", _Reader(b"x")))[-2:], "f3")

    def test_folders_of_what_breaks_off(self) -> None:
        """Nor folders that were made for it alone; what others write into stays until they end."""
        daemons = self.daemons()
        daemons.start("s1", {"old/f1": b"x"})
        daemons.run(2.0)
        s1, place = daemons.peers["s1"], daemons.folder / "s1"
        first, second, third = _Waiting(), _Waiting(), _Waiting()
        shares = [
            s1.share("old/new/a/f2", first),
            s1.share("old/new/f3", second),
            s1.share("other/f4", third),
        ]
        first.fail()
        self.failureResultOf(shares[0], BadRequest)
        self.assertEqual(sorted(each.name for each in place.glob("old/*")), ["f1", "new"])
        self.assertFalse((place / "old/new/a").exists())
        second.fail()
        self.failureResultOf(shares[1], BadRequest)
        self.assertEqual([each.name for each in place.glob("old/*")], ["f1"])
        (place / "other/mine").write_bytes(b"mine")
        third.fail()
        self.failureResultOf(shares[2], BadRequest)
        self.assertEqual([each.name for each in place.glob("other/*")], ["mine"])

    def test_peer_leaves(self) -> None:
        """What has not come when the peer leaves leaves nothing, and is gone before the peer is."""
        daemons = self.daemons()
        daemons.start("s1")
        daemons.run(2.0)
        s1 = daemons.peers["s1"]
        offload, clock = s1._sharing._offload, s1._clock
        s1._sharing._offload = lambda *job: deferLater(clock, 0.1).addCallback(
            lambda _over: offload(*job)
        )
        shares = [s1.share("l1/l2/f1", _Waiting()), s1.share("l1/f2", _Waiting())]
        daemons.run(1.0)
        self.assertTrue((daemons.folder / "s1/l1/l2").is_dir())
        # Its folder is just being made.
        shares.append(s1.share("l3/f3", _Waiting()))
        daemons.result(daemons.stop("s1"))
        self.assertEqual(list((daemons.folder / "s1").glob("l*")), [])
        shares.append(s1.share("l4/f4", _Reader(b"x")))
        for share in shares:
            error = self.failureResultOf(share, NotReady).value
            self.assertEqual(str(error), "this peer is leaving: share it again once it runs")
        self.assertEqual(list((daemons.folder / "s1").glob("l*")), [])


class _Waiting:
    """Gives nothing until it fails."""

    def __init__(self) -> None:
        self._came: Deferred[bytes] = Deferred()

    async def __call__(self) -> bytes:
        return await self._came

    def fail(self) -> None:
        self._came.errback(BadRequest("bad_request", "the connection was lost"))


class _Reader:
    """Gives pieces, and nothing at the end."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces: Iterator[bytes] = iter(pieces)

    async def __call__(self) -> bytes:
        return next(self._pieces, b"")
