"""Whoever reaches a port of a real daemon may do what they like: only their connection suffers."""

import contextlib
import random
import time

import pytest
from twisted.trial.unittest import SynchronousTestCase

from tests.process.abused import AbusedCase, Network
from tests.process.daemons import wait_until
from tests.process.stranger import Said, become_neighbor, call, connections_left

_BODIES = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'"s9"',
    b"7",
    b"{}{}",
    b"{} x",
    b'{"name"}',
    b"{'name': 's9'}",
    b'{"name": null}',
    b'{"name": 7}',
    b'{"name": true, "port": true}',
    b'{"name": "s9", "port": true}',
    b'{"name": "s9", "port": "9000"}',
    b'{"name": "s9", "port": 9000.5}',
    b'{"name": "s9", "port": NaN}',
    b'{"name": "s9", "port": 1e999}',
    b'{"name": "s9", "port": -1}',
    b'{"name": "s9", "port": 80}',
    b'{"name": "s9", "port": 65536}',
    b'{"name": "s9", "port": 123456789012345678901234567890}',
    b'{"name": "../s9", "port": 9000}',
    b'{"name": "s9\\u0000", "port": 9000}',
    b'{"name": "\\ud800", "port": 9000}',
    b'{"name": "s9", "port": 9000, "why": "\\udc00"}',
    b'{"name": "\x1b[2J", "port": 9000}',
    b'{"name": "\xff\xfe", "port": 9000}',
    b"\xef\xbb\xbf{}",
    '{"name": "s9"}'.encode("utf-16"),
    b"[" * 8_000,
    b'{"a":' * 2_000,
    b'{"name": "s9", "port": 9000, "deep": ' + b"[" * 7_000 + b"]" * 7_000 + b"}",
]
_NEVER = [b"PING", b"LINK", b"PEERS", b"PUSH", b"GOSSIP", b"WANT", b"FILE", b"TOLD", b"WELCOME"]


