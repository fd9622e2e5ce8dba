"""The peer as one object: what it shares, what it fetches, and its place in the network."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Literal

import attrs
from twisted.internet import defer
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from p2p_twisted.bandwidth.rates import BadRate, Rates
from p2p_twisted.download.downloads import Downloads
from p2p_twisted.download.progress import Progress
from p2p_twisted.explain.explanation import Explanation
from p2p_twisted.explain.question_log import QuestionLog
from p2p_twisted.offers.offers import PeerOffers
from p2p_twisted.overlay.effects import HitsWatch
from p2p_twisted.peer.admin import Admin
from p2p_twisted.peer.explaining import explained
from p2p_twisted.peer.getting import Getting
from p2p_twisted.peer.interface import (
    Found,
    IPeer,
    Read,
    Selection,
    Status,
    Topology,
    Watch,
)
from p2p_twisted.peer.kept_rates import KeptRates
from p2p_twisted.peer.local_content import LocalContent
from p2p_twisted.peer.lookups import Lookups
from p2p_twisted.peer.network_session import NetworkSession
from p2p_twisted.peer.registration import RegistrationKeeper
from p2p_twisted.peer.renewal import CertificateRenewal
from p2p_twisted.peer.searches import Searches
from p2p_twisted.peer.settings import Settings
from p2p_twisted.peer.shared import SharedLibraries
from p2p_twisted.peer.sharing import Sharing
from p2p_twisted.peer.shutdown import Shutdown
from p2p_twisted.peer.sights import SightWatch
from p2p_twisted.peer.status import status_of
from p2p_twisted.peer_errors import PeerError, Unknown
from p2p_twisted.relay.relaying import Relaying
from p2p_twisted.runtime.background import background
from p2p_twisted.storage.state import StateDirectory
from p2p_twisted.upload.upload_progress import UploadProgress
from p2p_twisted.upload.uploads import Uploads
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import FileId, PeerAddress, PeerName

_GOODBYE_SECONDS: Final = 1.0


@implementer(IPeer)
@attrs.define(eq=False, kw_only=True)
class Peer:
    """
    One running peer; :class:`PeerBuilder` makes it.

    :ivar state: where it keeps what is its own.
    :ivar admin: what only an admin of a private network may ask for.
    :ivar offers: what is pushed to others, and what others push.
    """

    log = Logger()

    state: StateDirectory
    admin: Admin
    offers: PeerOffers
    _clock: IReactorTime
    _settings: Settings
    _shared: SharedLibraries
    _local: LocalContent
    _registration: RegistrationKeeper
    _network: NetworkSession
    _searches: Searches
    _lookups: Lookups
    _getting: Getting
    _downloads: Downloads
    _questions: QuestionLog
    _uploads: Uploads
    _relaying: Relaying
    _rates: KeptRates
    _shutdown: Shutdown
    _sharing: Sharing
    _renewal: CertificateRenewal | None
    _started: float = attrs.field(init=False)
    _has_left: bool = attrs.field(default=False, init=False)
    _leavers: list[Deferred[None]] = attrs.field(factory=list, init=False)

    def __attrs_post_init__(self) -> None:
        self._started = self._clock.seconds()

    # Its life

    def open(self) -> None:
        """
        Begin to share; no other peer knows of it yet.

        :raises StateInUse: when another peer runs on the directory.
        :raises OSError: when the directory cannot be used.
        """
        self.state.open()
        self._rates.recall()
        self.offers.recall()
        self._local.start()
        self._downloads.start()
        self._getting.start()

    async def join(self) -> PeerAddress:
        """
        Become part of the network, and go on with unfinished downloads.

        :raises RegistryRefused: when the registry refuses this peer for good.
        """
        me = await self._registration.begin()
        self._downloads.join()
        self.offers.start()
        return me

    def settled(self) -> "Deferred[None]":
        """Fire once everything that was there at the start can be found by others."""
        return Deferred.fromCoroutine(self._shared.settled())

    # For the faces: see IPeer

    def find(self, text: str, part: HitsWatch | None = None) -> "Deferred[Found]":
        """Search all peers by name, this one too."""
        return Deferred.fromCoroutine(self._lookups.find(text, part))

    def get(
        self,
        wanted: "str | Hit",
        watch: Watch,
        holder: PeerName | None = None,
        is_file: bool = False,
    ) -> "Deferred[Progress]":
        """Download a file or folder."""
        return Deferred.fromCoroutine(self._getting.get(wanted, watch, holder, is_file))

    def select(
        self,
        words: Sequence[str | Hit],
        holder: PeerName | None = None,
        watch: Watch | None = None,
    ) -> "Deferred[Selection]":
        """Find what several names, patterns and hits mean."""
        return Deferred.fromCoroutine(self._getting.select(words, holder, watch))

    def get_selected(self, selection: Selection, watch: Watch) -> "Deferred[tuple[Progress, ...]]":
        """Download what was selected."""
        return Deferred.fromCoroutine(self._getting.get_selected(selection, watch))

    def watch_earlier(self, watch: Watch) -> None:
        """Watch the downloads that earlier runs have left, from when they go on."""
        self._downloads.earlier.watch(watch)

    def topology(self) -> "Deferred[Topology]":
        """Collect the peers and links of the whole network."""
        return Deferred.fromCoroutine(self._searches.topology())

    def listing(self, holder: PeerName | None = None) -> "Deferred[Found]":
        """List what this peer, or another one, shares."""
        return Deferred.fromCoroutine(self._lookups.listing(holder or self._settings.name))

    def below(self, folder: str) -> Iterable[str]:
        """List what this peer shares directly in a folder."""
        return self._lookups.below(folder)

    def share(self, name: str, read: Read, size: int | None = None) -> "Deferred[str]":
        """Write a file into what this peer shares."""
        return Deferred.fromCoroutine(self._sharing.share(name, read, size))

    def unshare(self, name: str) -> "Deferred[str]":
        """Stop to share a file or folder of this peer."""
        return Deferred.fromCoroutine(self._sharing.unshare(name))

    def transfers(self) -> tuple[Progress, ...]:
        """List the downloads of this run, oldest first."""
        return self._downloads.all()

    def uploads(self) -> tuple[tuple[str, UploadProgress], ...]:
        """List what is being sent to others, by its names here."""
        return tuple((self._name_of(each.file_id), each) for each in self._uploads.all())

    def cancel(self, number: int) -> Progress:
        """Give up a download."""
        try:
            return self._downloads.cancel(number)
        except KeyError:
            raise Unknown(f"there is no running download {number}") from None

    def pause(self, number: int | None = None) -> tuple[Progress, ...]:
        """Pause a download, or all."""
        paused = self._downloads.pause(number)
        if number is not None and not paused:
            raise Unknown(f"there is no running download {number}")
        return paused

    def resume(self, number: int | None = None) -> tuple[Progress, ...]:
        """Go on with a download that is paused or waits for space, or with all."""
        resumed = self._downloads.resume(number)
        if number is not None and not resumed:
            raise Unknown(f"there is no paused download {number}")
        return resumed

    def limit(self, rates: Rates) -> None:
        """Limit what is sent and received, running transfers included."""
        try:
            self._rates.limit(rates)
        except BadRate as error:
            raise PeerError(str(error)) from None

    def explain(self, what: str | None = None) -> Explanation:
        """Say what limits a download, or how a question was answered."""
        return explained(what, self._downloads.facts(), self._questions)

    def watch_sights(self, watch: SightWatch) -> Callable[[], None]:
        """Tell what this peer sees of its network, from now on."""
        return self._network.sights.watch(watch)

    def status(self) -> Status:
        """Describe this peer."""
        return status_of(
            self._settings,
            shared=self._shared,
            network=self._network,
            registration=self._registration,
            bandwidth=self._rates.bandwidth,
            relaying=self._relaying,
            uptime=self._clock.seconds() - self._started,
            certificate=self._renewal.status() if self._renewal else None,
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

    def check_may_stop(self) -> None:
        """Check that this peer may stop the network that it is in."""
        self._shutdown.check()

    def stop_network(self) -> "Deferred[None]":
        """Stop every peer of the network, this one last."""
        return Deferred.fromCoroutine(self._stop_network())

    # How it works

    def _name_of(self, file_id: FileId) -> str:
        """Name some content as this peer has it; content that is gone by now by its id."""
        running = (each.name for each in self._downloads.all() if each.file_id == file_id)
        return self._shared.name_of(file_id) or next(running, file_id)

    async def _stop_network(self) -> None:
        await self._shutdown.stop_others()
        await self.leave()

    async def _leave(self) -> None:
        try:
            await self.offers.stop()
            await self._getting.stop()
            await self._downloads.stop()
            await self._uploads.stop()
            await self._relaying.stop()
            await self._sharing.stop()
            await self._say_goodbye()
            self._lookups.stop()
            await self._local.stop()
        finally:
            self.state.close()
            self._has_left = True
            for waiting in self._leavers:
                waiting.callback(None)

    async def _say_goodbye(self) -> None:
        """Leave registry and overlay; each may take a second at most."""

        def forgive(failure: Failure) -> None:
            if failure.check(defer.TimeoutError) is None:
                self.log.failure("while leaving", failure)

        ended = Deferred.fromCoroutine(self._registration.end())
        why: Literal["leaving", "stopping"] = "stopping" if self._shutdown.has_begun else "leaving"
        goodbyes = [ended, *self._network.leave(why)]
        for goodbye in goodbyes:
            goodbye.addTimeout(_GOODBYE_SECONDS, self._clock).addErrback(forgive)
        await DeferredList(goodbyes)
