"""What is shared, over HTTP: whole, and in ranges."""

from p2p_twisted.bandwidth.rates import Rates, Slots
from p2p_twisted.download.progress import Queued
from p2p_twisted.peer.interface import unwatched
from p2p_twisted.wire.limits import MIB
from tests.gateway.asking import Gateway, GatewayTestCase
from tests.peer.cases import SONG


class ContentTests(GatewayTestCase):
    """One peer shares, another one has a gateway."""

    def setUp(self) -> None:
        self.net = self.daemons()
        self.net.start(
            "s1",
            {
                "a b/song ü.mp4": SONG,
                "f1.txt": b"one\n",
                "page.html": b"<p>",
                "drawing.svg": b"<svg/>",
            },
        )
        self.net.start("s2", {"own.txt": b"own\n", "empty.txt": b""})
        self.net.run(10)
        self.gateway = Gateway(self.net, "s2")

    def test_whole(self) -> None:
        """A file comes whole, with its id as its ETag, and is among the downloads then."""
        got = self.gateway.ask("/s1/a%20b/song%20%C3%BC.mp4")
        self.assertEqual((got.status, got.body == SONG), (200, True))
        self.assertEqual(got.headers["content-type"], "video/mp4")
        self.assertEqual(got.headers["content-length"], str(len(SONG)))
        self.assertEqual(got.headers["accept-ranges"], "bytes")
        self.net.run(1)
        self.assertEqual((self.net.folder / "s2/Downloads/song ü.mp4").read_bytes(), SONG)
        by_id = self.gateway.ask(f"/id/{got.headers['etag'][1:-1]}", Range="bytes=5-9")
        self.assertEqual((by_id.status, by_id.body), (206, SONG[5:10]))

    def test_small(self) -> None:
        """A small file comes, too."""
        self.assertEqual(self.gateway.ask("/s1/f1.txt").body, b"one\n")

    def test_own(self) -> None:
        """A peer's own files need no network, nor are they downloaded."""
        self.assertEqual(self.gateway.ask("/s2/own.txt").body, b"own\n")
        empty = self.gateway.ask("/s2/empty.txt")
        self.assertEqual((empty.status, empty.headers["content-length"]), (200, "0"))
        self.assertEqual(self.net.peers["s2"].transfers(), ())

    def test_ranges(self) -> None:
        """One range is given; several, and what is none, are left aside; others are refused."""
        path, size = "/s1/a%20b/song%20%C3%BC.mp4", len(SONG)
        for asked, start, stop in (
            ("bytes=0-0", 0, 1),
            ("bytes=1048570-1048580", 1_048_570, 1_048_581),
            ("bytes=5000000-", 5_000_000, size),
            ("bytes=-7", size - 7, size),
            ("bytes=10-99999999999", 10, size),
            ("Bytes=3-4", 3, 5),
        ):
            got = self.gateway.ask(path, Range=asked)
            self.assertEqual((got.status, got.body == SONG[start:stop]), (206, True), asked)
            self.assertEqual(got.headers["content-range"], f"bytes {start}-{stop - 1}/{size}")
        for asked in ("bytes=0-1,3-4", "bytes=" + "0-1," * 2_000, "lines=1-2", "bytes=9-3", "x"):
            got = self.gateway.ask(path, Range=asked)
            self.assertEqual((got.status, len(got.body)), (200, size), asked)
        for asked in (f"bytes={size}-", "bytes=-0", f"bytes={'9' * 200}-"):
            got = self.gateway.ask(path, Range=asked)
            self.assertEqual(got.status, 416, asked)
            self.assertEqual(got.headers["content-range"], f"bytes */{size}")
        self.assertEqual(self.gateway.ask("/s2/empty.txt", Range="bytes=-5").status, 200)

    def test_if(self) -> None:
        """What somebody has is not sent again; a range of something else is not begun."""
        etag = self.gateway.ask("/s1/f1.txt", "HEAD").headers["etag"]
        for known in (etag, f"W/{etag}", f'"x", {etag}', "*"):
            same = self.gateway.ask("/s1/f1.txt", If_None_Match=known)
            self.assertEqual((same.status, same.body), (304, b""), known)
        for unknown in ('"x"', etag[:-2] + '"', etag[1:-1], ""):
            other = self.gateway.ask("/s1/f1.txt", If_None_Match=unknown)
            self.assertEqual((other.status, other.body), (200, b"one\n"), unknown)
        part = self.gateway.ask("/s1/f1.txt", Range="bytes=1-2", If_Range=etag)
        self.assertEqual((part.status, part.body), (206, b"ne"))
        other = self.gateway.ask("/s1/f1.txt", Range="bytes=1-2", If_Range='"x"')
        self.assertEqual((other.status, other.body), (200, b"one\n"))
        for wanted in (f'"x", {etag}', "*"):
            self.assertEqual(self.gateway.ask("/s1/f1.txt", If_Match=wanted).body, b"one\n")
        for wanted in ('"x"', f"W/{etag}"):
            self.assertEqual(self.gateway.ask("/s1/f1.txt", If_Match=wanted).status, 412)

    def test_head(self) -> None:
        """To ask what there is downloads nothing, and is about all of it."""
        for asked in ("bytes=1-2", "bytes=99-"):
            got = self.gateway.ask("/s1/f1.txt", "HEAD", Range=asked)
            self.assertEqual((got.status, got.headers["content-length"]), (200, "4"))
        got = self.gateway.ask("/s1/a%20b/song%20%C3%BC.mp4", "HEAD")
        self.assertEqual((got.status, got.body), (200, b""))
        self.assertEqual(got.headers["content-length"], str(len(SONG)))
        self.assertEqual(self.net.peers["s2"].transfers(), ())

    def test_harmless(self) -> None:
        """What somebody shares is not run, and loads nothing."""
        got = self.gateway.ask("/s1/page.html")
        self.assertEqual(got.headers["content-type"], "text/html; charset=utf-8")
        self.assertEqual(got.headers["content-security-policy"], "sandbox; default-src 'none'")
        self.assertEqual(got.headers["x-content-type-options"], "nosniff")
        film = self.gateway.ask("/s1/a%20b/song%20%C3%BC.mp4", "HEAD")
        self.assertTrue(film.headers["content-security-policy"].startswith("sandbox allow-same-"))
        drawing = self.gateway.ask("/s1/drawing.svg")
        self.assertEqual(drawing.headers["content-type"], "image/svg+xml")
        self.assertEqual(drawing.headers["content-security-policy"], "sandbox; default-src 'none'")

    def test_not_there(self) -> None:
        """What there is not is said."""
        for path, status, word in (
            ("/s1/no.txt", 404, b"s1 shares no no.txt"),
            ("/s1/a%20b", 409, b"is a folder"),
            ("/s9/f1.txt", 404, b"there is no peer s9"),
            (f"/id/{'0' * 64}", 404, b"no peer has a file"),
            (f"/id/{'0' * 16}", 404, b"say all 64 digits of the id"),
            ("/", 404, b"say /PEER/PATH"),
            ("/s1", 404, b"say /PEER/PATH"),
        ):
            got = self.gateway.ask(path)
            self.assertEqual(got.status, status, path)
            self.assertIn(word, got.body)


