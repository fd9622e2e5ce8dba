"""The real sessions that the transcripts of docs/protocol.md are replayed against."""

import re
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Self

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from p2p_twisted.bandwidth.limiter import Limiter
from p2p_twisted.overlay.book import Book
from p2p_twisted.overlay.driver import OverlayDriver
from p2p_twisted.overlay.driver_events import Compared
from p2p_twisted.overlay.effects import LocalAnswer
from p2p_twisted.peer.inbound import InboundDispatcher
from p2p_twisted.registry import limits
from p2p_twisted.registry.session import RegistrySession
from p2p_twisted.relay.relaying import Relaying
from p2p_twisted.wire.chunks import content_id
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.limits import MIB
from p2p_twisted.wire.listener import Listener
from p2p_twisted.wire.messages import (
    PROTOCOL,
    Ask,
    File,
    Gossip,
    Hello,
    Hit,
    PeerRecord,
    Refuse,
    Want,
)
from p2p_twisted.wire.names import PeerAddress
from tests.download.holding import make_uploads
from tests.download.world import World
from tests.registry.running import make_registry
from tests.wire.talking import Pipe

ME = PeerAddress("s1", "127.0.0.1", 9000)
CONTENT = b"hello\n"
FILE = content_id(CONTENT)
HIT = Hit("s2", "hello.txt", len(CONTENT), file=FILE, route=("s2",))
RAW = re.compile(r"\((\d+) raw bytes: ([0-9a-f]+)\)")


class QuietPeer:
    """What the node of s1 asks of its peer."""

    def know(self, ask: Ask) -> "Deferred[LocalAnswer]":
        mine = Hit("s1", "f1.txt", len(CONTENT), file=FILE)
        if ask.what == "topo":
            return succeed(LocalAnswer(peers=(PeerRecord("s1", ("s2",)),)))
        is_here = ask.what == "name" and ask.text in ("f1", "f1.txt")
        return succeed(LocalAnswer(hits=(mine,) if is_here else ()))

    def neighbor_up(self, address: PeerAddress, link: Connection, offers: bool) -> None: ...

    def neighbor_down(self, address: PeerAddress, has_died: bool) -> None: ...

    def delivered(self, gossip: Gossip, link: Connection | None, is_passed_on: bool) -> None: ...

    def routed(self, message: Want | Refuse, link: Connection) -> None: ...

    def file_arrives(self, link: Connection, file: File) -> None: ...

    def compared(self, link: Connection, message: Compared) -> None: ...


class Stage:
    """
    A registry and the peer s1, which wants hello.txt; whoever types is s2.

    Use it in a ``with`` statement.
    """

    def __init__(self, folder: Path) -> None:
        self.world = World(folder)
        clock = self.world.wires
        registry = make_registry(clock)
        registry.start()
        node = OverlayDriver(
            clock, Random(1), me=ME, network="default", book=Book(b"secret"), events=QuietPeer()
        )
        uploads = make_uploads(clock, lambda _file_id: None)
        relaying = Relaying(
            clock,
            rate=lambda: MIB,
            is_neighbor=lambda _name, _host: False,
            new_token=lambda: "",
            up=Limiter(clock),
        )
        self._listeners = {
            limits.REGISTRY_PORT: Listener(
                clock,
                Hello(PROTOCOL, "registry", "registry", "default"),
                lambda connection: RegistrySession(connection, registry),
            ),
            ME.port: Listener(
                clock,
                Hello(PROTOCOL, "peer", "s1", "default"),
                lambda connection: InboundDispatcher(
                    connection,
                    driver=node,
                    take_push=self.world.tickets.session_for_push,
                    take_fetch=uploads.fetched,
                    relaying=relaying,
                ),
            ),
        }
        self.world.holder("s2").is_mute = True
        self.world.downloads.get([HIT], lambda progress: None)
        (want,) = self.world.wants
        self.known = {"ticket": want.ticket}
        self.connection: Connection
        self.pipe: Pipe

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.world.close()

    def dial(self, port: int) -> None:
        """Open a connection, as nc does."""
        connection = self._listeners[port].buildProtocol(IPv4Address("TCP", "127.0.0.1", 40_000))
        assert isinstance(connection, Connection)
        self.connection, self.pipe = connection, Pipe("127.0.0.1")
        connection.makeConnection(self.pipe)

    def type(self, text: str) -> None:
        """Send a line, or raw bytes where it says so."""
        if raw := RAW.fullmatch(text):
            sent = bytes.fromhex(raw[2])
            assert len(sent) == int(raw[1])
        else:
            sent = re.sub(r"<(\w+)>", lambda name: self.known[name[1]], text).encode() + b"\n"
        self.connection.dataReceived(sent)

    def hang_up(self) -> None:
        """Let the connection end."""
        self.connection.connectionLost(Failure(ConnectionDone()))

    def heard(self) -> list[str]:
        """Take the lines that came."""
        return self.pipe.taken().decode().splitlines()

    def matches(self, expected: str, line: str) -> bool:
        """Compare a line with the transcript's, and learn what its placeholders stand for."""
        pattern = re.sub(r"<(\w+)>", r"(?P<\1>[0-9a-f]+)", re.escape(expected))
        found = re.fullmatch(pattern, line)
        if found is not None:
            self.known |= found.groupdict()
        return found is not None


def replay(transcript: str, stage: Stage, fail: Callable[[str], None]) -> None:
    """Type what a transcript types, and compare what comes back."""
    waiting: list[str] = []
    for line in transcript.splitlines():
        mark, _, text = line.partition(" ")
        if mark == "$":
            stage.dial(int(text.split()[-1]))
        elif mark == ">":
            if waiting:
                fail(f"{line}: not shown: {waiting}")
            stage.type(text)
        elif mark == "<":
            if not waiting or not stage.matches(text, waiting.pop(0)):
                fail(f"{line}: not what came")
        elif line == "(closed)":
            if waiting or not stage.pipe.is_ended:
                fail(f"{line}: not yet: {waiting}")
            stage.hang_up()
        else:
            fail(f"{line}: not understood")
        if mark in "$>":
            waiting = stage.heard()
    if waiting:
        fail(f"not shown: {waiting}")
