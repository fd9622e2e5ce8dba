"""A peer's place in the network: its port, its registration and its links."""

from collections.abc import Callable
from random import Random
from typing import Any, Final, Literal

from twisted.internet import defer
from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.internet.interfaces import IListeningPort
from twisted.internet.task import LoopingCall, deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from p2p_twisted.overlay.book import Book
from p2p_twisted.overlay.driver import Events, OverlayDriver
from p2p_twisted.peer.inbound import InboundDispatcher
from p2p_twisted.peer.interface import PeerError
from p2p_twisted.peer.registration import RegistrationKeeper
from p2p_twisted.peer.search import Search
from p2p_twisted.peer.settings import Settings
from p2p_twisted.peer.state import StateDirectory, address_from_json, address_to_json
from p2p_twisted.registry.client import RegistryClient
from p2p_twisted.runtime.background import background
from p2p_twisted.runtime.reactor import Reactor
from p2p_twisted.runtime.startup import open_files_limit
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.runtime.twistd import listen
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.listener import Bounds, Listener
from p2p_twisted.wire.messages import PROTOCOL, Bye, Hello, Hit, Join, Push, Want
from p2p_twisted.wire.names import FileId, PeerAddress
from p2p_twisted.wire.session import Session

_BOOK: Final = "book"
_BOOK_SAVED_SECONDS: Final = 60.0
_GOODBYE_SECONDS: Final = 1.0
_SECRET_BYTES: Final = 32
_JOIN_SECONDS: Final = 10.0
_LINK_SECONDS: Final = 3.0
_PAUSE_SECONDS: Final = 0.05

TakePush = Callable[[Connection, Push], Session]


