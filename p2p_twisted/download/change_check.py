"""Find out that nobody has some content any more: its holder has changed or removed the file."""

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Final

import attrs
from typing_extensions import override

from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import PeerName

if TYPE_CHECKING:
    from p2p_twisted.download.download_network import DownloadNetwork

_HOLDERS_KEPT: Final = 16
_CHECKS_IN_A_ROW: Final = 3
_THEN_EVERY: Final = 4
# What is only moved is found by then under its new name.
_GONE_AFTER_CHECKS: Final = 3


@attrs.frozen
class ContentLost(Exception):
    """
    Nobody has what is wanted, and to wait is of no use.

    :ivar holder: one that had it, and is there.
    """

    holder: PeerName

    @property
    def changed_by(self) -> PeerName | None:
        """Who has other content now under its name, if one has."""
        return None


@attrs.frozen
class ContentChanged(ContentLost):
    """A holder has other content now under the name of what is wanted, and nobody has that."""

    @property
    @override
    def changed_by(self) -> PeerName | None:
        return self.holder

    def __str__(self) -> str:
        return f"{self.holder} has changed it meanwhile; get it again to have it as it is now"


@attrs.frozen
class ContentRemoved(ContentLost):
    """All holders that were asked say that they do not share it any more."""

    def __str__(self) -> str:
        return f"{self.holder} does not share it any more, and nobody else does"


class ChangeCheck:
    """
    Asks the holders of one download what they have now.

    It is asked for by name, so that it does not matter how a holder's delivery ended, nor
    whether that holder had noticed the change by then.

    :param is_gone: asks a holder whether it does not share it any more.
    """

    def __init__(
        self, network: "DownloadNetwork", is_gone: Callable[[Hit], Awaitable[bool]]
    ) -> None:
        self._network = network
        self._is_gone = is_gone
        self._asked: dict[PeerName, Hit] = {}
        self._times = 0

    def asked(self, hit: Hit) -> None:
        """Remember a holder that was asked to deliver; a partial one knows no better than we."""
        if not hit.partial and (hit.peer in self._asked or len(self._asked) < _HOLDERS_KEPT):
            self._asked[hit.peer] = hit
            self._times = 0

    async def check(self, known: Iterable[Hit]) -> None:
        """
        Check, now that nobody delivers, whether to wait for holders is of use.

        :param known: the holders that all peers together know of.
        :raises ContentLost: when nobody has it, and a holder has changed it, or all removed it.
        """
        if not self._asked or any(not hit.partial for hit in known):
            return
        self._times += 1
        # A holder that is away may come back with it, changed or not.
        if self._times > _CHECKS_IN_A_ROW and self._times % _THEN_EVERY:
            return
        for hit in list(self._asked.values()):
            has_changed = await self._network.has_changed(hit, again=self._times > 1)
            # Anybody can answer in its name, and what had arrived is removed then: so it must say
            # so itself, unless no way to it is known any more from an earlier run.
            if has_changed and (not hit.route or await self._is_gone(hit)):
                raise ContentChanged(hit.peer)
        if self._times >= _GONE_AFTER_CHECKS:
            for hit in list(self._asked.values()):
                if not await self._is_gone(hit):
                    return
            raise ContentRemoved(hit.peer)
