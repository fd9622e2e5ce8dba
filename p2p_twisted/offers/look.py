"""What comes of asking all others how far they are with an offer."""

from attrs import frozen

from p2p_twisted.wire.messages import Receipt, Tally
from p2p_twisted.wire.names import PeerName


@frozen(kw_only=True)
class Look:
    """
    What it has brought to ask all others how far they are with an offer.

    :ivar tally: of all that know of it, the asker included.
    :ivar receipts: of some of them, those first that do not have it.
    :ivar answered: how many peers have answered, the asker included.
    :ivar silent: some that have not.
    :ivar is_whole: whether nobody is missing of whom others know, but those that are silent.
    :ivar is_unshared: whether the sender shares it no more, as it says.
    :ivar is_by_every_link: whether they were asked by every link, and not along the tree.
    """

    tally: Tally
    receipts: tuple[Receipt, ...] = ()
    answered: int
    silent: tuple[PeerName, ...] = ()
    is_whole: bool = True
    is_unshared: bool = False
    is_by_every_link: bool = False

    @property
    def is_over(self) -> bool:
        """Whether nobody of whom it tells is to have more than now."""
        return not (self.tally.waiting or self.tally.fetching or self.tally.asked)
