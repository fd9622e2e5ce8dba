"""The peer as one object: what it shares, what it fetches, and its place in the network."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final, Literal

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.logger import Logger
from zope.interface import implementer

from p2p_twisted.background import background
from p2p_twisted.library.cache import HashCache
from p2p_twisted.library.earlier import Earlier
from p2p_twisted.library.library import Library
from p2p_twisted.library.watching import WatcherMaker
from p2p_twisted.peer.answers import Answers
from p2p_twisted.peer.duties import STOP, Duties
from p2p_twisted.peer.getting import Getting
from p2p_twisted.peer.holdings import Holdings
from p2p_twisted.peer.interface import Found, IPeer, PeerError, Selection, Status, Topology, Watch
from p2p_twisted.peer.presence import Presence
from p2p_twisted.peer.reuse import Reuse
from p2p_twisted.peer.search import Search
from p2p_twisted.peer.selecting import Selecting
from p2p_twisted.peer.settings import Settings
from p2p_twisted.peer.state import STATE_DIRECTORY, StateDirectory
from p2p_twisted.threads import Offload
from p2p_twisted.transfer.downloads import Downloads
from p2p_twisted.transfer.inbox import Inbox
from p2p_twisted.transfer.pacing import Traffic
from p2p_twisted.transfer.progress import Progress, Upload
from p2p_twisted.transfer.pushes import Pushes
from p2p_twisted.transfer.rates import BadRate, Rates
from p2p_twisted.transfer.wants import Wants
from p2p_twisted.wire.messages import Ask, Gossip, Hit
from p2p_twisted.wire.names import FileId, MessageId, PeerAddress, PeerName, is_loopback

_STOP_LIFE_SECONDS: Final = 60.0
_STOP_GRACE_SECONDS: Final = 1.0


@implementer(IPeer)
class Peer:
    """
    One running peer.

    :param reactor: provides ``IReactorTCP`` and ``IReactorTime``.
    :param rng: decides, and makes secrets: production gives it the system's.
    :param offload: calls what blocks.
    :param watcher_for: makes what notices changes below a directory.
    :param announce: is told what a person should know.
    :param stopped: is called when another peer has stopped the network.
    :param wall: tells wall time in seconds, to which files' times of change compare.
    :ivar state: where it keeps what is its own.
    """

    log = Logger()

    def __init__(
        self,
        reactor: Any,
        rng: Random,
        settings: Settings,
        offload: Offload,
        watcher_for: Callable[[Path], WatcherMaker],
        announce: Callable[[str], None],
        stopped: Callable[[], None],
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._reactor = reactor
        self._rng = rng
        self._settings = settings
        self._offload = offload
        self._announce = announce
        self._stopped = stopped
        self.state = StateDirectory(settings.directory / STATE_DIRECTORY)

        def library(directory: Path, excluded: Path | None, cache: str) -> Library:
            watcher, remembered = watcher_for(directory), self.state.path / cache
            return Library(directory, excluded, remembered, reactor, offload, watcher, wall)

        self._library = library(settings.directory, settings.downloads, "library.db")
        self._reshared = (
            library(settings.downloads, None, "downloads.db") if settings.reshares else None
        )
        self._holdings = Holdings(*filter(None, (self._library, self._reshared)))
        remembered = HashCache(self.state.path / "downloads.db", wall)
        self._earlier = Earlier(settings.downloads, remembered)
        self._traffic = Traffic(reactor, settings.rates, settings.at_once)
        self._presence = Presence(reactor, rng, settings, self.state, offload, announce)
        self._downloads = Downloads(
            reactor,
            offload,
            Inbox(str(settings.downloads), keep=self._earlier.keep),
            Wants(str(self.state.path / "wants")),
            self._presence,
            self._new_id,
            self._traffic,
            rng,
            Reuse(self._holdings, self._earlier, offload),
        )
        partials = self._downloads.partials
        self._pushes = Pushes(
            reactor,
            settings.network,
            self._holdings.open,
            self._may_dial,
            self._traffic,
            partials,
            rng,
        )
        self._answers = Answers(
            settings.name, self._holdings.catalogs, partials, self._presence, reactor
        )
        self._started = reactor.seconds()
        self._why: Literal["leaving", "stopping"] = "leaving"
        self._has_left = False
        self._leavers: list[Deferred[None]] = []

    # Its life

    def open(self) -> None:
        """
        Begin to share; nobody knows yet.

        :raises StateInUse: when another peer runs on the directory.
        :raises OSError: when the directory cannot be used.
        """
        self.state.open()
        self._holdings.start()
        background(self.log, "opening what was downloaded", self._offload(self._earlier.start))

    async def join(self) -> PeerAddress:
        """
        Become part of the network, and go on with unfinished downloads.

        :raises RegistryRefused: when the registry will not have us.
        """
        duties = Duties(
            self._presence, self._answers, self._downloads, self._pushes, self._told_to_stop
        )
        node = await self._presence.join(duties, self._downloads.session_for_push)
        self._downloads.start()
        return node.me

    def settled(self) -> "Deferred[None]":
        """Fire once everything that was there at the start can be found by others."""
        return Deferred.fromCoroutine(self._holdings.settled())

    # For the faces: see IPeer

    def find(self, text: str) -> "Deferred[Found]":
        """Search all peers by name."""
        return Deferred.fromCoroutine(self._find(text))

    def get(
        self, wanted: "str | Hit", watch: Watch, holder: PeerName | None = None
    ) -> "Deferred[Progress]":
        """Download a file or folder."""
        return Deferred.fromCoroutine(self._get(wanted, watch, holder))

    def select(self, words: Sequence[str], holder: PeerName | None = None) -> "Deferred[Selection]":
        """Find what several names and patterns mean."""
        return Deferred.fromCoroutine(self._select(words, holder))

    def get_selected(self, selection: Selection, watch: Watch) -> "Deferred[tuple[Progress, ...]]":
        """Download what was selected."""
        return Deferred.fromCoroutine(self._get_selected(selection, watch))

    def topology(self) -> "Deferred[Topology]":
        """Collect the peers and links of the whole network."""
        return Deferred.fromCoroutine(self._topology())

    def listing(self, holder: PeerName | None = None) -> "Deferred[Found]":
        """List what this peer, or another one, shares."""
        return Deferred.fromCoroutine(self._listing(holder or self._settings.name))

    def transfers(self) -> tuple[Progress, ...]:
        """List the downloads of this run, oldest first."""
        return self._downloads.all()

    def uploads(self) -> tuple[tuple[str, Upload], ...]:
        """List what is being sent to others, by its names here."""
        return tuple((self._name_of(each.file), each) for each in self._pushes.all())

    def cancel(self, number: int) -> Progress:
        """Give up a download."""
        try:
            return self._downloads.cancel(number)
        except KeyError:
            raise PeerError(f"there is no running download {number}") from None

    def pause(self, number: int | None = None) -> tuple[Progress, ...]:
        """Let a download rest, or all."""
        paused = self._downloads.pause(number)
        if number is not None and not paused:
            raise PeerError(f"there is no running download {number}")
        return paused

    def resume(self, number: int | None = None) -> tuple[Progress, ...]:
        """Go on with a download that rests or waits for space, or with all."""
        resumed = self._downloads.resume(number)
        if number is not None and not resumed:
            raise PeerError(f"there is no paused download {number}")
        return resumed

    def limit(self, rates: Rates) -> None:
        """Limit what is sent and received, running transfers included."""
        try:
            self._traffic.limit(rates)
        except BadRate as error:
            raise PeerError(str(error)) from None

    def status(self) -> Status:
        """Tell how this peer is."""
        settings, shared = self._settings, self._library.summary()
        host, port = settings.registry
        return Status(
            name=settings.name,
            address=None if self._presence.node is None else self._presence.node.me,
            network=settings.network,
            neighbors=self._presence.neighbors,
            registry=f"{host}:{port}",
            registered=self._presence.is_registered,
            directory=str(settings.directory),
            downloads=str(settings.downloads),
            files=shared.files,
            size=shared.size,
            hashing=shared.hashing,
            unshared=shared.unshared,
            uptime=self._reactor.seconds() - self._started,
            rates=self._traffic.rates,
            reshared=None if self._reshared is None else self._reshared.summary().files,
        )

    def leave(self) -> "Deferred[None]":
        """Leave the network in order; called again, it waits for the same end."""
        waiting: Deferred[None] = Deferred()
        if self._has_left:
            waiting.callback(None)
            return waiting
        self._leavers.append(waiting)
        if len(self._leavers) == 1:
            background(self.log, "leaving", self._leave())
        return waiting

    def stop_network(self) -> "Deferred[None]":
        """Stop every peer of the network, this one last."""
        return Deferred.fromCoroutine(self._stop_network())

    # How it works

    async def _find(self, text: str) -> Found:
        found = await (await self._presence.search()).find("text", text)
        return self._with_own(found, Ask(self._new_id(), "text", text))

    async def _get(self, wanted: str | Hit, watch: Watch, holder: PeerName | None) -> Progress:
        return await self._getting(await self._presence.search()).get(wanted, watch, holder)

    async def _select(self, words: Sequence[str], holder: PeerName | None) -> Selection:
        search = await self._presence.search()
        selecting = Selecting(search, self._getting(search), self._library.catalog)
        return await selecting.select(words, holder)

    async def _get_selected(self, selection: Selection, watch: Watch) -> tuple[Progress, ...]:
        getting = self._getting(await self._presence.search())
        return await getting.get_selected(selection, watch)

    def _getting(self, search: Search) -> Getting:
        return Getting(search, self._library.catalog, self._downloads, self._offload)

    async def _topology(self) -> Topology:
        return await (await self._presence.search()).topology()

    async def _listing(self, holder: PeerName) -> Found:
        if holder == self._settings.name:
            return self._with_own(Found((), 0, 0, (), 0.0), Ask(self._new_id(), "ls", peer=holder))
        found = await (await self._presence.search()).find("ls", holder=holder)
        if not found.hits:
            topology = await self._topology()
            if holder not in [record.peer for record in topology.peers]:
                raise PeerError(f"there is no peer {holder}; TOPO shows who there is")
        return found

    def _with_own(self, found: Found, ask: Ask) -> Found:
        return attrs.evolve(found, hits=(*found.hits, *self._answers.know(ask).hits))

    def _name_of(self, file: FileId) -> str:
        """Name some content as this peer has it; what is gone by now is named by its id."""
        running = (each.name for each in self._downloads.all() if each.file == file)
        return self._holdings.name_of(file) or next(running, file)

    def _new_id(self) -> MessageId:
        return self._rng.randbytes(16).hex()

    def _may_dial(self, host: str) -> bool:
        """Let nobody send us from loopback to elsewhere, or from elsewhere to loopback."""
        return is_loopback(host) == is_loopback(self._presence.address().host)

    # Its end

    async def _stop_network(self) -> None:
        node = (await self._presence.search()).node
        if not is_loopback(node.me.host):
            raise PeerError(
                "nobody may stop the others on an open network beyond one machine;"
                " leave stops this peer"
            )
        gossip = Gossip(self._new_id(), STOP, node.me.name, 0.0, _STOP_LIFE_SECONDS, urgent=True)
        node.publish(gossip)
        await self._stop()
        await self.leave()

    def _told_to_stop(self, origin: PeerName, age: float) -> None:
        """Obey a stop, if it is for this run of this peer, on a network of one machine."""
        is_older = age > self._reactor.seconds() - self._started
        if is_older or not is_loopback(self._presence.address().host) or self._why == "stopping":
            return
        self._announce(f"{origin} has stopped the network")
        background(self.log, "stopping", self._stop_and_tell())

    async def _stop_and_tell(self) -> None:
        await self._stop()
        self._stopped()

    async def _stop(self) -> None:
        """Keep the links for a moment, so that the word gets through, but make none."""
        self._why = "stopping"
        if self._presence.node is not None:
            self._presence.node.stop()
        await deferLater(self._reactor, _STOP_GRACE_SECONDS, lambda: None)

    async def _leave(self) -> None:
        try:
            await self._downloads.stop()
            await self._pushes.stop()
            await self._presence.leave(self._why)
            await self._holdings.stop()
            await self._offload(self._earlier.stop)
        finally:
            self.state.close()
            self._has_left = True
            for waiting in self._leavers:
                waiting.callback(None)
