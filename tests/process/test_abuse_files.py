"""What stands in a shared directory cannot make a peer serve anything from elsewhere."""

import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.process.abused import AbusedCase
from tests.process.daemons import wait_until
from tests.process.stranger import (
    CHUNK,
    Line,
    Listener,
    Neighbor,
    a_ticket,
    id_of,
)

_SECRET = b"nobody may ever see this\n" * 400
_GOOD = b"everybody may see this\n\n\n\n" * 4_000
_LARGE = bytes(range(256)) * (6 * CHUNK // 256)


@pytest.mark.slow
class SharedFilesTests(AbusedCase):
    """The directory of s2 has what must not be served, and changes while it is."""

    files: ClassVar = {
        "s2": {
            "real/inner.txt": _GOOD,
            "swapped.txt": _GOOD,
            "folder/swapped-too.txt": _GOOD,
            "changed.bin": _LARGE,
            "removed.bin": _LARGE[::-1],
        },
        # Nobody runs here: it stands for the rest of the disk.
        "elsewhere": {"secret.txt": _SECRET, "swapped-too.txt": _SECRET},
    }

    def setUp(self) -> None:
        self.shared = self.network.folder / "s2"
        self.elsewhere = self.network.folder / "elsewhere"
        self.port = self.network.port("s2")
        super().setUp()

    def add(self, name: str, make: Callable[[Path], object]) -> None:
        """Put something into the shared directory, for this test."""
        path = self.shared / name
        make(path)
        self.addCleanup(path.unlink)

    def want(self, neighbor: Neighbor, file: str, listener: Listener) -> None:
        """Ask for content, as a neighbor that is called evil."""
        neighbor.line.say(
            "WANT",
            ticket=a_ticket(),
            file=file,
            name="evil",
            host="127.0.0.1",
            port=listener.port,
            via=["evil"],
        )

    def test_special_files(self) -> None:
        """Links, pipes, sockets and devices are neither listed nor opened, and block nothing."""
        self.add("a-link.txt", lambda path: path.symlink_to(self.elsewhere / "secret.txt"))
        self.add("a-folder-link", lambda path: path.symlink_to(self.elsewhere))
        self.add("a-loop", lambda path: path.symlink_to("."))
        self.add("a-dangling", lambda path: path.symlink_to("/nowhere/at/all"))
        self.add("a-pipe.txt", os.mkfifo)
        server = socket.socket(socket.AF_UNIX)
        self.addCleanup(server.close)
        self.add("a-socket.txt", lambda path: server.bind(str(path)))
        if os.geteuid() == 0:
            self.add("a-device.txt", lambda path: os.mknod(path, 0o20666, os.makedev(1, 5)))
        time.sleep(1.5)
        listed = self.network.type("s1", "ls s2", "real/inner.txt")
        self.assertNotIn("a-", listed)
        with Neighbor(self.port, "evil") as evil:
            self.want(evil, id_of(_SECRET), Listener())
            wait_until(lambda: "REFUSE" in [verb for verb, _ in evil.heard], "a refusal")

    def test_swapped(self) -> None:
        """A file, or its folder, that is swapped for a link all the time leads nowhere else."""
        swapping = threading.Event()
        received: list[bytes] = []

        def swap() -> None:
            while not swapping.is_set():
                for name in ("swapped.txt", "folder"):
                    path, aside = self.shared / name, self.shared / f".{name}"
                    target = self.elsewhere / "secret.txt" if "." in name else self.elsewhere
                    path.rename(aside)
                    path.symlink_to(target)
                    path.unlink()
                    aside.rename(path)

        def take(line: Line) -> None:
            line.say("HELLO", protocol=1, role="peer", name="evil", network="default")
            line.hear("PUSH")
            line.read(32)
            line.say("SEND", chunks=[[0, 1]])
            _, chunk = line.hear("CHUNK")
            received.append(line.read(chunk["length"]))

        thread = threading.Thread(target=swap)
        thread.start()
        listener = Listener(take)
        self.addCleanup(listener.close)
        with Neighbor(self.port, "evil") as evil:
            began = time.monotonic()
            while time.monotonic() < began + 1.5:
                self.want(evil, id_of(_GOOD), listener)
                self.want(evil, id_of(_SECRET), listener)
                time.sleep(0.02)
        swapping.set()
        thread.join()
        self.assertEqual(set(received), {_GOOD})
        wait_until(lambda: self.is_found("swapped.txt", _GOOD), "the file")
        self.assertEqual(self.network.get("s1", "swapped.txt"), _GOOD)

    def test_changed_while_served(self) -> None:
        """A file that is written to, cut or removed in the middle ends that transfer cleanly."""
        for name, change in (
            ("changed.bin", self.write_to),
            ("removed.bin", self.cut),
        ):
            content = (self.shared / name).read_bytes()
            ends: list[str] = []

            def take(line: Line, change: Any = change, ends: list[str] = ends) -> None:
                line.say("HELLO", protocol=1, role="peer", name="evil", network="default")
                line.hear("PUSH")
                line.read(32 * 6)
                line.say("SEND", chunks=[[0, 1]])
                line.hear("CHUNK")
                line.read(CHUNK)
                change()
                line.say("SEND", chunks=[[1, 5]])
                try:
                    ends.append(line.hear("REFUSE")[1]["reason"])
                except EOFError:
                    ends.append("closed")

            listener = Listener(take)
            self.addCleanup(listener.close)
            with Neighbor(self.port, "evil") as evil:
                self.want(evil, id_of(content), listener)
                wait_until(lambda ends=ends: ends, "the end")
            self.assertIn(ends[0], ("closed", "the file was changed"))
        changed = (self.shared / "changed.bin").read_bytes()
        self.untouched = self.network.others_files()
        wait_until(lambda: self.is_found("changed.bin", changed), "the new id")
        # So its holder was not blamed.
        self.assertEqual(self.network.get("s1", "changed.bin"), changed)

    def is_found(self, name: str, content: bytes) -> bool:
        """Tell whether s1 finds that content under that name."""
        return id_of(content)[:16] in self.network.type("s1", f"find {name}", "asked ")

    def write_to(self) -> None:
        """Write to a file that is being served."""
        with (self.shared / "changed.bin").open("r+b") as file:
            file.seek(3 * CHUNK)
            file.write(b"!")

    def cut(self) -> None:
        """Cut a file that is being served."""
        os.truncate(self.shared / "removed.bin", 2 * CHUNK)
