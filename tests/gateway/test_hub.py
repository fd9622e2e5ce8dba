"""Models of the network, as clients of the Hugging Face Hub ask for them."""

import hashlib
import json
import os
from typing import Any
from urllib.parse import urlencode

from tests.gateway.asking import Asked, Gateway, GatewayTestCase

WEIGHTS = bytes(range(256)) * 45_000
MODEL = {
    "lab/tiny/config.json": b'{"layers": 2}',
    "lab/tiny/model.safetensors": WEIGHTS,
    "lab/tiny/tokenizer/vocab.txt": b"a\nb\n",
}
INFO = "/hf/api/models/lab/tiny/revision/main"


class HubTests(GatewayTestCase):
    """Two peers share a model, and a third one has a gateway."""

    def setUp(self) -> None:
        self.net = self.daemons()
        self.net.start("s1", MODEL)
        self.net.start("s2", MODEL)
        self.net.start("s3")
        self.net.run(20)
        self.gateway = Gateway(self.net, "s3")

    def json(self, path: str) -> Any:
        """Ask for JSON."""
        got = self.gateway.ask(path)
        self.assertEqual(got.status, 200, got.body)
        return json.loads(got.body)

    def commit(self) -> str:
        """Ask for the version that there is."""
        return str(self.json(INFO)["sha"])

    def file(self, path: str, method: str = "GET", revision: str | None = None) -> Asked:
        """Ask for a file of the model."""
        return self.gateway.ask(f"/hf/lab/tiny/resolve/{revision or self.commit()}/{path}", method)

    def test_info(self) -> None:
        """What a model is, by any of its addresses."""
        info = self.json(INFO)
        self.assertRegex(info["sha"], r"^[0-9a-f]{40}\Z")
        self.assertEqual(info["id"], "lab/tiny")
        paths = [each["rfilename"] for each in info["siblings"]]
        self.assertEqual(paths, ["config.json", "model.safetensors", "tokenizer/vocab.txt"])
        self.assertEqual([each["size"] for each in info["siblings"]], [13, len(WEIGHTS), 4])
        for path in ("/hf/api/models/lab/tiny", f"/hf/api/models/lab/tiny/revision/{info['sha']}"):
            self.assertEqual(self.json(path), info)

    def test_refs(self) -> None:
        """There is one branch."""
        [branch] = self.json("/hf/api/models/lab/tiny/refs")["branches"]
        self.assertEqual((branch["name"], branch["targetCommit"]), ("main", self.commit()))
        self.net.start("s4", {"gpt/config.json": b"{}"})
        self.net.run(20)
        self.assertEqual(len(self.json("/hf/api/models/gpt/refs")["branches"]), 1)

    def test_tree(self) -> None:
        """What is in it: all of it, or what is directly in a folder."""
        rows = self.json(
            f"/hf/api/models/lab/tiny/tree/{self.commit()}?recursive=true&expand=false"
        )
        self.assertEqual(
            {row["path"]: row["size"] for row in rows if row["type"] == "file"},
            {name.removeprefix("lab/tiny/"): len(content) for name, content in MODEL.items()},
        )
        folders = [row["path"] for row in rows if row["type"] == "directory"]
        self.assertEqual(folders, ["tokenizer"])
        rows = self.json("/hf/api/models/lab/tiny/tree/main")
        self.assertEqual(
            [(row["type"], row["path"]) for row in rows],
            [("file", "config.json"), ("file", "model.safetensors"), ("directory", "tokenizer")],
        )
        [row] = self.json("/hf/api/models/lab/tiny/tree/main/tokenizer")
        self.assertEqual(row["path"], "tokenizer/vocab.txt")

    def paths_info(self, *paths: str, expand: bool = False, **headers: str) -> Asked:
        """Ask for some files and folders, as ``get_paths_info`` does."""
        return self.gateway.ask(
            "/hf/api/models/lab/tiny/paths-info/main",
            "POST",
            urlencode([*(("paths", path) for path in paths), ("expand", expand)]).encode(),
            Content_Type="application/x-www-form-urlencoded",
            **headers,
        )

    def test_paths(self) -> None:
        """Some files and folders, by their names; those that are not there are left out."""
        got = self.paths_info("tokenizer", "no", "tokenizer/vocab.txt", "tokenizer")
        folder, file = json.loads(got.body)
        self.assertEqual((folder["type"], folder["path"]), ("directory", "tokenizer"))
        [same] = self.json("/hf/api/models/lab/tiny/tree/main/tokenizer")
        self.assertEqual(file, same)
        self.assertEqual(json.loads(self.paths_info("no").body), [])
        self.assertEqual(self.paths_info(*map(str, range(20_000))).status, 413)
        self.assertEqual(self.paths_info("tokenizer", Sec_Fetch_Site="cross-site").status, 403)

    def test_expanded(self) -> None:
        """When each was last written to is told where that is asked for."""
        for name in ("s1", "s2"):
            for path, date in (("config.json", 10**9), ("tokenizer/vocab.txt", 10**9 + 60)):
                os.utime(self.net.folder / name / "lab/tiny" / path, (date, date))
        self.net.run(20)
        rows = json.loads(self.paths_info("config.json", "tokenizer", expand=True).body)
        dates = [row["lastCommit"]["date"] for row in rows]
        self.assertEqual(dates, ["2001-09-09T01:46:40.000Z", "2001-09-09T01:47:40.000Z"])
        self.assertEqual(rows[0]["lastCommit"]["id"], self.commit())

    def test_may_read(self) -> None:
        """Everybody may read what there is."""
        self.assertEqual(self.json("/hf/api/models/lab/tiny/auth-check"), {})

    def test_file(self) -> None:
        """A file, with what clients need; it lands where the model's folder is to be."""
        head = self.file("tokenizer/vocab.txt", "HEAD")
        self.assertEqual((head.status, head.headers["content-length"]), (200, "4"))
        self.assertEqual(head.headers["x-repo-commit"], self.commit())
        got = self.file("tokenizer/vocab.txt")
        self.assertEqual((got.body, got.headers["etag"]), (b"a\nb\n", head.headers["etag"]))
        self.net.run(1)
        landed = self.net.folder / f"s3/Downloads/lab/tiny@{self.commit()[:12]}/tokenizer/vocab.txt"
        self.assertEqual(landed.read_bytes(), b"a\nb\n")

    def test_large(self) -> None:
        """A large file is named by its SHA-256, once that is known, also in later runs."""
        first = self.file("model.safetensors")
        self.assertEqual(first.body, WEIGHTS)
        self.net.run(5)
        digest = hashlib.sha256(WEIGHTS).hexdigest()
        self.assertEqual(self.file("model.safetensors", "HEAD").headers["etag"], f'"{digest}"')
        [row] = [row for row in self.json("/hf/api/models/lab/tiny/tree/main") if "lfs" in row]
        self.assertEqual((row["path"], row["lfs"]["oid"]), ("model.safetensors", digest))
        told = self.json(f"{INFO}?blobs=true")["siblings"]
        self.assertEqual([each["lfs"]["sha256"] for each in told if "lfs" in each], [digest])
        self.assertEqual([each.get("blobId") for each in told], [None, digest[:40], None])
        again = Gateway(self.net, "s3")
        self.assertEqual(again.hashes.known(first.headers["etag"][1:-1]), digest)
        self.assertNotIn("lfs", json.dumps(self.json(f"{INFO}")))

    def test_dead_peer(self) -> None:
        """When one of two holders is dead, the other one delivers; a known model is still one."""
        commit = self.commit()
        self.net.crash("s1")
        self.assertEqual(self.file("model.safetensors", revision=commit).body, WEIGHTS)
        self.net.crash("s2")
        self.net.run(60)
        self.assertEqual(self.commit(), commit)
        self.assertEqual(self.file("model.safetensors").body, WEIGHTS)

    def test_copies(self) -> None:
        """A complete copy of a downloader is the model, too; one that lacks anything never is."""
        self.net.start("s4", reshares=True)
        self.net.start("s5")
        self.net.run(10)
        s4, last = Gateway(self.net, "s4"), max(MODEL)
        self.gateway = s4
        commit = self.commit()
        for name in MODEL:
            if name != last:
                self.assertEqual(self.file(name.removeprefix("lab/tiny/")).body, MODEL[name])
        self.net.run(20)
        self.gateway = Gateway(self.net, "s5")
        self.assertEqual(self.commit(), commit)
        self.net.crash("s1")
        self.net.run(60)
        self.gateway = s4
        self.assertEqual(self.file(last.removeprefix("lab/tiny/")).body, MODEL[last])
        self.net.run(20)
        self.net.crash("s2")
        self.net.run(60)
        self.gateway = Gateway(self.net, "s5")
        self.assertEqual(self.commit(), commit)
        self.assertEqual(self.file("model.safetensors").body, WEIGHTS)

    def test_part_of_a_copy(self) -> None:
        """Where only a part of a copy is left, there is no such model."""
        self.net.start("s4", reshares=True)
        self.net.run(10)
        self.gateway = Gateway(self.net, "s4")
        self.file("config.json")
        self.net.run(20)
        for name in ("s1", "s2"):
            self.net.crash(name)
        self.net.run(60)
        got = Gateway(self.net, "s3").ask(INFO)
        self.assertEqual((got.status, got.headers["x-error-code"]), (404, "RepoNotFound"))

    def test_larger(self) -> None:
        """Of several versions it is the largest, as others may be on their way."""
        commit = self.commit()
        self.net.start("s4", {"lab/tiny/config.json": MODEL["lab/tiny/config.json"]})
        self.net.start("s5", {"lab/tiny/config.json": MODEL["lab/tiny/config.json"]})
        self.net.start("s6", {"lab/tiny/config.json": MODEL["lab/tiny/config.json"]})
        self.net.run(20)
        self.assertEqual(self.commit(), commit)

    def test_data_set(self) -> None:
        """Data sets are in a folder of their own."""
        self.net.start("s4", {"datasets/lab/words/train.csv": b"a,b\n"})
        self.net.run(20)
        self.assertEqual(self.json("/hf/api/datasets/lab/words")["id"], "lab/words")
        got = self.gateway.ask("/hf/datasets/lab/words/resolve/main/train.csv")
        self.assertEqual(got.body, b"a,b\n")

    def test_not_there(self) -> None:
        """What there is not is said in the words of the Hub."""
        for path, code in (
            ("/hf/api/models/lab/huge", "RepoNotFound"),
            ("/hf/lab/huge/resolve/main/config.json", "RepoNotFound"),
            (f"/hf/api/models/lab/tiny/revision/{'0' * 40}", "RevisionNotFound"),
            ("/hf/api/models/lab/tiny/revision/v2", "RevisionNotFound"),
            ("/hf/api/models/lab/tiny/revision/refs%2Fpr%2F1", "RevisionNotFound"),
            ("/hf/lab/tiny/resolve/dev%2fnew/config.json", "RevisionNotFound"),
            ("/hf/api/models/lab/tiny/tree/refs%2Fpr%2F1?recursive=true", "RevisionNotFound"),
            ("/hf/lab/tiny/resolve/main/no.json", "EntryNotFound"),
            ("/hf/lab/tiny/resolve/main/tokenizer", "EntryNotFound"),
            ("/hf/api/models/lab/tiny/tree/main/no", "EntryNotFound"),
        ):
            got = self.gateway.ask(path)
            self.assertEqual((got.status, got.headers["x-error-code"]), (404, code), path)
        for path in ("/hf", "/hf/", "/hf/lab/../../etc"):
            self.assertIn(self.gateway.ask(path).status, (400, 404), path)

    def test_not_served(self) -> None:
        """What else the Hub does is refused with a sentence that its clients show."""
        for path, status, why in (
            ("/hf/api/whoami-v2", 404, "this is not served here"),
            ("/hf/api/models/lab/tiny/commits/main", 404, "this is not served here"),
            ("/hf/api/models?search=tiny", 404, "nothing is searched here"),
            ("/hf/api/datasets", 404, "nothing is searched here"),
            ("/hf/spaces/lab/tiny/resolve/main/app.py", 404, "there are no spaces here"),
            ("/hf/api/spaces/lab/tiny", 404, "there are no spaces here"),
        ):
            got = self.gateway.ask(path)
            self.assertEqual(got.status, status, path)
            self.assertIn(why, got.headers["x-error-message"])
            code = "RepoNotFound" if "spaces" in path else None
            self.assertEqual(got.headers.get("x-error-code"), code)
        for path in ("lab/tiny", "lab/tiny/preupload/main", "lab/tiny/commit/main"):
            got = self.gateway.ask(f"/hf/api/models/{path}", "POST")
            self.assertEqual((got.status, got.headers["allow"]), (405, "GET, HEAD"))
            self.assertIn("nothing is uploaded", got.headers["x-error-message"])
        self.assertEqual(self.gateway.ask("/s1/lab/tiny/config.json", "POST").status, 405)
        self.assertEqual(self.file("config.json").body, MODEL["lab/tiny/config.json"])