class ComingTests(GatewayTestCase):
    """A file that is read while it comes."""

    def setUp(self) -> None:
        self.net = self.daemons()
        self.film = bytes(range(251)) * 400_000
        peer = self.net.start("s1", {"film.mkv": self.film})
        self.net.start("s2")
        self.net.run(10)
        peer.limit(Rates(up=1_048_576))
        self.gateway = Gateway(self.net, "s2")

    def test_middle(self) -> None:
        """The middle is there long before the whole; the rest comes by itself."""
        middle = len(self.film) // 2
        got = self.gateway.ask("/s1/film.mkv", Range=f"bytes={middle}-{middle + 99_999}")
        self.assertEqual((got.status, got.body == self.film[middle:][:100_000]), (206, True))
        [film] = self.net.peers["s2"].transfers()
        self.assertLess(film.received, 20 * 1_048_576)
        self.net.run(120)
        [film] = self.net.peers["s2"].transfers()
        self.assertEqual(type(film.state).__name__, "Saved")

    def test_gone_meanwhile(self) -> None:
        """When its peer has gone, what has come of a name is still read; no other name is."""
        self.net.peers["s1"].limit(Rates(up=100 * 1_048_576))
        self.assertEqual(len(self.gateway.ask("/s1/film.mkv").body), len(self.film))
        self.net.run(5)
        self.net.crash("s1")
        self.net.run(60)
        got = self.gateway.ask("/s1/film.mkv", Range="bytes=5000000-5000009")
        self.assertEqual((got.status, got.body), (206, self.film[5_000_000:5_000_010]))
        self.assertEqual(self.gateway.ask("/s1/other.mkv").status, 404)

    def test_jump(self) -> None:
        """Who jumps is served there first, though much was asked for elsewhere."""
        first = self.gateway.begin("/s1/film.mkv")
        self.net.run(5)
        self.assertGreater(len(first.body), 1_000_000)
        first.close()
        begun = self.net.network.clock.now
        place = len(self.film) - 4_000_000
        got = self.gateway.ask("/s1/film.mkv", Range=f"bytes={place}-{place + 9}")
        self.assertEqual(got.body, self.film[place:][:10])
        self.assertLess(self.net.network.clock.now - begun, 10)

    def test_dead_holder(self) -> None:
        """Where nothing comes any more, the answer ends too early: nobody takes it for whole."""
        asked = self.gateway.begin("/s1/film.mkv")
        self.net.run(5)
        self.net.crash("s1")
        self.net.run(90)
        self.assertTrue(asked.transport.disconnecting or asked.transport.disconnected)
        self.assertLess(len(asked.body), len(self.film))
        self.assertEqual(asked.body, self.film[: len(asked.body)])

    def test_jump_beside_others(self) -> None:
        """Whoever jumps waits for that chunk alone, be others pending, or read by somebody else."""
        self.net.peers["s1"].limit(Rates(up=16 * 1_048_576))
        self.gateway.ask("/s1/film.mkv", Range="bytes=0-9")
        self.net.run(1)
        self.gateway.begin("/s1/film.mkv", Range="bytes=50000000-")
        [before] = self.net.peers["s2"].transfers()
        end = len(self.film)
        got = self.gateway.ask("/s1/film.mkv", Range=f"bytes={end - 100_000}-")
        [after] = self.net.peers["s2"].transfers()
        self.assertEqual(got.body == self.film[-100_000:], True)
        self.assertLess(after.received - before.received, 5 * 1_048_576)


class ReadersFirstTests(GatewayTestCase):
    def test_downloads_run(self) -> None:
        """Who reads something does not wait for the downloads that run, nor for those in turn."""
        net = self.daemons()
        files = {name: name.encode() * MIB for name in ("one", "two", "six")}
        net.start("s1", files, rates=Rates(up=MIB // 8))
        net.start("s2", at_once=Slots(down=1))
        net.run(10)
        for name in ("one", "two", "six"):
            net.peers["s2"].get(name, unwatched)
            net.run(1)
        states = [progress.state for progress in net.peers["s2"].transfers()]
        self.assertEqual(states[1:], [Queued(), Queued()])
        got = Gateway(net, "s2").ask("/s1/six", Range="bytes=0-5")
        self.assertEqual((got.status, got.body), (206, b"sixsix"))
        one, two, _six = (progress.state for progress in net.peers["s2"].transfers())
        self.assertEqual((type(one).__name__, two), ("Receiving", Queued()))
