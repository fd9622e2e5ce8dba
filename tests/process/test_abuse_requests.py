"""A peer is no weapon: forged requests make it send no byte to whoever did not ask."""

import json
import time
from typing import Any, ClassVar

from tests.process.abused import AimedCase
from tests.process.daemons import wait_until
from tests.process.stranger import (
    CHUNK,
    Line,
    Neighbor,
    a_ticket,
    become_neighbor,
    id_of,
)

_PATIENCE = 50.0
"""Within the minute in which no more are dialed."""

_CONTENT = bytes(range(256)) * (5 * CHUNK // 256)
_HOSTS = [
    "127.1",
    "127.0.1",
    "0",
    "0x7f.1",
    "0x7f000001",
    "2130706433",
    "017700000001",
    "0177.0.0.1",
    "127.0.0.01",
    " 127.0.0.1",
    "127.0.0.1 ",
    "127.0.0.1\0",
    "127.0.0.1%lo",
    "\uff11\uff12\uff17.0.0.1",
    "localhost",
    "localhost.",
    "example.org",
    "0.0.0.0",
    "0.0.0.1",
    "255.255.255.255",
    "224.0.0.1",
    "169.254.169.254",
    "240.0.0.1",
    "::",
    "[::1]",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "0:0:0:0:0:0:0:1",
    "::1%lo",
    "fe80::1",
    "ff02::1",
    "",
    "unix:/tmp/x",
    "file:///etc/passwd",
    "127.0.0.1:9000",
    "x" * 300,
]
_PORTS: list[Any] = [0, 1, 22, 25, 80, 443, 1023, 65_536, -1, "9000", 9000.5, True, None]


class RequestTests(AimedCase):
    """s1 has something; others send it forged requests for that."""

    files: ClassVar = {"s1": {"large.bin": _CONTENT}}

    def want(self, line: Line, neighbor: str, listening: int, **forged: Any) -> None:
        """Ask for the file."""
        request = {
            "ticket": a_ticket(),
            "file": id_of(_CONTENT),
            "name": "victim",
            "host": "127.0.0.1",
            "port": listening,
            "via": ["victim", neighbor],
        }
        line.say("WANT", **(request | forged))

    def test_silent_victim(self) -> None:
        """A host that says nothing gets no byte, and is dialed twelve times a minute at most."""
        victim = self.listen()
        with Neighbor(self.port, "evil") as evil:
            for number in range(300):
                self.want(evil.line, "evil", victim.port, name=f"v{number}")
            wait_until(lambda: len(self.reasons(evil)) == 288, "what is refused", _PATIENCE)
            wait_until(lambda: victim.calls >= 12, "dials", _PATIENCE)
            time.sleep(1.0)
        self.assertEqual((victim.calls, victim.received), (12, b""))

    def test_talkative_victims(self) -> None:
        """Nor does anything that is not the peer that is said to want it."""
        greetings = [
            b"220 mail.example.org ESMTP\r\n",
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            b"+PONG\r\n",
            b'HELLO {"protocol":1,"role":"registry","name":"victim","network":"default"}\r\n',
            b'HELLO {"protocol":1,"role":"peer","name":"other","network":"default"}\r\n',
            b'HELLO {"protocol":1,"role":"peer","name":"victim","network":"other"}\r\n',
            b'HELLO {"protocol":99,"role":"peer","name":"victim","network":"default"}\r\n',
            b"HELLO {}\r\n",
            b"\xff" * 100_000,
        ]
        received: list[bytes] = []
        with Neighbor(self.port, "evil") as evil:
            for greeting in greetings:

                def greet(line: Line, greeting: bytes = greeting) -> None:
                    line.write(greeting)
                    try:
                        received.append(line.socket.recv(1 << 16))
                    except ConnectionError:
                        received.append(b"")

                victim = self.listen(greet)
                self.want(evil.line, "evil", victim.port)
                wait_until(lambda victim=victim: victim.calls, "a dial")
            self.want(evil.line, "evil", self.network.registry_port)
            self.want(evil.line, "evil", self.port)
            self.want(evil.line, "evil", self.network.port("s2"))
            wait_until(lambda: len(received) == len(greetings), "their ends")
        self.assertEqual(set(received), {b""})

    def test_odd_addresses(self) -> None:
        """Whatever is not plainly an address, or a port that needs no privilege, ends the link."""
        for number, place in enumerate(
            [{"host": host} for host in _HOSTS] + [{"port": port} for port in _PORTS]
        ):
            victim = self.listen()
            with become_neighbor(self.port, f"evil{number}") as line:
                self.want(line, f"evil{number}", victim.port, **place)
                self.assertEqual(line.hear_all()[-1][0], "ERROR", json.dumps(place))
            self.assertEqual(victim.calls, 0)

    def test_elsewhere(self) -> None:
        """A peer of loopback dials nowhere else."""
        with Neighbor(self.port, "evil") as evil:
            for host in ("192.0.2.1", "10.0.0.1", "2001:db8::1"):
                self.want(evil.line, "evil", 9_999, host=host)
            wait_until(lambda: len(self.reasons(evil)) == 3, "refusals")
        for reason in self.reasons(evil):
            self.assertIn("may not be dialed", reason)

    def test_forged_ways(self) -> None:
        """A request that lies about where it came from, or is to go, is dropped or refused."""
        victim = self.listen()
        with Neighbor(self.port, "evil") as evil:
            for via in ([], ["victim"], ["evil", "victim"], ["s2"]):
                self.want(evil.line, "evil", victim.port, via=via)
            self.want(evil.line, "evil", victim.port, route=["nobody"])
            self.want(evil.line, "evil", victim.port, route=["s1"])
            self.want(evil.line, "evil", victim.port, route=["evil"])
            evil.line.say("REFUSE", ticket=a_ticket(), reason="x", route=["s2"])
            self.network.type("s1", "TOPO", "3 peers")
            evil.line.say("REFUSE", ticket=a_ticket(), reason="\x1b[2J")
            wait_until(lambda: not evil.is_linked, "the end of the link")
        self.assertEqual(victim.calls, 0)

    def test_replayed(self) -> None:
        """One ticket is one dial."""
        victim, ticket = self.listen(), a_ticket()
        with Neighbor(self.port, "evil") as evil:
            for _ in range(20):
                self.want(evil.line, "evil", victim.port, ticket=ticket)
            wait_until(lambda: victim.calls, "a dial")
            self.network.type("s1", "TOPO", "3 peers")
        self.assertEqual(victim.calls, 1)

    def test_greedy_requesters(self) -> None:
        """Forty requesters that take a chunk and then nothing leave memory flat, and are cut."""
        lines: list[Line] = []

        def take_little(line: Line) -> None:
            line.say("HELLO", protocol=1, role="peer", name="victim", network="default")
            lines.append(line)
            line.hear("PUSH")
            for _ in range(64):
                line.say("SEND", chunks=[[0, 5]] * 4)
            while True:
                time.sleep(0.1)
                line.say("PONG", n=1)

        with Neighbor(self.port, "evil") as evil:
            for _ in range(40):
                self.want(evil.line, "evil", self.listen(take_little).port)
            wait_until(lambda: lines and "busy" in self.reasons(evil), "pushes, and a refusal")
            memory = self.network.memory()["s1"]
            time.sleep(1.0)
            self.assertLess(self.network.memory()["s1"] - memory, 8 << 20)
        for line in lines:
            line.close()

    def test_too_much_asked(self) -> None:
        """Who asks for chunks that there are not, or for too many at once, is refused."""
        said: list[str] = []
        requests: list[Any] = [
            [[0, 6]],
            [[5, 1]],
            [[1 << 20, 1]],
            [[0, 0]],
            [[-1, 1]],
            [],
            [[0]],
            [[0, 1]] * 65,
        ]
        for chunks in requests:

            def ask(line: Line, chunks: Any = chunks) -> None:
                line.say("HELLO", protocol=1, role="peer", name="victim", network="default")
                line.hear("PUSH")
                line.read(5 * 32)
                line.say("SEND", chunks=chunks)
                said.append(line.hear()[0])

            with Neighbor(self.port, "evil") as evil:
                count = len(said)
                self.want(evil.line, "evil", self.listen(ask).port)
                wait_until(lambda count=count: len(said) > count, f"an answer to {chunks}")
        self.assertEqual(said, ["ERROR"] * len(requests))

    def reasons(self, neighbor: Neighbor) -> list[str]:
        """Tell why a neighbor was refused what it wanted."""
        return [fields["reason"] for verb, fields in neighbor.heard if verb == "REFUSE"]
