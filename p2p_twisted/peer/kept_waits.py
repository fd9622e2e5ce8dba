"""Keep what persons wait for, because its holder is still hashing it, over restarts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import attrs
import msgspec
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger

from p2p_twisted.runtime.background import background
from p2p_twisted.runtime.lock import Lock
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.storage.state import StateDirectory
from p2p_twisted.wire.names import PeerName

_FILE: Final = "waits"


@attrs.frozen
class Wait:
    """
    Something that was asked for, and has no id yet.

    :ivar word: a name or a pattern.
    :ivar name: what the download is called.
    :ivar holder: the only peer that counts.
    :ivar number: what the person calls the download by.
    """

    word: str
    name: str
    holder: PeerName | None
    number: int


Keep = Callable[[Wait], None]
"""Keeps something until the command that waits for it has ended."""


class KeptWaits:
    """
    Holds what is waited for; a download that has begun is in the journal instead.

    :param state: where it is kept.
    """

    log = Logger()

    def __init__(self, state: StateDirectory, offload: Offload) -> None:
        self._state = state
        self._offload = offload
        self._waits: list[Wait] = []
        self._writing = Lock()
        self._is_stopping = False

    def recall(self) -> tuple[Wait, ...]:
        """Read what the last run was waiting for; it is kept until it is waited for again."""
        saved = self._state.read(_FILE)
        try:
            self._waits = msgspec.convert(saved or [], list[Wait])
        except msgspec.ValidationError as error:
            self.log.warn("what was waited for is passed over: {error}", error=error)
        return tuple(self._waits)

    @contextmanager
    def command(self, *again: Wait) -> Iterator[Keep]:
        """
        Keep what a command waits for until it ends, or over the end of this peer.

        :param again: what it waits for from the beginning.
        """
        kept = list(again)

        def keep(wait: Wait) -> None:
            kept.append(wait)
            self._waits.append(wait)
            self._save()

        try:
            yield keep
        except CancelledError:
            raise
        except Exception:
            self._drop(kept)
            raise
        else:
            self._drop(kept)

    def stop(self) -> "Deferred[None]":
        """Leave what is kept as it is from now on; fires when nothing is being written."""
        self._is_stopping = True
        return self._writing.acquire().addCallback(lambda _nothing: self._writing.release())

    def _drop(self, ended: list[Wait]) -> None:
        if ended and not self._is_stopping:
            self._waits = [wait for wait in self._waits if wait not in ended]
            self._save()

    def _save(self) -> None:
        # Whoever waits to write will write this, too: there may be a thousand at once.
        if not (self._is_stopping or self._writing.is_awaited):
            background(self.log, "keeping what is waited for", self._write())

    async def _write(self) -> None:
        async with self._writing:
            saved = [attrs.asdict(wait) for wait in self._waits]
            try:
                await self._offload(self._state.write, _FILE, saved)
            except OSError as error:
                self.log.warn("a restart will lose what is waited for: {error}", error=error)
