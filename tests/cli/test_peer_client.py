"""Which running peer a command is for."""

import contextlib
import errno
import io
import json
import os
import socket
import tempfile
from pathlib import Path
from threading import Thread

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.api.socket_index import SocketPlace, make_socket_folder, running_peers
from p2p_twisted.cli import peer_client
from p2p_twisted.cli.peer_client import (
    CommandFailed,
    PeerClient,
    UnreadableFile,
    find_peer,
    find_registry,
)
from p2p_twisted.runtime.exit_status import Exit


class FindPeerTests(SynchronousTestCase):
    """Some peers of this user's run."""

    def setUp(self) -> None:
        self.patch(os, "environ", {})
        self.patch(peer_client, "make_socket_folder", lambda: Path())
        self.patch(PeerClient, "get", lambda _client, _path: {})

    def run_peers(self, *named: tuple[str, int]) -> None:
        """Let peers run, under these names and as these processes."""
        places = [SocketPlace(name, pid, Path(f"{name}.{pid}.sock")) for name, pid in named]
        self.patch(peer_client, "running_peers", lambda: iter(places))

    def refused(self, name: str | None = None) -> CommandFailed:
        """Ask for a peer in vain."""
        refused: CommandFailed = self.assertRaises(CommandFailed, find_peer, name)
        return refused

    def test_only_one(self) -> None:
        """The only one that runs need not be named."""
        self.run_peers(("s1", 11))
        self.assertEqual(find_peer(None).place.pid, 11)

    def test_named(self) -> None:
        """One of several is named: by the option or, without it, by a variable."""
        self.run_peers(("s1", 11), ("s2", 22))
        self.assertIn("s1, s2; say which, as in --peer s1", str(self.refused()))
        os.environ["P2P_PEER"] = "s2"
        self.assertEqual(find_peer(None).place.pid, 22)
        self.assertEqual(find_peer("s1").place.pid, 11)
        self.assertIn("no peer s3 runs; there is s1, s2", str(self.refused("s3")))

    def test_typed(self) -> None:
        """A command that is told for the same peer says which, if that had to be said."""
        self.run_peers(("s1", 11), ("s2", 22))
        self.assertEqual(find_peer("S2").typed("pushes 1"), "p2p pushes 1 --peer S2")
        os.environ["P2P_PEER"] = "s2"
        self.assertEqual(find_peer(None).typed("pushes 1"), "p2p pushes 1")

    def test_one_name(self) -> None:
        """Of several with one name, in different networks, the process is named."""
        self.run_peers(("s1", 11), ("s1", 22), ("22", 33))
        for asked in (None, "s1"):
            refused = self.refused(asked)
            self.assertEqual(refused.code, Exit.USAGE)
            self.assertIn("11 (s1), 22 (s1)", str(refused))
            self.assertIn("as in --peer 11", str(refused))
        self.assertEqual(find_peer("11").place.pid, 11)
        self.assertEqual(find_peer("22").place.pid, 33)

    def test_none(self) -> None:
        """Where none runs, how to start one is said."""
        self.run_peers()
        self.assertIn("p2p peer --name", str(self.refused()))

    def test_registries(self) -> None:
        """The only registry need not be named; of several, one is."""
        for names, network, found in (
            (["a"], "", "a"),
            (["a", "b"], "b", "b"),
            ([], "", "no registry of yours runs here"),
            (["a", "b"], "", "run: a, b; say which, as in --of-registry a"),
            (["a"], "c", "no registry of c runs; there is a"),
        ):
            places = [SocketPlace(name, 1, Path(name)) for name in names]
            self.patch(peer_client, "running_registries", lambda places=places: iter(places))
            if found in names:
                self.assertEqual(find_registry(network).name, found)
            else:
                refused = self.assertRaises(CommandFailed, find_registry, network)
                self.assertIn(found, str(refused))

    def test_registries_of_one_network(self) -> None:
        """Of several that share a store, the process is named."""
        places = [SocketPlace("default", pid, Path(str(pid))) for pid in (11, 22)]
        self.patch(peer_client, "running_registries", lambda: iter(places))
        for network in ("", "default"):
            refused = self.assertRaises(CommandFailed, find_registry, network)
            self.assertIn("11 (default), 22 (default); say which", str(refused))
            self.assertIn("as in --of-registry 11", str(refused))
        self.assertEqual(find_registry("22").place.pid, 22)


