"""Keep what is offered over restarts, with what this peer has decided about it."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final

import attrs
import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from p2p_twisted.offers.offer import BadOffer
from p2p_twisted.offers.offer_judge import offer_of
from p2p_twisted.runtime.alarm import Alarm
from p2p_twisted.runtime.background import background
from p2p_twisted.runtime.lock import Lock
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.storage.state import StateDirectory
from p2p_twisted.wire.messages import ReceiptState

_FILE: Final = "offers"
# Others may have it change all the time; what is lost by a crash, neighbors tell again.
_SOON_SECONDS: Final = 5.0
_SAVED_SECONDS: Final = 0.2


@attrs.frozen
class OfferRecord:
    """
    An offer as it is kept.

    :ivar text: as others have it.
    :ivar key: what withdraws it, of this peer's own.
    :ivar withdrawal: what has ended it.
    :ivar state: how far this peer is, where it is meant.
    :ivar is_taken: whether it is to be had.
    :ivar is_said: whether a person has decided that.
    :ivar is_late: whether this peer came after it was broadcast.
    """

    text: str
    source: str
    key: str | None = None
    withdrawal: str | None = None
    state: ReceiptState | None = None
    is_taken: bool = False
    is_said: bool = False
    is_late: bool = False


Records = Callable[[], Iterable[OfferRecord]]
"""Tells what is to be kept at the moment."""


class KeptOffers:
    """
    Writes down what is offered: what is this peer's own at once, and the rest soon.

    :param records: tells what is to be kept at the moment.
    :param announce: is told what a person should know.
    """

    log = Logger()

    def __init__(
        self,
        state: StateDirectory,
        offload: Offload,
        clock: IReactorTime,
        records: Records,
        announce: Callable[[str], None],
    ) -> None:
        self._state = state
        self._offload = offload
        self._records = records
        self._announce = announce
        self._laid_aside: list[OfferRecord] = []
        self._writing = Lock()
        self._alarm = Alarm(clock, self._write_soon)
        self._is_urgent = False
        self._is_stopped = False

    def recall(self) -> tuple[OfferRecord, ...]:
        """Read what earlier runs have kept."""
        try:
            return tuple(msgspec.convert(self._state.read(_FILE) or [], list[OfferRecord]))
        except msgspec.ValidationError as error:
            self.log.warn("what was offered is passed over: {error}", error=error)
            return ()

    def lay_aside(self, record: OfferRecord, now: float) -> None:
        """
        Keep for a later run what does not count in this one, such as an offer in another network.

        That is what is this peer's own, or meant for it: of the rest, neighbors tell again.

        :param now: in seconds since 1970.
        """
        if (record.key or record.state) and _end_of(record) > now:
            self._laid_aside.append(record)

    def tell_laid_aside(self) -> None:
        """Say which of this peer's own others do not hear of in this run."""
        own = [each for each in self._laid_aside if each.key and not each.withdrawal]
        for network, count in Counter(offer_of(each.text).network for each in own).items():
            pushes, them = ("a push", "it") if count == 1 else (f"{count} pushes", "them")
            text = (
                f"{pushes} of an earlier run in the network {network} cannot go on here: start this"
                f" peer there again to go on with {them}"
            )
            self.log.warn("{text}", text=text)
            self._announce(text)

    def changed(self, is_saved: bool = False) -> None:
        """
        Write it down soon.

        :param is_saved: whether something was saved, of which a person was told: a crash is not
            to have it fetched, and told, again.
        """
        is_sooner = is_saved and not self._is_urgent
        if not self._is_stopped and (is_sooner or not self._alarm.is_set):
            self._is_urgent = is_saved
            self._alarm.set(_SAVED_SECONDS if is_saved else _SOON_SECONDS)

    async def write(self) -> None:
        """
        Write it down now; returns once that is safe.

        :raises OSError: when it cannot be.
        """
        self._alarm.stop()
        self._is_urgent = False
        async with self._writing:
            records = (*self._records(), *self._laid_aside)
            rows = [attrs.asdict(record) for record in records]
            await self._offload(self._state.write, _FILE, rows)

    def stop(self) -> "Deferred[None]":
        """Write down what has changed, for the last time; fires when nothing is being written."""
        self._is_stopped = True
        return Deferred.fromCoroutine(self._finish())

    async def _finish(self) -> None:
        if self._alarm.is_set:
            await self._try_to_write()
        async with self._writing:
            pass

    def _write_soon(self) -> None:
        background(self.log, "keeping what is offered", self._try_to_write())

    async def _try_to_write(self) -> None:
        try:
            await self.write()
        except OSError as error:
            self.log.warn("a restart will lose what is offered: {error}", error=error)


def _end_of(record: OfferRecord) -> float:
    """Return when an offer ends, in seconds since 1970; 0 where a record has none."""
    try:
        return offer_of(record.text).until
    except BadOffer:
        return 0.0
