"""Models that no peer has, from a hub on the Internet, which may be hostile."""

import hashlib
import json
import shutil
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred

from p2p_twisted.gateway import limits
from tests.gateway.asking import Asked, Gateway, GatewayTestCase
from tests.gateway.fake_hub import (
    COMMIT,
    FILES,
    ORIGIN,
    WEIGHTS,
    Hub,
    Response,
    git_id,
    info,
    pieces_of,
)


class OriginTestCase(GatewayTestCase):
    """One peer has an origin; another one has none; a third shares another model."""

    def setUp(self) -> None:
        self.net = self.daemons()
        self.net.start("s1")
        self.net.start("s2")
        self.net.start("s3", {"lab/other/config.json": b"{}"})
        self.net.run(10)
        self.hub = Hub()
        self.one = Gateway(self.net, "s1", self.hub)
        self.addCleanup(self.is_honest_served)

    def is_honest_served(self) -> None:
        """Whatever the origin does, what peers have is had."""
        got = self.one.ask("/hf/lab/other/resolve/main/config.json")
        self.assertEqual(got.body, b"{}")

    def get(self, name: str, gateway: Gateway | None = None, method: str = "GET") -> Asked:
        """Ask for a file of the model."""
        return (gateway or self.one).ask(f"/hf/lab/tiny/resolve/main/{name}", method)


class OriginTests(OriginTestCase):
    """An honest origin."""

    def test_once_for_all(self) -> None:
        """Each file is fetched once, and then all peers have the model, the origin's words too."""
        about = json.loads(self.one.ask("/hf/api/models/lab/tiny/revision/main").body)
        self.assertEqual((about["sha"], len(about["siblings"])), (COMMIT, 2))
        self.assertEqual(Gateway(self.net, "s2").ask("/hf/api/models/lab/tiny").status, 404)
        for name, content in FILES.items():
            self.assertEqual(self.get(name).body, content)
        self.net.run(20)
        fetched = [path for path in self.hub.asked if "/resolve/" in path]
        self.assertEqual(len(fetched), 2)
        two = Gateway(self.net, "s2")
        about = json.loads(two.ask("/hf/api/models/lab/tiny").body)
        self.assertEqual(about["sha"], COMMIT)
        got = self.get("model.safetensors", two)
        self.assertEqual(got.body, WEIGHTS)
        self.assertEqual(got.headers["etag"][1:-1], hashlib.sha256(WEIGHTS).hexdigest())
        config = self.get("config.json", two)
        self.assertEqual(config.headers["etag"][1:-1], git_id(FILES["config.json"]))
        self.get("model.safetensors")
        self.assertEqual(len([path for path in self.hub.asked if "/resolve/" in path]), 2)

    def test_head(self) -> None:
        """To ask what a file is fetches nothing."""
        got = self.get("model.safetensors", method="HEAD")
        self.assertEqual(got.headers["content-length"], str(len(WEIGHTS)))
        self.assertEqual(got.headers["etag"][1:-1], hashlib.sha256(WEIGHTS).hexdigest())
        self.assertEqual([path for path in self.hub.asked if "/resolve/" in path], [])

    def test_peers_first(self) -> None:
        """What peers have, the origin is not asked for."""
        self.assertEqual(self.one.ask("/hf/lab/other/resolve/main/config.json").status, 200)
        self.assertEqual(self.hub.asked, [])

    def test_not_there(self) -> None:
        """What the origin has not is not there either."""
        got = self.one.ask("/hf/api/models/lab/none")
        self.assertEqual((got.status, got.headers["x-error-code"]), (404, "RepoNotFound"))

    def test_goes_on(self) -> None:
        """When nobody waits any more, a file comes all the same; many who wait get it at once."""
        answered: Deferred[Any] = Deferred()
        path = f"/lab/tiny/resolve/{COMMIT}/model.safetensors"
        self.hub.answers[path] = lambda: answered
        waiting = [self.one.begin("/hf/lab/tiny/resolve/main/model.safetensors") for _ in range(5)]
        self.net.run(5)
        for each in waiting[:4]:
            each.close()
        answered.callback(Response(pieces_of(WEIGHTS)))
        self.net.run(20)
        self.assertEqual(waiting[4].body, WEIGHTS)
        self.assertEqual(self.hub.asked.count(path), 1)

    def test_while_it_comes(self) -> None:
        """Whoever asks there reads it as it comes, all but its end, which is given once checked."""
        path = f"/lab/tiny/resolve/{COMMIT}/model.safetensors"
        pieces = pieces_of(WEIGHTS)
        coming = Response(pieces[:100], length=len(WEIGHTS), ends=False)
        self.hub.answers[path] = lambda: coming
        address = "/hf/lab/tiny/resolve/main/model.safetensors"
        first = self.one.begin(address)
        later = self.one.begin(address, Range="bytes=1000000-")
        self.net.run(5)
        given = 6_000_000 - limits.ORIGIN_HELD_BACK_BYTES
        self.assertEqual((first.status, first.body), (200, WEIGHTS[:given]))
        self.assertEqual((later.status, later.body), (206, WEIGHTS[1_000_000:given]))
        self.assertEqual(self.net.result(self.net.peers["s2"].find("tiny*")).hits, ())
        coming.go_on(pieces[100:])
        self.net.run(5)
        self.assertEqual(len(first.body), len(WEIGHTS) - limits.ORIGIN_HELD_BACK_BYTES)
        coming.end()
        self.net.run(1)
        self.assertEqual((first.body, later.body), (WEIGHTS, WEIGHTS[1_000_000:]))
        self.assertEqual(self.hub.asked.count(path), 1)

    def test_many_at_once(self) -> None:
        """Of each of the files that a client asks for at a time, something comes at once."""
        files = {f"{number}.bin": WEIGHTS for number in range(8)}
        self.hub.answers["/api/models/lab/tiny/revision/main?blobs=true"] = lambda: Response(
            [info(files)]
        )
        slow = {"pieces": pieces_of(WEIGHTS)[:100], "length": len(WEIGHTS), "ends": False}
        for name in files:
            path = f"/lab/tiny/resolve/{COMMIT}/{name}"
            self.hub.answers[path] = lambda: Response(**slow)  # type: ignore[arg-type]
        asked = [self.one.begin(f"/hf/lab/tiny/resolve/main/{name}") for name in files]
        self.net.run(5)
        self.assertEqual([each.status for each in asked], [200] * 8)
        self.net.run(limits.ORIGIN_STALL_SECONDS)
        self.assertTrue(all(each.transport.disconnecting for each in asked))

    def test_led(self) -> None:
        """It may lead to another host, as large files are elsewhere."""
        path = f"/lab/tiny/resolve/{COMMIT}/model.safetensors"
        self.hub.answers[path] = lambda: Response(code=302, Location="https://cdn.example/x?y=1")
        self.hub.answers["https://cdn.example/x?y=1"] = lambda: Response(pieces_of(WEIGHTS))
        self.assertEqual(self.get("model.safetensors").body, WEIGHTS)