class ConnectionTests(AbusedCase):
    """Both a registry's port and a peer's."""

    @property
    def ports(self) -> dict[str, int]:
        """The abused ports."""
        return {name: self.network.port(name) for name in ("registry", "s1")}

    def said_before_closing(self, port: int, abuse: bytes) -> list[Said]:
        """Say something to a port; returns what it answers beside its greeting."""
        with call(port) as line:
            line.write(abuse)
            return [said for said in line.hear_all() if said[0] != "HELLO"]

    def test_http(self) -> None:
        """A browser, or a scanner, gets no answer."""
        for port in self.ports.values():
            for request in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"POST /x HTTP/1.0\n\n{}"):
                self.assertEqual(self.said_before_closing(port, request), [])

    def test_malformed(self) -> None:
        """Each malformed line is answered by one clear error, and the end."""
        for port, verb in zip(self.ports.values(), (b"P2P", b"LINK"), strict=True):
            for body in _BODIES:
                answers = self.said_before_closing(port, verb + b" " + body + b"\r\n")
                self.assertEqual([said for said, _ in answers], ["ERROR"], body)
                self.assertTrue(answers[0][1]["reason"].isprintable())

    def test_out_of_place(self) -> None:
        """Whatever does not belong at the beginning is refused, wherever it is said."""
        for port in self.ports.values():
            for verb in _NEVER:
                with call(port) as line:
                    line.write(verb + b' {"n": 1}\n' * 3 + b"LEAVE {}\n")
                    self.assertEqual(line.hear_all()[-1][0], "ERROR")

    def test_unknown_verbs(self) -> None:
        """The third unknown verb is the last one, however many follow."""
        for port in self.ports.values():
            answers = self.said_before_closing(port, b"XYZ {}\n" * 100_000)
            self.assertEqual([said for said, _ in answers], ["ERROR"] * 3)

    def test_garbage(self) -> None:
        """Random bytes are cut off."""
        rng = random.Random(1)
        for port in self.ports.values():
            for _ in range(20):
                with call(port) as line:
                    line.write(rng.randbytes(50_000))
                    self.assertTrue(line.is_cut())

    def test_never_ending_line(self) -> None:
        """A line without an end is cut off long before it has taken memory."""
        for port in self.ports.values():
            with call(port) as line:
                for _ in range(64):
                    if not line.write(bytes([120]) * (1 << 20)):
                        break
                self.assertTrue(line.is_cut())

    def test_lines_of_neighbors(self) -> None:
        """A neighbor is not trusted more than others: its malformed lines end the link."""
        for number, body in enumerate(_BODIES[1:]):
            with become_neighbor(self.ports["s1"], f"evil{number}") as line:
                line.write(b"TOLD " + body + b"\n")
                self.assertEqual(line.hear_all()[-1][0], "ERROR")

    def test_probes(self) -> None:
        """Connections that come and go at once, in order or not, cost nothing."""
        for port in self.ports.values():
            for number in range(200):
                line = call(port)
                line.reset() if number % 2 else line.close()

    @pytest.mark.slow
    def test_pings_that_nobody_reads(self) -> None:
        """Whoever makes a daemon answer and does not read is cut off."""
        for port in self.ports.values():
            with call(port) as line:
                line.socket.settimeout(1.0)
                ping = b'PING {"n": 1}\n' * 10_000
                until = time.monotonic() + 4.0
                while time.monotonic() < until and line.write(ping):
                    pass
                line.socket.settimeout(8.0)
                self.assertTrue(line.is_cut())

    def test_slow_and_idle(self) -> None:
        """Very many silent connections, and some that say a byte a second, bother nobody."""
        # Each is a file of this process, too, which may have as few as 1,024 open.
        silent = min(1_000, connections_left() // len(self.ports) - 10)
        with contextlib.ExitStack() as closing:
            slow = [closing.enter_context(call(p)) for p in self.ports.values() for _ in range(10)]
            began = time.monotonic()
            for port in self.ports.values():
                for _ in range(silent):
                    closing.enter_context(call(port))
            self.network.exchange("s1", "s2")
            while time.monotonic() < began + 5.0:
                for line in slow:
                    line.write(b"P")
                time.sleep(1.0)
            for line in slow:
                self.assertTrue(line.is_cut())
            self.assertLess(time.monotonic() - began, 10.0)


@pytest.mark.slow
class FewFilesTests(SynchronousTestCase):
    """Daemons that may have only as many files open as some systems allow."""

    def test_idle(self) -> None:
        """Silent strangers do not take the files that others' business needs."""
        network = Network("s1", "s2", open_files=256)
        self.addCleanup(network.end)
        with contextlib.ExitStack() as closing:
            for name in ("registry", "s1"):
                for _ in range(400):
                    closing.enter_context(call(network.port(name)))
            network.exchange("s1", "s2")
            network.start("s2").wait_ready()
            wait_until(lambda: network.daemons["s1"].log.count("linked with s2@") == 2, "a link")
            network.exchange("s1", "s2")
        self.assertNotIn("EMFILE", network.daemons["s1"].log + network.daemons["registry"].log)
        self.assertEqual(network.complaints(), [])


@pytest.mark.slow
class HalfOpenTests(AbusedCase):
    """A neighbor whose process stands still, while its kernel goes on."""

    def test_silent_neighbor(self) -> None:
        """Nobody waits for it longer than 15 s, and its link is not counted any more."""
        with become_neighbor(self.network.port("s1"), "frozen") as line:
            self.network.type("s1", "TOPO", "frozen")
            wait_until(lambda: "frozen@127.0.0.1:1024 died" in self.network.daemons["s1"].log, "")
            self.assertTrue(line.is_cut())
        lines = self.network.type("s1", "TOPO", "2 peers, 1 link").splitlines()
        self.assertNotIn("frozen", lines[-2])
