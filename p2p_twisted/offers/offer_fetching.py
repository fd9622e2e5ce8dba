"""Fetch what was offered to this peer, and taken: an ordinary download, of what was promised."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from random import Random
from typing import Any, Final, Literal

from attrs import define, field, frozen
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger

from p2p_twisted.download.downloads import Downloads
from p2p_twisted.download.progress import (
    Blocked,
    Canceled,
    Failed,
    Incomplete,
    Paused,
    Progress,
    Receiving,
    Saved,
    Waiting,
)
from p2p_twisted.download.reporter import Watch
from p2p_twisted.offers.board import NOBODY_HAS_IT
from p2p_twisted.offers.crowded_files import CrowdedFiles
from p2p_twisted.offers.offer import Offer
from p2p_twisted.offers.offer_book import KeptOffer
from p2p_twisted.peer_errors import PeerError
from p2p_twisted.runtime.amounts import human_size
from p2p_twisted.runtime.background import background
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.runtime.os_errors import in_words
from p2p_twisted.wire.messages import Hit, ReceiptState
from p2p_twisted.wire.names import BadName, FileId

_HOP_SECONDS: Final = 0.25
_LARGER: Final = "it is larger than its offer says"

Find = Callable[[FileId], "Deferred[tuple[Hit, ...]]"]
"""Asks others who has some content."""


@frozen(kw_only=True)
class FetchingParts:
    """
    What it takes to fetch an offer.

    :ivar near: asks neighbors alone, for as long as they may take to answer.
    :ivar crowded: is told what is fetched by many.
    :ivar here: tells the name of content that this peer shares itself.
    :ivar space: tells how many bytes there are for downloads.
    """

    clock: IReactorTime
    rng: Random
    downloads: Downloads
    find: Find
    near: Find
    crowded: CrowdedFiles
    here: Callable[[FileId], str | None]
    space: Callable[[], "Deferred[int]"]


@define(eq=False)
class OfferFetching:
    """
    One offer, from when it is taken to its end.

    :param hops: how far its sender is.
    :param into: the folder below the downloads in which it lands; empty for these.
    :param room: how much of the disk it may take, in bytes, if there is a rule.
    :param is_recalled: whether an earlier run has begun it.
    :param waits: whether it waits for somebody who has it; otherwise it ends where nobody does.
    :param tell: is told how far it is, and why it does not go on.
    :param ended: is called when nothing more is done for it, unless it is stopped or given up.
    :ivar found_nobody: whether it has ended as nobody had it.
    """

    log = Logger()

    _parts: FetchingParts
    _kept: KeptOffer
    _hops: int = field(kw_only=True)
    _into: str = field(kw_only=True)
    _room: int | None = field(kw_only=True)
    _is_recalled: bool = field(kw_only=True)
    _waits: bool = field(kw_only=True)
    _tell: Callable[[ReceiptState, str], None] = field(kw_only=True)
    _ended: Callable[[], None] = field(kw_only=True)
    found_nobody: bool = field(default=False, init=False)
    _work: "Deferred[Any] | None" = field(default=None, init=False)
    _progress: Progress | None = field(default=None, init=False)
    # Whether it is fetched for this offer alone: otherwise a person has asked for it anyway.
    _is_begun: bool = field(default=False, init=False)

    @property
    def _offer(self) -> Offer:
        return self._kept.offer

    @property
    def number(self) -> int | None:
        """What its download is called by."""
        return None if self._progress is None else self._progress.number

    @property
    def received(self) -> int:
        """How many bytes have come."""
        return 0 if self._progress is None else self._progress.received

    @property
    def rate(self) -> float:
        """How many bytes come in a second, as long as it is watched."""
        state = None if self._work is None or self._progress is None else self._progress.state
        return state.rate if isinstance(state, Receiving) else 0.0

    @property
    def is_in_vain(self) -> bool:
        """Whether no peer has ever delivered any of it, for minutes."""
        is_waiting = self._progress is not None and isinstance(self._progress.state, Waiting)
        return is_waiting and not self.received

    def start(self) -> None:
        """Begin."""
        self._work = Deferred.fromCoroutine(self._run())
        background(self.log, f"fetching what {self._offer.sender} offers", self._work)

    def stop(self) -> None:
        """Watch it no longer; its download goes on, or does so in the next run."""
        work, self._work = self._work, None
        if work is not None:
            work.cancel()

    def give_up(self, why: str) -> None:
        """End it, and its download, unless a person has asked for that."""
        self.stop()
        if self.number is not None and self._is_begun:
            with suppress(KeyError):
                self._parts.downloads.cancel(self.number, why)

    async def _run(self) -> None:
        try:
            await self._fetch()
        except CancelledError:
            return
        except OSError as error:
            self._tell("failed", in_words(error))
        except (BadName, PeerError) as error:
            # Its folder may be too deep below that in which this peer has offers land.
            self._tell("failed", str(error))
        self._work = None
        self._ended()

    async def _fetch(self) -> None:
        parts, offer = self._parts, self._offer
        # Those who hear of it by others find it with these, and need not all ask the sender.
        spread = self._hops * _HOP_SECONDS
        await deferLater(parts.clock, spread * (0.5 + parts.rng.random()))
        if parts.here(offer.file_id) is not None:
            self._tell("saved", "")
            return
        ended: Deferred[None] = Deferred()

        def watch(progress: Progress) -> None:
            self._advance(progress)
            if progress.is_ended and not ended.called:
                ended.callback(None)

        # A person may have paused it, also before a restart; what it has of it takes no more space.
        # What an earlier run has begun may have been saved before this was its turn.
        is_running = await parts.downloads.watch(offer.file_id, watch, self._is_recalled)
        self._is_begun = self._is_recalled or not is_running
        if not is_running and offer.size > (free := await parts.space()):
            self._tell("no space", _lacking(offer.size, free))
            return
        with parts.crowded.fetching(offer.file_id, parts.clock.seconds()):
            if is_running or await self._begin(watch):
                await ended

    async def _begin(self, watch: Watch) -> bool:
        """Begin to download it, if somebody has it; return whether that is so."""
        offer = self._offer
        self._tell("fetching", "")
        if not (hits := await self._hits()):
            self.found_nobody = True
            self._tell("waiting", NOBODY_HAS_IT)
            return False
        bounds = {"most": offer.size, "room": self._room}
        done = self._parts.downloads.get(hits, watch, name=offer.name, into=self._into, **bounds)
        background(self.log, f"downloading what {offer.sender} offers", done)
        return True

    async def _hits(self) -> Sequence[Hit]:
        """Ask who has it; where it waits for somebody who does, the download asks again."""
        offer = self._offer
        kind: Literal["folder", "file"] = "folder" if offer.is_folder else "file"
        hits = _promised(offer, kind, await self._parts.find(offer.file_id))
        if not hits and self._kept.holders:
            # A neighbor that says so may be too busy to answer as soon as others do.
            hits = _promised(offer, kind, await self._parts.near(offer.file_id))
        if hits or not self._waits:
            return hits
        return [Hit(offer.sender, offer.name, offer.size, kind=kind, file=offer.file_id)]

    def _advance(self, progress: Progress) -> None:
        """See how the download stands; it is not to be more than was promised."""
        if self._work is None:
            return
        self._progress = progress
        if progress.size > self._offer.size:
            self._tell("failed", _LARGER)
            self.give_up(_LARGER)
            self._ended()
        else:
            self._tell(*_told(progress))


def _promised(offer: Offer, kind: str, found: Sequence[Hit]) -> Sequence[Hit]:
    """Leave out what is not as large as an offer says, or of another kind."""
    return [hit for hit in found if (hit.size, hit.kind) == (offer.size, kind)]


def _lacking(size: int, free: int) -> str:
    """Say how many bytes it would take, and how many there are."""
    needs, has = human_size(size), human_size(free)
    if needs == has:
        needs, has = f"{size:,} bytes", f"{free:,}"
    return f"needs {needs}, and has {has}"


def _told(progress: Progress) -> tuple[ReceiptState, str]:
    """Say in the words of receipts how a download stands."""
    match progress.state:
        case Saved():
            return "saved", ""
        case Blocked(reason):
            return "no space", reason
        case Failed(reason, exit=Exit.REFUSED):
            return "refused", reason
        case Failed(reason):
            return "failed", reason
        case Incomplete(missing=missing):
            return "failed", f"no peer shares {len(missing):,} of its files any more"
        case Paused():
            return "fetching", "it is paused"
        case Canceled(reason):
            return "refused", reason or "it was canceled"
        case Waiting() if not progress.received:
            return "waiting", NOBODY_HAS_IT
        case _:
            return "fetching", ""
