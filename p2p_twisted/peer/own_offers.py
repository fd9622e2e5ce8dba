"""Write what a person pushes: what it is, to whom, until when, and signed where that is needed."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from math import ceil
from random import Random
from typing import Final
from unicodedata import normalize

from attrs import define
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from p2p_twisted.library.catalog import Catalog
from p2p_twisted.library.entries import Shared
from p2p_twisted.library.matching import without_slash
from p2p_twisted.offers.limits import OFFER_DAYS
from p2p_twisted.offers.offer import (
    BadOffer,
    Offer,
    check_into,
    lock_of,
    read_recipients,
)
from p2p_twisted.offers.offer_book import HeardOffer
from p2p_twisted.offers.offer_judge import OfferJudge
from p2p_twisted.offers.offers_interface import HashingWatch
from p2p_twisted.peer.meaning import NothingShared, beginning_with, is_bare
from p2p_twisted.peer.patience import Patience
from p2p_twisted.peer.query_answers import hit_of
from p2p_twisted.peer_errors import NotAllowed, NotFound, PeerError
from p2p_twisted.runtime.amounts import DAY_SECONDS
from p2p_twisted.wire.names import BadName, MessageId, NetworkName, check_path

_LOOK_SECONDS: Final = 0.25
# What was put into a directory this very moment is found there by then.
_APPEARS_SECONDS: Final = 6.0
_SILENT_SECONDS: Final = 1.0
_LIKE_NAMES: Final = 3


@define(eq=False, kw_only=True)
class OwnOffers:
    """
    Makes offers of what this peer shares.

    :param catalogs: what it shares with everybody.
    :param group_catalogs: what it shares with groups alone, which can be pushed to nobody: all
        peers of a network hear of an offer, whomever it is for.
    :param own_files: by their names below what it shares, what it writes itself, such as its log.
    :param date: reads the time of day, in seconds since 1970.
    """

    _clock: IReactorTime
    _rng: Random
    _network: NetworkName
    _judge: OfferJudge
    _catalogs: Sequence[Catalog]
    _group_catalogs: Mapping[str, Catalog]
    _own_files: Collection[str] = ()
    _date: Callable[[], float]

    async def write(
        self,
        name: str,
        to: Sequence[str],
        seconds: float,
        into: str | None,
        watch: HashingWatch,
    ) -> tuple[HeardOffer, MessageId, int]:
        """Write an offer: see :class:`WritesOffers`."""
        most = OFFER_DAYS * DAY_SECONDS
        if not 1 <= seconds <= most:
            raise PeerError(f"an offer lasts a second at least, and {OFFER_DAYS} days at most")
        try:
            me = self._judge.me.name
            recipients = read_recipients(to, me, self._judge.knows_groups)
            if into is not None:
                check_into(into)
            shared, file_id = await self._hashed(name, watch)
            key, now = self._rng.randbytes(16).hex(), self._date()
            offer = Offer(
                file_id=file_id,
                name=shared.name.rpartition("/")[2],
                size=shared.size,
                is_folder=shared.kind == "folder",
                sender=me,
                to=recipients,
                issued=int(now),
                # In whole seconds, but no shorter than was asked for.
                until=min(ceil(now + seconds), int(now) + most),
                network=self._network,
                lock=lock_of(key),
                into=into,
            )
            return self._judge.write(offer), key, shared.left_out
        except (BadName, BadOffer) as error:
            raise PeerError(str(error)) from None

    async def _hashed(self, name: str, watch: HashingWatch) -> tuple[Shared, str]:
        """
        Find what this peer shares, and wait until it has been hashed.

        :raises NotFound: when it is not shared, or not any more, or nothing of it is.
        :raises NotReady: when it is written to for ever.
        :raises NotAllowed: when it is shared with a group alone.
        """
        if (never := self._why_never(name)) is not None:
            raise NotFound(f"this peer shares no {name}: {never}")
        began, patience = self._clock.seconds(), Patience()
        while True:
            shared, now = _found(name, self._catalogs), self._clock.seconds()
            if shared is not None and shared.file_id is not None:
                return shared, shared.file_id
            hit = None if shared is None else hit_of(shared, self._judge.me.name)
            if hit is not None and not is_bare(hit):
                watch(hit.hashed)
                patience.look((hit,), now)
            elif now >= began + _APPEARS_SECONDS:
                if hit is not None:
                    raise NothingShared(hit)
                self._check_groups(name)
                why = f"this peer shares no {name}: only what it shares can be pushed"
                raise NotFound(why, await self._like(name))
            elif now >= began + _SILENT_SECONDS:
                watch(None)
            await deferLater(self._clock, _LOOK_SECONDS)

    async def _like(self, name: str) -> tuple[str, ...]:
        """Find some names that begin with what was typed, as where an ending was left out."""
        like: list[str] = []
        for catalog in self._catalogs:
            for shared in catalog.browse(beginning_with(name)):
                if shared is None:
                    await deferLater(self._clock, 0)
                    continue
                like.append(shared.name)
                if len(like) == _LIKE_NAMES:
                    return tuple(like)
        return tuple(like)

    def _why_never(self, name: str) -> str | None:
        """Say why something is never shared, if its name tells."""
        if _found(name, self._catalogs) is not None:
            # As lists show it: other spellings are meant, too.
            return None
        try:
            check_path(normalize("NFC", without_slash(name)))
        except BadName as error:
            return str(error)
        is_own = name in self._own_files
        return "it writes that itself, and shares it with nobody" if is_own else None

    def _check_groups(self, name: str) -> None:
        for group, catalog in self._group_catalogs.items():
            if _found(name, (catalog,)) is not None:
                raise NotAllowed(
                    f"{name} is shared with @{group} alone, and all peers hear of what is pushed:"
                    " those of the group can get it by its name"
                )


def _found(name: str, catalogs: Sequence[Catalog]) -> Shared | None:
    """Find what is shared by its id or name, as lists and completions show it, too."""
    name = without_slash(name)
    found: Iterator[Shared] = (
        shared
        for catalog in catalogs
        for shared in (*catalog.with_id(name, 1), *catalog.named(name, 1))
    )
    return next(found, None)
