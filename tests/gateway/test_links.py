"""Links by which somebody who has no peer gets one file."""

import json
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.testing import StringTransport

from p2p_twisted.api.reading import read_body
from p2p_twisted.api.route import Call
from p2p_twisted.gateway import limits
from p2p_twisted.gateway.link_port import LinkPort, lan_address
from p2p_twisted.gateway.link_routes import LinkQuery, link_routes
from p2p_twisted.peer.limits import LINK_DAYS
from p2p_twisted.peer.links_interface import OpenLink
from p2p_twisted.peer_errors import Ambiguous, IsFolder, NotFound, PeerError, Unknown
from p2p_twisted.wire.messages import Hit
from tests.gateway.asking import Asked, Gateway, GatewayTestCase
from tests.peer.cases import SONG

LAN = "192.168.7.9"


class Listening:
    """A reactor that listens nowhere, in virtual time."""

    def __init__(self, clock: Any) -> None:
        self.seconds, self.callLater = clock.seconds, clock.callLater
        self.taken: set[int] = set()
        self.sites: list[Any] = []
        self.closed = 0

    def listenTCP(self, port: int, site: Any, interface: str) -> Any:  # noqa: N802
        """Listen."""
        if port in self.taken:
            raise CannotListenError(interface, port, OSError("taken"))
        assert interface == LAN
        site.reactor = self
        self.sites.append(site)
        place = SimpleNamespace(port=port or 50_000)
        return SimpleNamespace(getHost=lambda: place, stopListening=self._close)

    def _close(self) -> None:
        self.closed += 1


def token_of(link: OpenLink) -> str:
    """Return what nobody can guess of a link."""
    return urlsplit(link.url).path.split("/")[1]


