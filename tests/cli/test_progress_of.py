"""What ``p2p get`` shows on a terminal while it waits, which is what a console shows."""

import argparse
import contextlib
import fcntl
import io
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from typing import Any, cast

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.api import view_of
from p2p_twisted.cli.get_verb import get
from p2p_twisted.cli.peer_client import PeerClient
from p2p_twisted.cli.progress_of import progress_of
from p2p_twisted.download.progress import (
    Checking,
    Copying,
    Hashing,
    Paused,
    Progress,
    Queued,
    Receiving,
    Saving,
    Seeking,
)
from tests.console.fake_peer import address, running, saved
from tests.console.virtual_terminal import VirtualTerminal

MIB = 1_048_576
GIB = 1_024 * MIB
BIG = "a film with a long name.mkv"


def view(progress: Progress) -> Any:
    """Give a download's progress as a peer answers it."""
    return json.loads(view_of.download(progress).encoded())


class Terminal:
    """A terminal of so many columns, and what a person has seen on it."""

    def __init__(self, case: SynchronousTestCase, columns: int) -> None:
        self._keys, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        os.set_blocking(self._keys, False)
        case.addCleanup(os.close, self._keys)
        self.stream = os.fdopen(terminal, "w", encoding="utf-8")
        case.addCleanup(self.stream.close)
        self._screen = VirtualTerminal(columns)

    def lines(self) -> list[str]:
        """Look at it."""
        with contextlib.suppress(BlockingIOError):
            self._screen.write(os.read(self._keys, 65_536))
        return self._screen.lines


class Client:
    """A peer that tells of downloads, one line after the other."""

    name = "s1"

    def __init__(self, terminal: Terminal, *steps: Progress) -> None:
        self._terminal, self._steps = terminal, steps
        self.seen: list[list[str]] = []

    def lines(self, *_asked: Any) -> Iterator[Any]:
        for each in self._steps:
            yield {"error": None, "end": None, "download": view(each)}
            self.seen.append(self._terminal.lines())
        end = {"exit": 0, "downloads": [view(self._steps[-1])], "here": [], "failed": []}
        yield {"error": None, "end": end, "download": None}


class ShownProgressTests(SynchronousTestCase):
    """A download that ``p2p get`` waits for."""

    def setUp(self) -> None:
        self.patch(os, "environ", {**os.environ, "TERM": "xterm"})

    def shown(self, columns: int, *steps: Progress) -> list[list[str]]:
        """Get something; return what was on the terminal after each step, and at the end."""
        terminal = Terminal(self, columns)
        client = Client(terminal, *steps)
        self.patch(sys, "stderr", terminal.stream)
        options = argparse.Namespace(
            json=False, numbers=[], names=["a"], holder=None, detach=False, to=None, registry=None
        )
        with contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(get(cast(PeerClient, client), options), 0)
        return [*client.seen, terminal.lines()]

    def test_narrow(self) -> None:
        """However narrow the terminal is, one line is drawn again and again."""
        half = running(name=BIG, size=2 * GIB, received=GIB, state=Receiving(MIB, 45.0))
        more = running(name=BIG, size=2 * GIB, received=GIB, state=Receiving(MIB, 44.0))
        for columns, line in ((20, "50 %  0:4{} left"), (30, "50 %  1.0 MiB/s  0:4{} left")):
            shown = self.shown(columns, half, more, saved())
            self.assertEqual(shown, [[line.format(5)], [line.format(4)], [""], [""]])

    def test_hashing(self) -> None:
        """How far its holder is, with what is not hashed yet."""
        size = 2 * GIB
        hashing = running(name="f", size=size, received=0, state=Hashing("ben", 12))
        growing = running(name="f", size=size, received=0, state=Hashing("ben", 0, True))
        shown = self.shown(80, hashing, growing, saved())
        self.assertIn(" 12 %  2.0 GiB  ben is still hashing it", shown[0][0])
        self.assertIn("  0 %  2.0 GiB  ben is still writing to it", shown[1][0])

    def test_resting(self) -> None:
        """Nothing is shown of what does not go on by itself."""
        self.assertEqual(self.shown(80, running(state=Paused()), saved())[0], [""])

    def test_dumb(self) -> None:
        """Nothing is drawn on a terminal that supports only lines."""
        os.environ["TERM"] = "dumb"
        self.assertEqual(self.shown(80, running(), saved()), [[""], [""], [""]])

    def test_states(self) -> None:
        """Nothing that a console's line shows is lost on the way."""
        for state in (
            Seeking((address("s4"),)),
            Hashing("s4", 30),
            Queued(),
            Checking(),
            Copying(),
            running().state,
            Saving(),
        ):
            progress = running(state=state)
            self.assertEqual(progress_of(view(progress)), progress)

    def test_earlier_peer(self) -> None:
        """A peer of an earlier version does not tell how far a holder is."""
        told = view(running(state=Hashing("s4", 30)))
        del told["hashing"]
        self.assertEqual(progress_of(told).state, Seeking())

    def test_imports(self) -> None:
        """It needs no Twisted, which would take longer to import than most commands take."""
        what = "import sys, p2p_twisted.cli.progress_of; sys.exit('twisted' in sys.modules)"
        subprocess.run([sys.executable, "-c", what], check=True)
