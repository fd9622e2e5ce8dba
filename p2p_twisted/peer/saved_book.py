"""The overlay's book of addresses, kept on disk."""

from random import Random
from typing import Final

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from p2p_twisted.overlay.book import Book
from p2p_twisted.runtime.background import background
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.storage.state import StateDirectory, address_from_json, address_to_json
from p2p_twisted.wire.names import PeerName

_FILE: Final = "book"
_SAVED_SECONDS: Final = 60.0
_SECRET_BYTES: Final = 32


def load_book(state: StateDirectory, me: PeerName, rng: Random) -> Book:
    """
    Read a peer's book, or make a new one where there is none.

    :param me: the peer's name; entries of that name are left out.
    :param rng: makes the secret of a new book.
    """
    saved = state.read(_FILE)
    try:
        secret = bytes.fromhex(saved["secret"])
        reached, heard = list(saved["reached"]), list(saved["heard"])
        if len(secret) != _SECRET_BYTES:
            raise ValueError("not a secret of ours")
    except (KeyError, TypeError, ValueError):
        return Book(rng.randbytes(_SECRET_BYTES))
    book = Book(secret)
    for entries, note in ((reached, book.confirmed), (heard, book.learned)):
        for address in map(address_from_json, entries):
            if address is not None and address.name != me:
                note(address)
    return book


class BookSaver:
    """Saves a book once a minute, and at the end."""

    log = Logger()

    def __init__(
        self, clock: IReactorTime, book: Book, state: StateDirectory, offload: Offload
    ) -> None:
        self._book = book
        self._state = state
        self._offload = offload
        self._saving = LoopingCall(self._save)
        self._saving.clock = clock
        background(self.log, "saving the book", self._saving.start(_SAVED_SECONDS, now=False))

    def stop(self) -> "Deferred[None]":
        """Save the book a last time, unless saving has failed; fires once that is done."""
        if not self._saving.running:
            return succeed(None)
        self._saving.stop()
        return self._save()

    def _save(self) -> "Deferred[None]":
        saved = {
            "secret": self._book.secret.hex(),
            "reached": [address_to_json(address) for address in self._book.addresses_confirmed],
            "heard": [address_to_json(address) for address in self._book.addresses_learned],
        }
        return self._offload(self._state.write, _FILE, saved).addErrback(self._cannot_save)

    def _cannot_save(self, failure: Failure) -> None:
        failure.trap(OSError)
        self.log.warn("the book stays as it was: {error}", error=failure.value)