class NetworkSession:
    """
    What makes a peer part of a network.

    It is also the network that downloads see.

    :param announce: is told what a person should know.
    :ivar node: our part of the overlay; ``None`` until we have joined.
    """

    log = Logger()
    node: OverlayDriver | None = None

    def __init__(
        self,
        reactor: Reactor,
        rng: Random,
        settings: Settings,
        state: StateDirectory,
        offload: Offload,
        announce: Callable[[str], None],
    ) -> None:
        self._reactor = reactor
        self._rng = rng
        self._settings = settings
        self._state = state
        self._offload = offload
        self._port: IListeningPort | None = None
        greeting = Hello(PROTOCOL, "peer", settings.name, settings.network)
        bounds = Bounds().within(open_files_limit())
        self._listener = Listener(reactor, greeting, self._accept, bounds)
        self._take_push: TakePush
        client = RegistryClient(reactor, *settings.registry, settings.network)
        join = Join(settings.name, advertise=settings.advertise)
        self._registration = RegistrationKeeper(
            reactor, rng, client, state, join, self._introduce, self._is_alone, announce
        )
        self._book: Book | None = None
        self._saving = LoopingCall(self._save_book)
        self._saving.clock = reactor

    @property
    def is_registered(self) -> bool:
        """Whether the registry knew us when it was last asked."""
        return self._registration.is_registered

    async def join(self, events: Events, take_push: TakePush) -> OverlayDriver:
        """
        Become part of the network.

        :param events: what the overlay tells.
        :param take_push: makes the session of an accepted connection that is a push.
        :returns: our part of the overlay, which then seeks links by itself.
        :raises RegistryRefused: when the registry will not have us.
        """
        self._take_push = take_push
        me, referrals = await self._registration.begin(self._listen)
        self._book = self._load_book()
        self.node = OverlayDriver(
            self._reactor, self._rng, me, self._settings.network, self._book, events
        )
        self.node.introduce(referrals)
        background(self.log, "keeping the registration", self._registration.keep())
        background(self.log, "saving the book", self._saving.start(_BOOK_SAVED_SECONDS, now=False))
        return self.node

    @property
    def neighbors(self) -> tuple[PeerAddress, ...]:
        """The peers that we are linked with, sorted."""
        return () if self.node is None else self.node.neighbors

    def address(self) -> PeerAddress:
        """Tell where this peer listens, once it has joined."""
        assert self.node is not None
        return self.node.me

    async def search(self) -> Search:
        """
        Make what asks the network; while we are joining it and have no link yet, in a moment.

        :raises PeerError: when that takes long.
        """
        if not await self._comes_true(lambda: self.node is not None, _JOIN_SECONDS):
            host, port = self._settings.registry
            raise PeerError(f"not in a network yet: no registry answers at {host}:{port}")
        node = self.node
        assert node is not None
        await self._comes_true(lambda: not node.is_linking, _LINK_SECONDS)
        return Search(node)

    def send_want(self, want: Want) -> bool:
        """Send a request to the first peer of its route; tell whether that is a neighbor."""
        return self.node is not None and self.node.send(want)

    def find(self, file: FileId, again: bool = False) -> "Deferred[tuple[Hit, ...]]":
        """Ask who has some content."""
        return Deferred.fromCoroutine(self._find(file, again))

    def neighbor_gone(self, address: PeerAddress, has_died: bool) -> None:
        """Tell the registry of a death; ask it for others if nobody is left."""
        if has_died:
            background(self.log, "reporting a death", self._registration.report(address))
        if self._is_alone():
            self._registration.hurry()

    async def leave(self, why: Literal["leaving", "stopping"]) -> None:
        """Say goodbye to neighbors and registry, for a second at most, and close the port."""
        goodbyes: list[Deferred[Any]] = [Deferred.fromCoroutine(self._registration.end())]
        if self._saving.running:
            self._saving.stop()
            goodbyes.append(self._save_book())
        if self._port is not None:
            closed: Deferred[Any] = maybeDeferred(self._port.stopListening)
            goodbyes.append(closed)
        if self.node is not None:
            goodbyes.append(self.node.leave(Bye(why)))
        self._listener.close_all()
        await DeferredList([self._in_time(goodbye) for goodbye in goodbyes])

    async def _comes_true(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait for a condition, but not for ever; tell whether it holds."""
        waited = 0.0
        while not condition() and waited < seconds:
            await deferLater(self._reactor, _PAUSE_SECONDS)
            waited += _PAUSE_SECONDS
        return condition()

    async def _find(self, file: FileId, again: bool) -> tuple[Hit, ...]:
        search = await self.search()
        return (await search.find("id", file, again=again)).hits

    def _in_time(self, goodbye: "Deferred[Any]") -> "Deferred[Any]":
        def forgive(failure: Failure) -> None:
            if failure.check(defer.TimeoutError) is None:
                self.log.failure("while leaving", failure)

        return goodbye.addTimeout(_GOODBYE_SECONDS, self._reactor).addErrback(forgive)

    def _accept(self, connection: Connection) -> Session:
        # There is a node before the first connection: they begin in one turn of the reactor.
        assert self.node is not None
        return InboundDispatcher(connection, self.node, self._take_push)

    def _listen(self, port: int) -> None:
        self._port = listen(self._reactor, self._settings.interface, port, self._listener)

    def _introduce(self, referrals: tuple[PeerAddress, ...]) -> None:
        if self.node is not None:
            self.node.introduce(referrals)

    def _is_alone(self) -> bool:
        return not self.neighbors

    def _load_book(self) -> Book:
        saved = self._state.read(_BOOK)
        try:
            secret = bytes.fromhex(saved["secret"])
            reached, heard = list(saved["reached"]), list(saved["heard"])
            if len(secret) != _SECRET_BYTES:
                raise ValueError("not a secret of ours")
        except (KeyError, TypeError, ValueError):
            return Book(self._rng.randbytes(_SECRET_BYTES))
        book = Book(secret)
        for entries, note in ((reached, book.reached), (heard, book.heard)):
            for address in map(address_from_json, entries):
                if address is not None and address.name != self._settings.name:
                    note(address)
        return book

    def _save_book(self) -> "Deferred[None]":
        assert self._book is not None
        saved = {
            "secret": self._book.secret.hex(),
            "reached": [address_to_json(address) for address in self._book.addresses_reached],
            "heard": [address_to_json(address) for address in self._book.addresses_heard],
        }
        return self._offload(self._state.write, _BOOK, saved).addErrback(self._cannot_save)

    def _cannot_save(self, failure: Failure) -> None:
        failure.trap(OSError)
        self.log.warn("the book stays as it was: {error}", error=failure.value)
