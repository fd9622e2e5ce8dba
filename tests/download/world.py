"""A small network in one process: holders and requesters on simulated connections."""

import os
from collections.abc import Sequence
from itertools import count, groupby
from pathlib import Path
from random import Random
from typing import Any

import attrs
from twisted.internet.defer import Deferred, succeed

from p2p_twisted.bandwidth.limiter import Bandwidth
from p2p_twisted.download.context import (
    DownloadContext,
    DownloadDisk,
    DownloadPeers,
    LocalSources,
)
from p2p_twisted.download.downloads import Downloads
from p2p_twisted.download.fetching import HolderDialer
from p2p_twisted.download.progress import Progress
from p2p_twisted.download.relays import Relays
from p2p_twisted.download.tickets import Tickets
from p2p_twisted.runtime.gate import Gate
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.runtime.threads import Offload, inline
from p2p_twisted.storage.disk import Disk
from p2p_twisted.storage.inbox import Inbox
from p2p_twisted.storage.journal import Journal
from p2p_twisted.storage.partial import PartialRegister
from p2p_twisted.trust.tls import TlsSecurity
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.dial_limit import DialLimit
from p2p_twisted.wire.dialing import BoundDialer
from p2p_twisted.wire.messages import Hit, Refuse, Want
from p2p_twisted.wire.names import FileId, PeerAddress, PeerName
from p2p_twisted.wire.session import Session
from p2p_twisted.wire.source import Source
from tests.download.content import Content
from tests.download.holding import First, listen, make_uploads
from tests.download.wires import Given, Stranger, Wires
from tests.storage.standing import Standing
from tests.trust.private_network import PrivateNetwork


class Holder:
    """A peer that shares content in memory."""

    def __init__(self, world: "World", name: str, *contents: Content) -> None:
        self.name = name
        self.wires = world.wires
        self.contents = {content.file_id: content for content in contents}
        self.refused: list[str] = []
        self.are_to_fetch: list[bool] = []
        self.wants: list[Want] = []
        self.is_mute = False
        self.address = PeerAddress(name, "127.0.0.1", 9_100 + len(world.holders))
        self.unreached: list[Want] = []
        self.security = world.security_of(name)
        self.dialer = BoundDialer(world.wires, "", self.security)
        self.uploads = make_uploads(
            self.dialer, self.open_source, unreached=self.unreached.append, name=name
        )

    def listen(self) -> None:
        """Let requesters dial it."""
        listen(self.wires, self.address, self._accepted, self.security)

    def note(self, reason: str, gone: bool = False, fetch: bool = False) -> None:
        self.refused.append(reason)
        self.are_to_fetch.append(fetch)

    def open_source(self, file: FileId) -> Source | None:
        return self.contents.get(file)

    def hit(self, content: Content, name: str = "f1.txt", **changed: Any) -> Hit:
        hit = Hit(self.name, name, content.size, "file", content.file_id, route=(self.name,))
        return attrs.evolve(hit, **changed)

    def _accepted(self, connection: Connection) -> Session:
        return First(connection, None, self.uploads)


