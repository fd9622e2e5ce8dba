"""Decide what becomes of an offer: it is taken, a person is asked, or it is refused."""

from typing import Final, Literal

from attrs import frozen

from p2p_twisted.offers.offer import Offer
from p2p_twisted.runtime.amounts import human_size
from p2p_twisted.trust.identity import Identity, group_name
from p2p_twisted.wire.names import BadName

ANYONE: Final = "anyone"
ADMINS: Final = "admins"
ASK: Final = "ask"
NONE: Final = "none"
WORDS: Final = (ANYONE, ADMINS, ASK, NONE)


@frozen
class OfferVerdict:
    """
    What becomes of an offer.

    :ivar reason: why it is refused, for people.
    """

    what: Literal["take", "ask", "refuse"]
    reason: str = ""


@frozen
class AcceptRule:
    """
    Whose offers a peer takes.

    :ivar words: of :data:`WORDS`, and ``@`` with groups of a private network; ``None`` for what is
        usual: admins in a private network, and otherwise a person is asked who is there.
    :ivar most: the size of one offer that is taken without a person's word, in bytes, where each
        of its files counts as a block of the disk at least.
    :ivar into: the folder below the downloads in which they land; ``None`` for these themselves.
    """

    words: tuple[str, ...] | None = None
    most: int | None = None
    into: str | None = None

    def verdict(self, offer: Offer, signer: Identity | None, is_attended: bool) -> OfferVerdict:
        """
        Decide about an offer.

        :param signer: who offers it, in a private network.
        :param is_attended: whether a person is there.
        """
        if self._trusts(signer):
            return self._take(offer)
        if self.words is None:
            return (
                OfferVerdict("ask")
                if is_attended
                else OfferVerdict("refuse", "nobody is there to ask")
            )
        if ASK in self.words:
            return OfferVerdict("ask")
        return OfferVerdict("refuse", f"it takes nothing from {offer.sender}")

    def place(self, offer: Offer) -> str:
        """Return the folder below the downloads in which an offer lands; empty for these."""
        return "/".join(filter(None, (self.into, offer.into)))

    def _trusts(self, signer: Identity | None) -> bool:
        words = (ADMINS,) if self.words is None else self.words
        if ANYONE in words:
            return True
        if signer is None:
            return False
        is_admin = ADMINS in words and signer.is_admin
        return is_admin or any(f"@{group}" in words for group in signer.groups)

    def _take(self, offer: Offer) -> OfferVerdict:
        if self.most is not None and offer.size > self.most:
            return OfferVerdict("refuse", f"it takes {human_size(self.most)} at most")
        return OfferVerdict("take")


def read_accept(text: str, is_private: bool) -> tuple[str, ...]:
    """
    Read whose offers to take, as a person typed it.

    :raises BadName: when it is no such rule, or none for this kind of network.
    """
    words = tuple(dict.fromkeys(each.strip().lower() for each in text.split(",")))
    groups = [word.removeprefix("@") for word in words if word.startswith("@")]
    for group in groups:
        group_name(group)
    for word in words:
        if word not in WORDS and not word.startswith("@"):
            raise BadName(f"say anyone, admins, @GROUP, ask or none, not {word!r}")
    if NONE in words and len(words) > 1:
        raise BadName("none takes nothing: say it alone, or leave it away")
    if ANYONE in words and len(words) > 1:
        raise BadName("anyone takes all: say it alone, or leave it away")
    if not is_private and (groups or ADMINS in words):
        raise BadName("an open network has no admins and no groups: say anyone, or ask")
    return words