class StoppedTests(SynchronousTestCase):
    """A peer whose process is stopped, and another one."""

    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory(prefix="p2p-")
        self.addCleanup(scratch.cleanup)
        self.patch(os, "environ", {"XDG_RUNTIME_DIR": scratch.name})
        self.patch(peer_client, "_ALIVE_SECONDS", 0.05)
        self.folder = make_socket_folder()

    def stopped(self, name: str, pid: int, waiting: int) -> None:
        """Let a peer listen, and accept nothing; so many wait for it already."""
        sockets = [socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) for _ in range(waiting + 1)]
        for each in sockets:
            self.addCleanup(each.close)
            each.setblocking(False)
        path = str(self.folder / f"{name}.{pid}.sock")
        sockets[0].bind(path)
        sockets[0].listen(0)
        for each in sockets[1:]:
            with contextlib.suppress(BlockingIOError):
                each.connect(path)

    def test_stopped(self) -> None:
        """It is said so, and not waited for; it is not taken for one that is gone."""
        for waiting in (0, 5):
            self.stopped(f"s{waiting}", 10 + waiting, waiting)
        self.assertEqual([place.name for place in running_peers()], ["s0", "s5"])
        for name in ("s0", "s5"):
            refused = self.assertRaises(CommandFailed, find_peer, name)
            self.assertIn(f"{name} does not answer: is process", str(refused))

    def test_taken_folder(self) -> None:
        """Where somebody else has the folder of the sockets, that is said."""
        self.folder.chmod(0o755)
        refused = self.assertRaises(CommandFailed, find_peer, None)
        self.assertIn("is not a folder of this user alone", str(refused))


class EarlierTests(SynchronousTestCase):
    """A peer of an earlier version."""

    def test_no_such_path(self) -> None:
        """What it does not know, it cannot do: what to do is told."""
        scratch = tempfile.TemporaryDirectory(prefix="p2p-")
        self.addCleanup(scratch.cleanup)
        place = SocketPlace("s1", 1, Path(scratch.name, "s1.1.sock"))
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(place.path))
            listening.listen()
            answering = Thread(target=self.answer, args=(listening,))
            answering.start()
            failed = self.assertRaises(CommandFailed, PeerClient(place, 20.0).get, "/v1/offers")
            answering.join()
        self.assertEqual((failed.code, failed.fault), (Exit.USAGE, "no_such_path"))
        self.assertIn("s1 is of an earlier version and cannot do that", str(failed))

    @staticmethod
    def answer(listening: socket.socket) -> None:
        """Answer one request as a peer does that has no such path."""
        fault = {"code": "no_such_path", "message": "there is no /v1/offers", "exit": 2, "hits": []}
        body = json.dumps({"error": fault})
        connection, _ = listening.accept()
        with connection:
            connection.recv(65_536)
            head = f"HTTP/1.1 404 Not Found\r\nContent-Length: {len(body)}\r\n\r\n"
            connection.sendall((head + body).encode())


def unwatched(_sent: int) -> None:
    """Let nobody know how much has been sent."""


class UploadTests(SynchronousTestCase):
    """A file that is sent, and does not stay as it was."""

    def sent(self, content: bytes, size: int) -> bytes:
        """Send what is to have some size; return what goes out."""
        return b"".join(peer_client._exactly(io.BytesIO(content), size, unwatched))

    def test_sizes(self) -> None:
        """No more is sent than was announced, and less is no success."""
        self.assertEqual(self.sent(b"abc", 3), b"abc")
        self.assertEqual(self.sent(b"abc\r\n\r\nPOST /v1/stop HTTP/1.1", 3), b"abc")
        self.assertEqual(self.sent(b"x" * 200_000, 150_000), b"x" * 150_000)
        for content, size in ((b"ab", 3), (b"", 1), (b"abc", 0)):
            self.assertRaises(UnreadableFile, self.sent, content, size)

    def test_unreadable(self) -> None:
        """A disk that fails is not taken for a peer that gives no answer."""

        class Broken(io.BytesIO):
            def read(self, _most: int | None = -1) -> bytes:
                raise OSError(errno.EIO, "Input/output error")

        error = self.assertRaises(
            UnreadableFile, list, peer_client._exactly(Broken(), 3, unwatched)
        )
        self.assertEqual(error.code, Exit.DISK)
        self.assertIn("the disk may be failing", str(error))