class HostileOriginTests(OriginTestCase):
    """An origin that does what it can."""

    def refused(self, answer: Callable[[], Any], name: str = "model.safetensors") -> None:
        """A file is not given, nor is anything left of it; the next try finds what is right."""
        path = f"/lab/tiny/resolve/{COMMIT}/{name}"
        right, self.hub.answers[path] = self.hub.answers[path], answer
        got = self.get(name)
        is_cut = got.transport.disconnecting and len(got.body) < len(FILES[name])
        self.assertTrue(got.status >= 400 or is_cut)
        shared = self.net.folder / f"s1/lab/tiny@{COMMIT[:12]}"
        self.assertFalse(shared.exists() and any(each.is_file() for each in shared.iterdir()))
        self.hub.answers[path] = right
        self.assertEqual(self.get(name).body, FILES[name])

    def test_other_bytes(self) -> None:
        """Bytes that are not those of its digest."""
        self.refused(lambda: Response(pieces_of(WEIGHTS[:-1] + b"!")))

    def test_not_completed(self) -> None:
        """What was begun with other bytes is not completed with right ones: all is given anew."""
        self.test_other_bytes()
        for asked in ("bytes=5000000-", "bytes=-10"):
            got = self.one.ask("/hf/lab/tiny/resolve/main/model.safetensors", Range=asked)
            self.assertEqual(got.status, 200)
            # To say where they differ would take minutes.
            self.assertTrue(got.body == WEIGHTS)
        got = self.one.ask("/hf/lab/tiny/resolve/main/config.json", Range="bytes=1-3")
        self.assertEqual((got.status, got.body), (206, FILES["config.json"][1:4]))

    def test_other_bytes_of_small(self) -> None:
        """Likewise where the digest is that of git."""
        self.refused(lambda: Response([b'{"layers": 3}']), "config.json")

    def test_other_length(self) -> None:
        """A length that is not the one it told before."""
        self.refused(lambda: Response([], length=len(WEIGHTS) + 1, ends=False))

    def test_too_short(self) -> None:
        """An end before all has come."""
        self.refused(lambda: Response(pieces_of(WEIGHTS)[:-1], length=len(WEIGHTS)))
        self.net.run(1)

    def test_too_long(self) -> None:
        """More than it told, without an end."""
        more = [*pieces_of(WEIGHTS), b"more"]
        self.refused(lambda: Response(more, length=-1, ends=False))

    def test_stall(self) -> None:
        """Nothing more after a while; or nothing at all."""
        path = f"/lab/tiny/resolve/{COMMIT}/model.safetensors"
        silent: Deferred[Any] = Deferred()
        for answer in (
            silent,
            Response(pieces_of(WEIGHTS)[:2], length=len(WEIGHTS), ends=False),
        ):
            self.hub.answers[path] = lambda answer=answer: answer  # type: ignore[misc]
            asked = self.one.begin("/hf/lab/tiny/resolve/main/model.safetensors")
            self.net.run(limits.ORIGIN_STALL_SECONDS + 5)
            self.assertGreaterEqual(asked.status, 400)

    def test_astray(self) -> None:
        """Addresses that it must not lead to, and a circle of them."""
        for to in (
            "http://hub.example/x",
            "http://127.0.0.1:9100/hf",
            "https://127.0.0.1/x",
            "https://169.254.169.254/latest",
            "https://[::1]/x",
            "https://localhost/x",
            "file:///etc/passwd",
            "https://\u00e9.example/",
            "",
        ):
            before = len(self.hub.asked)
            self.refused(lambda to=to: Response(code=302, Location=to))  # type: ignore[misc]
            asked = self.hub.asked[before:]
            self.assertFalse([each for each in asked if to and each.endswith(to)], to)
            self.net.run(5)
            shutil.rmtree(self.net.folder / "s1/lab")
            self.net.run(10)

    def test_circle(self) -> None:
        """It leads back to where it was."""
        path = f"/lab/tiny/resolve/{COMMIT}/model.safetensors"
        self.refused(lambda: Response(code=301, Location=ORIGIN + path))
        self.assertLess(len(self.hub.asked), 20)

    def test_lists(self) -> None:
        """Lists that cannot be, or are too long."""
        path = "/api/models/lab/tiny/revision/main?blobs=true"
        sibling = {"rfilename": "a", "size": 1, "blobId": "0" * 40}
        many = [{**sibling, "rfilename": f"{each}"} for each in range(limits.ORIGIN_FILES + 1)]
        for body in (
            b"",
            b"[]",
            b"<html>",
            b"[" * 100_000,
            b'"' + b"x" * (limits.ORIGIN_LIST_BYTES + 1) + b'"',
            info(sha="../../etc"),
            info(siblings=[{**sibling, "rfilename": "a\\..\\b"}]),
            info(siblings=[{**sibling, "rfilename": "/etc/passwd"}]),
            info(siblings=[{**sibling, "size": -1}]),
            info(siblings=[{**sibling, "size": 2**62}]),
            info(siblings=[{**sibling, "blobId": "x"}]),
            info(siblings=many),
        ):
            self.hub.answers[path] = lambda body=body: Response(pieces_of(body))  # type: ignore[misc]
            got = self.one.ask("/hf/api/models/lab/tiny/revision/main")
            self.assertGreaterEqual(got.status, 400, body[:100])

    def test_hidden(self) -> None:
        """Hidden files are left out, and whatever leads elsewhere."""
        path = "/api/models/lab/tiny/revision/main?blobs=true"
        files = {**FILES, ".gitattributes": b"x", "../../etc/passwd": b"x", "a/../b": b"x"}
        self.hub.answers[path] = lambda: Response([info(files)])
        got = json.loads(self.one.ask("/hf/api/models/lab/tiny/revision/main").body)
        self.assertEqual([each["rfilename"] for each in got["siblings"]], sorted(FILES))

    def test_false_lists_of_peers(self) -> None:
        """What another peer shares as the list of a model, and is none, is passed over."""
        name = f"lab/tiny@{COMMIT[:12]}.json"
        self.net.start("s4", {name: b"{}", f"lab/tiny@{'f' * 12}.json": b"\xff" * 100})
        self.net.run(10)
        self.assertEqual(self.get("config.json").body, FILES["config.json"])
