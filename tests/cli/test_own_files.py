"""What of several files is shared, or is so no more, is told, and what is not."""

import argparse
import io
import json
import sys
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import unquote

from attrs import define, field
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.cli import own_files
from p2p_twisted.cli.peer_client import CommandFailed, PeerClient, UnreadableFile
from p2p_twisted.runtime.exit_status import Exit


@define
class Peer:
    """
    A peer that shares what is sent to it.

    :ivar refused: why it does not take some names.
    """

    refused: dict[str, CommandFailed]
    shared: list[str] = field(factory=list)

    def get(self, _path: str) -> Any:
        return {"directory": "/nowhere/s1"}

    def upload(self, path: str, _content: BinaryIO, _watch: object) -> Any:
        return self._take(path)

    def ask(self, _method: str, path: str, _body: object) -> Any:
        return {**self._take(path), "path": "/aside"}

    def _take(self, path: str) -> Any:
        name = unquote(path.removeprefix("/v1/shares/"))
        if name in self.refused:
            raise self.refused[name]
        self.shared.append(name)
        return {"name": name}


class OwnFilesTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.many = self.folder / "many"
        self.many.mkdir(parents=True)
        for number in range(30):
            (self.many / f"{number:02}").write_text("")
        self.one = self.folder / "one"
        self.one.write_text("")

    def told(self, peer: Peer, verb: Any, *words: str, is_json: bool = False) -> tuple[int, str]:
        """Return how a verb ends, and what it says on both outputs."""
        told = io.StringIO()
        self.patch(sys, "stdout", told)
        self.patch(sys, "stderr", told)
        options = argparse.Namespace(as_name=None, paths=words, names=words, json=is_json)
        return verb(cast(PeerClient, peer), options), told.getvalue()

    def share(self, peer: Peer, *paths: Path, is_json: bool = False) -> tuple[int, str]:
        return self.told(peer, own_files.share, *map(str, paths), is_json=is_json)

    def test_folder(self) -> None:
        """A folder is one line, however many files it has."""
        peer = Peer({})
        said = self.share(peer, self.many, self.one)
        self.assertEqual(said, (Exit.DONE, "shared many (30 files)\nshared one\n"))
        self.assertEqual(len(peer.shared), 31)

    def test_some(self) -> None:
        """What is there already does not keep the others from being shared."""
        peer = Peer({"many/07": CommandFailed(Exit.CONFLICT, "many/07 is there already")})
        text = "shared many (29 files)\nshared one\nmany/07 is there already\n"
        self.assertEqual(self.share(peer, self.many, self.one), (Exit.SOME_FAILED, text))
        code, text = self.share(peer, self.many, is_json=True)
        told = json.loads(text)
        self.assertEqual((code, len(told["shared"])), (Exit.SOME_FAILED, 29))
        self.assertEqual(told["failed"], [{"message": "many/07 is there already", "exit": 9}])

    def test_none(self) -> None:
        """Where nothing can be shared, that is the end; of many reasons a few are told."""
        peer = Peer(dict.fromkeys([f"many/{each:02}" for each in range(30)], _there()))
        failed = self.assertRaises(CommandFailed, self.share, peer, self.many)
        lines = str(failed).splitlines()
        self.assertEqual((failed.code, len(lines), lines[-1]), (Exit.CONFLICT, 11, "and 20 more"))

    def test_unreadable(self) -> None:
        """A file that cannot be read is named, and keeps no other from being shared."""
        peer = Peer({"many/01": UnreadableFile("Input/output error")})
        code, text = self.share(peer, self.many)
        self.assertEqual((code, len(peer.shared)), (Exit.SOME_FAILED, 29))
        self.assertIn(f"{self.many / '01'}: Input/output error", text)

    def test_end(self) -> None:
        """A peer that has no space is sent nothing more; what it has taken is told."""
        peer = Peer({"many/01": CommandFailed(Exit.DISK, "the disk is full")})
        said = self.share(peer, self.many, self.one)
        self.assertEqual(said, (Exit.SOME_FAILED, "shared many (1 file)\nthe disk is full\n"))
        self.assertEqual(peer.shared, ["many/00"])

    def test_checked_first(self) -> None:
        """Nothing is copied where something that is named is not there."""
        peer = Peer({})
        failed = self.assertRaises(
            CommandFailed, self.share, peer, self.one, self.folder / "nowhere"
        )
        self.assertIn("nowhere: there is no such file", str(failed))
        self.assertEqual((failed.code, peer.shared), (Exit.DISK, []))

    def test_ignored(self) -> None:
        """What an ignore file of a folder names is not copied, nor what would be hidden."""
        folder = self.folder / "course"
        for name in ("a.tex", "a.tmp", "keep.tmp", "build/x", "week/b.tmp", "week/b.tex", ".x/y"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text("x")
        (folder / ".p2pignore").write_text("*.tmp\n!keep.tmp\n/build/\n")
        (folder / "week" / ".p2pignore").write_text("!b.tmp\n*.tex\n")
        peer = Peer({})
        self.share(peer, folder)
        self.assertEqual(peer.shared, ["course/a.tex", "course/keep.tmp", "course/week/b.tmp"])
        (folder / "week" / ".p2pignore").write_text("#" * 70_000)
        failed = self.assertRaises(CommandFailed, self.share, peer, folder)
        # Where it lies may be cut, as tests may be far down.
        self.assertIn(": .p2pignore: it has more than 64 KiB", str(failed))
        self.assertEqual((failed.code, len(peer.shared)), (Exit.USAGE, 3))

    def test_unshare(self) -> None:
        """What is no more shared is told, though another name is not there."""
        peer = Peer({"nope": CommandFailed(Exit.NOT_FOUND, "there is no nope")})
        said = self.told(peer, own_files.unshare, "a", "nope", "b")
        text = "a is in /aside now\nb is in /aside now\nthere is no nope\n"
        self.assertEqual(said, (Exit.SOME_FAILED, text))
        self.assertRaises(CommandFailed, self.told, peer, own_files.unshare, "nope")


def _there() -> CommandFailed:
    return CommandFailed(Exit.CONFLICT, "it is there already")