class World:
    """
    One requester, ``me``, and any holders.

    :param private: encrypts all connections, with certificates of this network.
    :ivar wants: every request that was sent.
    :ivar finds: how often everybody was asked for an id.
    :ivar neighbors: of the requester, which it can dial.
    :ivar others_relaying: further peers that relay, for all.
    :ivar here: what stands among the requester's own files.
    :ivar small: what of that is read two at a time.
    :ivar reads: of how many at a time that was asked.
    """

    def __init__(
        self,
        folder: Path,
        disk: Disk = os,
        wires: Any = None,
        offload: Offload = inline,
        *,
        private: PrivateNetwork | None = None,
        has_next_run: bool = True,
    ) -> None:
        self.writing = Standing()
        self._has_next_run = has_next_run
        self._private = private
        self.folder = folder
        self.wires = wires or Wires()
        self.holders: dict[str, Holder] = {}
        self.found: tuple[Hit, ...] = ()
        self.closed = False
        # For each search, whether there was one before.
        self.finds: list[bool] = []
        # Who has other content now, and for each question about that, whether there was one before.
        self.changed: set[str] = set()
        self.checks: list[bool] = []
        self.names_checked: list[str] = []
        self.here: dict[FileId, Source] = {}
        self.small: dict[FileId, bytes] = {}
        self.reads: list[int] = []
        self.wants: list[Want] = []
        self.neighbors: list[PeerAddress] = []
        self.clock_faults: dict[PeerName, str] = {}
        self.others_relaying: list[PeerAddress] = []
        self.shown: list[Progress] = []
        self._tickets = count()
        self.inbox = Inbox(str(folder / "Downloads"), disk)
        self.journal = Journal(OwnFolder(folder / "wants"), disk)
        self.bandwidth = Bandwidth(self.wires)
        self.offload = offload
        self.security = self.security_of("me")
        self.downloads = self.new_run()

    def security_of(self, name: str) -> TlsSecurity | None:
        """Return what encrypts the connections of a peer, in a private network."""
        return None if self._private is None else self._private.security(name, self.wires)

    def new_run(self, has_joined: bool = True) -> Downloads:
        """Begin again with what is on the disk, as after a crash."""
        self.partials, self.joined = PartialRegister(), Gate(is_open=has_joined)
        dialing = BoundDialer(self.wires, "", self.security)
        dialer = HolderDialer(dialing, "default", lambda host: host != "10.9.9.9", DialLimit())
        relays = Relays(network=self, dialer=dialer, rng=Random(1))
        asking = self.wires, self, self.new_ticket, self.bandwidth.down, dialer
        self.tickets = Tickets(*asking, relays=relays)
        context = DownloadContext(
            clock=self.wires,
            rng=Random(1),
            disk=DownloadDisk(self.inbox, self.journal, self.offload, self.writing),
            peers=DownloadPeers(self, self.tickets),
            bandwidth=self.bandwidth,
            local=LocalSources(self, self.partials),
            has_next_run=self._has_next_run,
            joined=self.joined,
        )
        self.downloads = Downloads(context)
        self.listen()
        return self.downloads

    def listen(self) -> None:
        """Let holders dial the requester."""
        listen(self.wires, self.address(), self._accepted, self.security)

    def cut(self, address: PeerAddress) -> None:
        """Let nobody dial a peer any more."""
        self.wires.listeners.pop((address.host, address.port), None)

    def holder(self, name: str, *contents: Content) -> Holder:
        self.holders[name] = holder = Holder(self, name, *contents)
        return holder

    def away(self, name: str, content: Content) -> Hit:
        """Name a holder that is not there any more."""
        hit = self.holder(name).hit(content)
        del self.holders[name]
        return hit

    def get(self, *hits: Hit, into: str = "") -> "Deferred[Progress]":
        done = self.downloads.get(hits, self.shown.append, into=into)
        self.wires.settle()
        return done

    def close(self) -> None:
        """End what is left of the run: what is forgotten in the middle may fail as it goes."""
        Deferred.fromCoroutine(self.downloads.stop())
        self.wires.settle()

    def stranger(self, to: PeerAddress | None = None, name: str = "stranger") -> Stranger:
        """
        Connect to somebody, by default to the requester.

        :param name: of the stranger's certificate, in a private network.
        """
        stranger, address = Stranger(), to or self.address()
        security = self.security_of(name)
        protocol: Any = security.wrap(stranger, is_dialer=True) if security else stranger
        self.wires.connectTCP(address.host, address.port, Given(protocol))
        self.wires.settle()
        return stranger

    def saved(self, name: str = "f1.txt") -> bytes:
        return (self.folder / "Downloads" / name).read_bytes()

    def left(self) -> list[str]:
        """Everything on the disk, sorted, without folders."""
        return sorted(
            str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file()
        )

    # The network, as downloads see it

    def new_ticket(self) -> str:
        return f"{next(self._tickets):032x}"

    def address(self) -> PeerAddress:
        return PeerAddress("me", "127.0.0.1", 9000)

    def clock_fault(self, holder: PeerName) -> str | None:
        return self.clock_faults.get(holder)

    def is_closed(self) -> bool:
        return self.closed

    def among(self, files: Sequence[FileId]) -> "Deferred[frozenset[FileId]]":
        return succeed(frozenset(files) & self.here.keys())

    def open(self, file: FileId) -> "Deferred[Source | None]":
        return succeed(self.here.get(file))

    def read_small(self, files: Sequence[FileId]) -> "Deferred[Sequence[bytes | None]]":
        self.reads.append(len(files))
        return succeed([self.small.get(file) for file in files[:2]])

    def reached(self) -> tuple[PeerAddress, ...]:
        return tuple(self.neighbors)

    def relays(self) -> "Deferred[tuple[PeerAddress, ...]]":
        return succeed(tuple(self.others_relaying))

    def send_want(self, want: Want) -> bool:
        self.wants.append(want)
        holder = self.holders.get(want.route[-1]) if want.route else None
        if holder is None:
            return False
        holder.wants.append(want)
        if not holder.is_mute:

            def refuse(reason: str, gone: bool = False, fetch: bool = False) -> None:
                holder.note(reason, gone, fetch)
                dial = holder.address if fetch else None
                self.tickets.refused(Refuse(want.ticket, reason, gone=gone, dial=dial))

            holder.uploads.serve(want, None, refuse)
        return True

    def send_refusal(self, refuse: Refuse) -> bool:
        self.holders[refuse.route[-1]].uploads.not_fetched(refuse.ticket)
        return True

    def find(self, file: FileId, again: bool = False) -> "Deferred[tuple[Hit, ...]]":
        self.finds.append(again)
        return succeed(self.found)

    def has_changed(self, hit: Hit, again: bool) -> "Deferred[bool]":
        self.checks.append(again)
        self.names_checked.append(hit.name)
        return succeed(hit.peer in self.changed)

    def _accepted(self, connection: Connection) -> Session:
        return First(connection, self.tickets)


def names(progress: Sequence[Progress]) -> list[str]:
    """List the states that were shown, each once in a row."""
    states = (type(each.state).__name__ for each in progress)
    return [state for state, _again in groupby(states)]