class LinkTests(GatewayTestCase):
    """One peer shares; another one makes links."""

    def setUp(self) -> None:
        self.net = self.daemons()
        self.net.start("s1", {"song ü.mp3": SONG, "a/f.txt": b"a", "b/f.txt": b"b"})
        self.net.start("s2", {"own.txt": b"own\n"})
        self.net.run(10)
        clock = self.net.network.processes["s2"]
        self.reactor = Listening(clock)
        self.host: str | None = LAN
        reading = Gateway(self.net, "s2").reading
        self.port = LinkPort(self.reactor, reading, None, lambda: self.host, clock.seconds)
        self.routes = {(each.method, each.path): each for each in link_routes(self.port)}

    def link(self, name: str | Hit, seconds: float = 60) -> OpenLink:
        """Make a link."""
        return self.net.result(Deferred.fromCoroutine(self.port.make(name, seconds)))

    def get(
        self, link: OpenLink, path: str | None = None, method: str = "GET", **more: str
    ) -> Asked:
        """Open a link, or another path there."""
        url = urlsplit(link.url)
        lines = {"Host": url.netloc} | more
        head = "".join(f"{name}: {text}\r\n" for name, text in lines.items())
        raw = f"{method} {url.path if path is None else path} HTTP/1.1\r\n{head}\r\n"
        address = IPv4Address("TCP", "192.168.7.50", 1_234)
        asked = Asked(self.reactor.sites[-1], raw.encode(), StringTransport(), address)
        self.net.run(15)
        return asked

    def test_own(self) -> None:
        """A file of this peer's own, whole and in part, and nothing that a browser would run."""
        link = self.link("own")
        self.assertEqual(link.url, f"http://{LAN}:9012/{token_of(link)}/own.txt")
        got = self.get(link)
        self.assertEqual((got.status, got.body), (200, b"own\n"))
        self.assertTrue(got.headers["content-security-policy"].startswith("sandbox;"))
        self.assertEqual(self.get(link, Range="bytes=1-").body, b"wn\n")
        self.assertEqual(self.get(link, method="HEAD").headers["content-length"], "4")

    def test_others(self) -> None:
        """A file that another peer shares is downloaded when the link is opened."""
        link = self.link("song ü.mp3")
        self.assertEqual(self.net.peers["s2"].transfers(), ())
        self.assertTrue(link.url.endswith("/song%20%C3%BC.mp3"))
        self.assertEqual(self.get(link).body, SONG)
        [progress] = self.net.peers["s2"].transfers()
        self.assertEqual(self.get(self.link(progress.file_id)).body, SONG)

    def test_short_id(self) -> None:
        """An id may be as short as it is shown: of this peer's own, and of others."""
        for name in ("own", "song ü.mp3"):
            [hit] = self.net.result(self.net.peers["s2"].find(name)).hits
            link = self.link((hit.file or "")[:16])
            self.assertEqual((link.name, self.get(link).status), (hit.name, 200))
        self.assertRaises(NotFound, self.link, "0" * 16)

    def test_hit(self) -> None:
        """What was found can be linked to as it is, whatever else has its name; a folder not."""
        found = self.net.result(self.net.peers["s2"].find("*"))
        by_name = {hit.name: hit for hit in found.hits}
        self.assertEqual(self.get(self.link(by_name["b/f.txt"])).body, b"b")
        self.assertRaises(IsFolder, self.link, by_name["a"])

    def test_changed(self) -> None:
        """Of this peer's own, it is what its name means now; what is gone is told at once."""
        link, copied = self.link("own"), self.link("song ü.mp3")
        self.assertEqual(self.get(copied).body, SONG)
        by_id = self.link(self.net.peers["s2"].transfers()[0].file_id)
        own = self.net.folder / "s2" / "own.txt"
        own.write_bytes(b"another\n")
        self.net.run(10)
        self.assertEqual(self.get(link).body, b"another\n")
        own.unlink()
        self.net.run(10)
        self.assertEqual(self.get(link).status, 404)
        self.assertEqual(len(self.net.peers["s2"].transfers()), 1)
        # This is in the downloads, and not shared.
        self.assertEqual(self.get(by_id).body, SONG)

    def test_nothing_else(self) -> None:
        """Who has a link gets that file; who has none gets nothing, however it is asked."""
        link = self.link("own", 10_000)
        token = token_of(link)
        [hit] = self.net.result(self.net.peers["s2"].listing()).hits
        for path in (
            "/",
            "/own.txt",
            "/s2/own.txt",
            f"/id/{hit.file}",
            f"/{token[:-1]}/own.txt",
            f"/{token}x/own.txt",
            f"/{token}/../s1",
            f"/{token}/a/b",
            f"/%2e/{token}",
            "/hf/api/models/a",
        ):
            self.assertIn(self.get(link, path).status, (400, 404), path)
        self.assertEqual(self.get(link, Host="evil.example").status, 403)
        self.assertEqual(self.get(link, method="POST").status, 405)
        self.assertEqual(self.get(link).status, 200)

    def test_end(self) -> None:
        """When its time is over a link is none, and without any nobody listens."""
        long, short = self.link("own", 100), self.link("song ü.mp3", 50)
        self.net.run(51)
        self.assertEqual((self.get(short).status, self.get(long).status), (404, 200))
        self.assertEqual((self.port.all(), self.reactor.closed), ((long,), 0))
        self.net.run(30)
        self.assertEqual((self.port.all(), self.reactor.closed), ((), 1))
        self.assertEqual(self.get(self.link("own")).status, 200)

    def test_unlink(self) -> None:
        """A link can be ended before."""
        link = self.link("own")
        self.port.remove(link.number)
        self.assertEqual((self.get(link).status, self.reactor.closed), (404, 1))
        self.assertRaises(Unknown, self.port.remove, link.number)

    def test_ending_left_out(self) -> None:
        """Names that others share are named, if what was typed is a part of them."""
        with self.assertRaises(NotFound) as caught:
            self.link("song")
        self.assertEqual(caught.exception.like, ("song ü.mp3",))

    def test_not_meant(self) -> None:
        """What is no file, or several, has no link; nor has anything without a network."""
        self.assertRaises(PeerError, self.link, "own", LINK_DAYS * 86_400 + 1)
        for name, error in (("no", NotFound), ("f", Ambiguous), ("a", IsFolder)):
            self.assertRaises(error, self.link, name)
        self.host = None
        self.assertRaises(PeerError, self.link, "own")
        self.assertEqual(self.reactor.sites, [])

    def test_too_many(self) -> None:
        """There are so many links, and no more until one has ended."""
        links = [self.link("own") for _ in range(limits.LINKS_AT_ONCE)]
        self.assertRaises(PeerError, self.link, "own")
        self.port.remove(links[0].number)
        self.assertEqual(self.get(self.link("own")).status, 200)

    def test_ports(self) -> None:
        """Where something else has the usual port, it is another one."""
        self.reactor.taken = {limits.LINK_PORT}
        self.assertIn(f"http://{LAN}:50000/", self.link("own").url)
        self.port.remove(1)
        self.reactor.taken = {limits.LINK_PORT, 0}
        self.assertRaises(PeerError, self.link, "own")

    def test_one_host(self) -> None:
        """One host has its part of the connections; others are served."""
        link = self.link("own")
        [site] = self.reactor.sites
        address = IPv4Address("TCP", "192.168.7.66", 1_234)
        made = [site.buildProtocol(address) for _ in range(limits.LINK_CONNECTIONS_OF_HOST)]
        self.assertIsNone(site.buildProtocol(address))
        self.assertEqual(self.get(link).status, 200)
        for each in made[:1]:
            each.makeConnection(StringTransport())
            each.connectionLost(None)
        self.assertIsNotNone(site.buildProtocol(address))

    def test_routes(self) -> None:
        """Programs make, list and end links."""
        make, listed = self.routes["POST", "/v1/links"], self.routes["GET", "/v1/links"]
        call = Call(query=LinkQuery(name="own", seconds=60))
        made: Any = self.net.result(Deferred.fromCoroutine(make.answer(call)))  # type: ignore[arg-type]
        self.assertEqual(
            (made.number, made.name, made.expires), (1, "own.txt", self.reactor.seconds() + 60)
        )
        self.assertEqual(len(made.qr), len(made.qr[0]))
        all_of: Any = self.net.result(Deferred.fromCoroutine(listed.answer(Call())))  # type: ignore[arg-type]
        self.assertEqual(json.loads(all_of.encoded())["links"][0]["url"], made.url)
        too_long = Call(query=read_body(b'{"name": "own", "seconds": 691200}', LinkQuery))
        refused: Deferred[Any] = Deferred.fromCoroutine(make.answer(too_long))  # type: ignore[arg-type]
        self.assertIn("7d at most", str(self.failureResultOf(refused, PeerError).value))
        end = self.routes["DELETE", "/v1/links/{number}"]
        self.net.result(Deferred.fromCoroutine(end.answer(Call(number=1))))  # type: ignore[arg-type]
        self.assertEqual(self.port.all(), ())

    def test_address(self) -> None:
        """It is where the peer listens, unless that is loopback."""
        self.assertEqual(lan_address("10.1.2.3"), "10.1.2.3")
        self.assertFalse((lan_address("127.0.0.1") or "").startswith("127."))
