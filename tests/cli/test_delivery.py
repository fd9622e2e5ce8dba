"""What is downloaded, or is here already, goes where it is wanted."""

import errno
import io
import os
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn, cast

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.cli.delivery import check_folder, deliver, to_stdout
from p2p_twisted.cli.peer_client import CommandFailed, PeerClient
from p2p_twisted.runtime.exit_status import Exit

PEER = cast(PeerClient, SimpleNamespace(name="s2"))
"""It is asked nothing: all is told by the end of a request."""


class HereTests(SynchronousTestCase):
    """Content that a peer has under another name."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        self.copy = self.folder / "mycopy.txt"
        self.copy.write_bytes(b"wanted")
        # Of that name is other content.
        (self.folder / "report.txt").write_bytes(b"other")

    def end(self, *here: Any) -> dict[str, Any]:
        return {"exit": 0, "downloads": [], "here": list(here), "failed": []}

    def here(self, path: Path) -> dict[str, Any]:
        return {"name": "report.txt", "path": str(path), "id": "f" * 64}

    def test_to_folder(self) -> None:
        """What lies where the peer says is copied; a second time it is there."""
        to = self.folder / "to"
        to.mkdir()
        for _ in range(2):
            lines = deliver(PEER, self.end(self.here(self.copy)), str(to))
            self.assertEqual(lines, [f"mycopy.txt saved to {to / 'mycopy.txt'}"])
            self.assertEqual([each.read_bytes() for each in to.iterdir()], [b"wanted"])

    def test_to_stdout(self) -> None:
        """The same is written out."""
        out = io.BytesIO()
        self.patch(sys, "stdout", io.TextIOWrapper(out))
        self.assertEqual(to_stdout(PEER, self.end(self.here(self.copy)), ""), [])
        self.assertEqual(out.getvalue(), b"wanted")

    def test_gone(self) -> None:
        """What was removed a moment ago is not replaced by what has its name."""
        for go in (deliver, to_stdout):
            gone = self.end(self.here(self.folder / "gone" / "report.txt"))
            failed = self.assertRaises(CommandFailed, go, PEER, gone, str(self.folder))
            self.assertEqual(failed.code, Exit.DISK)

    def test_unwritable(self) -> None:
        """Where nothing may be written, that is said before anything is downloaded, or after."""
        self.patch(os, "access", lambda path, mode: mode == os.R_OK)
        failed = self.assertRaises(CommandFailed, check_folder, str(self.folder))
        self.assertEqual(failed.code, Exit.DISK)
        self.assertIn("may not be written to: choose another one, as --to DIR", str(failed))
        refusal = OSError(errno.EACCES, "x", str(self.folder / ".p2p-1.part"))

        def refuse(**_how: Any) -> NoReturn:
            raise refusal

        self.patch(tempfile, "mkstemp", refuse)
        end = self.end(self.here(self.copy))
        failed = self.assertRaises(CommandFailed, deliver, PEER, end, "to")
        why = "permission denied; the peer keeps it"
        self.assertEqual(str(failed), f"cannot copy {self.copy} to to: {why}")

    def test_older_peer(self) -> None:
        """A peer that names it alone is not believed to mean the file of that name."""
        for go in (deliver, to_stdout):
            end = self.end("report.txt")
            failed = self.assertRaises(CommandFailed, go, PEER, end, str(self.folder))
            self.assertEqual(failed.code, Exit.CONFLICT)
            self.assertIn("s2 is of an older version, which does not tell where", str(failed))
