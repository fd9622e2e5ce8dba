"""Requests that are not meant well: what they may not have, and that others are served."""

from typing import Any

from p2p_twisted.bandwidth.rates import Rates
from p2p_twisted.gateway import limits
from p2p_twisted.peer import limits as peer_limits
from tests.gateway.asking import HOST, PORT, Asked, FullTransport, Gateway, GatewayTestCase
from tests.peer.cases import SONG


class HostileTests(GatewayTestCase):
    """Whatever is asked, an honest request is served afterwards."""

    def setUp(self) -> None:
        self.net = self.daemons()
        self.net.start("s1", {"f1.txt": b"one\n", "song.mp3": SONG, "film.mkv": SONG * 2})
        self.net.start(
            "s2", {"own.mp3": SONG + b"!", ".p2pignore": b"hidden.txt\n", "hidden.txt": b"h"}
        )
        self.net.run(10)
        self.gateway = Gateway(self.net, "s2")
        self.addCleanup(self.is_honest_served)

    def is_honest_served(self) -> None:
        self.assertEqual(self.gateway.ask("/s1/f1.txt").body, b"one\n")

    def refused(self, path: str = "/s1/f1.txt", **more: Any) -> Asked:
        """Ask what is not answered; nothing is downloaded for it."""
        got = self.gateway.ask(path, **more)
        self.assertIn(got.status, (400, 403, 404, 405, 409))
        self.assertEqual(self.net.peers["s2"].transfers(), ())
        return got

    def test_names(self) -> None:
        """A name that somebody lets mean this machine is not answered, nor is another port."""
        for name in ("evil.example", f"evil.example:{PORT}", "127.0.0.1", "127.0.0.1:80", "", "é"):
            got = self.refused(Host=name)
            self.assertEqual((got.status, got.body[-1:]), (403, b"\n"), name)
        self.assertEqual(self.gateway.ask("/s1/f1.txt", Host=f"localhost:{PORT}").status, 200)

    def test_other_pages(self) -> None:
        """No page of another site, or port, has anything downloaded."""
        for headers in (
            {"Sec_Fetch_Site": "cross-site"},
            {"Sec_Fetch_Site": "same-site"},
            {"Origin": "http://evil.example"},
            {"Origin": "null"},
            {"Origin": "http://127.0.0.1:9999"},
            {"Referer": "http://evil.example/"},
            {"Referer": f"http://{HOST}.evil.example/"},
        ):
            self.assertEqual(self.refused(**headers).status, 403, headers)

    def test_person(self) -> None:
        """What a person typed is answered, and what the gateway's own pages ask for."""
        for site in ("none", "same-origin"):
            got = self.gateway.ask("/s1/f1.txt", Sec_Fetch_Site=site, Referer=f"http://{HOST}/s1/x")
            self.assertEqual(got.status, 200)

    def test_other_users(self) -> None:
        """Only this user and root are answered; who that is must be known in a private network."""
        honest, self.gateway.user = self.gateway.user, 12_345
        self.assertEqual(self.refused().status, 403)
        self.gateway.user = None
        self.gateway.access._must_know = True
        self.assertEqual(self.refused().status, 403)
        self.gateway.access._must_know = False
        self.assertEqual(self.gateway.ask("/s1/f1.txt").status, 200)
        for user in (0, honest):
            self.gateway.user, self.gateway.access._must_know = user, True
            self.assertEqual(self.gateway.ask("/s1/f1.txt").status, 200)

    def test_paths(self) -> None:
        """A path is a name in the network, and no more, however it is written."""
        for path in (
            "/s2/../s2/own.mp3",
            "/s2/%2e%2e/%2e%2e/etc/passwd",
            "/s2/..%2f..%2fetc%2fpasswd",
            "/s2/%252e%252e/etc/passwd",
            "/s2//etc/passwd",
            "/s2/./own.mp3",
            "/s2/own.mp3%00",
            "/s2/own.mp3/",
            "/s2/%ff",
            "/s2/%e2%80%ae",
            "//s2/own.mp3",
            "/s2/.p2p/book.json",
            "/s2/hidden.txt",
            "/s2/.p2pignore",
            "/S2!/own.mp3",
            "/id/../s2/own.mp3",
            "/id/" + "f" * 63,
            "/s2/" + "a/" * 300 + "b",
            "/s2/" + "a" * 3_000,
            "http://evil.example/s2/own.mp3",
            "*",
        ):
            self.refused(path)

    def test_methods(self) -> None:
        """Nothing is taken, and nothing changed."""
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"):
            got = self.refused(method=method, Content_Length="0")
            self.assertEqual((got.status, got.headers["allow"]), (405, "GET, HEAD"))

    def test_bodies(self) -> None:
        """A large body is not taken, nor waited for."""
        got = self.gateway.begin("/s1/f1.txt", Content_Length="99999999999", then=b"x")
        self.net.run(1)
        self.assertEqual(got.status, 413)
        self.assertTrue(got.transport.disconnecting)

    def test_never_reads(self) -> None:
        """A reader that takes nothing is dropped; until then it has one piece in memory."""
        transport = FullTransport()
        stuck = self.gateway.begin("/s2/own.mp3", transport=transport)
        self.net.run(limits.TAKEN_WITHIN_SECONDS / 2)
        self.assertLessEqual(len(stuck.body), limits.ANSWER_PIECE_BYTES)
        transport.read()
        self.net.run(limits.TAKEN_WITHIN_SECONDS - 1)
        self.assertFalse(stuck.transport.disconnecting)
        self.assertLessEqual(len(stuck.body), 2 * limits.ANSWER_PIECE_BYTES)
        self.net.run(2)
        self.assertTrue(stuck.transport.disconnecting)

    def test_too_many_answers(self) -> None:
        """Of very many requests some are refused at once, and say when to ask again."""
        stuck = [
            self.gateway.begin("/s2/own.mp3", transport=FullTransport())
            for _ in range(limits.ANSWERS_AT_ONCE)
        ]
        for _ in range(2_000):
            refused = self.gateway.begin("/s2/own.mp3")
            self.assertEqual((refused.status, refused.headers["retry-after"]), (503, "1"))
            refused.close()
        for each in stuck:
            each.close()

    def test_gone(self) -> None:
        """Whoever has gone is waited for no more, however often that happens."""
        self.net.network.part(["s1"], ["s2", "registry"])
        for _ in range(1_000):
            self.gateway.begin("/s1/song.mp3").close()
        self.net.network.mend()
        self.net.run(30)
        self.assertEqual(self.gateway.ask("/s1/song.mp3").body, SONG)

    def test_too_many_downloads(self) -> None:
        """So many downloads are begun, and then no more until some have ended."""
        self.patch(peer_limits, "DOWNLOADS_BEGUN_BY_READING", 1)
        self.net.peers["s1"].limit(Rates(up=1_048_576))
        first = self.gateway.begin("/s1/film.mkv")
        self.net.run(1)
        first.close()
        refused = self.gateway.ask("/s1/song.mp3")
        self.assertEqual((refused.status, refused.headers["retry-after"]), (503, "1"))
        self.assertIn(b"see p2p transfers", refused.body)
        self.net.run(30)
        self.assertEqual(self.gateway.ask("/s1/song.mp3").body, SONG)
