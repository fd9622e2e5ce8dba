"""What the API answers about pushes, as frozen values."""

from typing import Annotated, Literal

import attrs
from msgspec import Meta

from p2p_twisted.api.views import Count, FaultView, Rate, Seconds, View
from p2p_twisted.wire.messages import ReceiptState

Share = Annotated[float, Meta(ge=0, le=1)]


@attrs.frozen(kw_only=True)
class OfferView(View):
    """
    Something that this peer pushes to others, or that another one pushes to it.

    :ivar number: what it is called by at this peer.
    :ivar id: what it is called everywhere.
    :ivar file: the id of the content.
    :ivar name: where it lands.
    :ivar to: peers, groups of a private network with ``@``, or ``@all``.
    :ivar issued: when it was pushed, in seconds since 1970.
    :ivar until: how long others hear of it, likewise.
    :ivar into: the folder in which it lands, below where pushes land.
    :ivar state: how far this peer is with it; absent where it is its own.
    :ivar download: the number of the download that gets it.
    :ivar reason: why it is refused or has failed.
    :ivar is_over: whether nobody begins to get it any more.
    :ivar left_out: how many entries of its own folder this peer does not share, and so not push;
        0 in later runs.
    """

    number: Count
    id: str
    file: str
    name: str
    size: Count
    kind: Literal["file", "folder"]
    sender: str
    to: tuple[str, ...]
    issued: Count
    until: Count
    into: str | None
    state: ReceiptState | None
    download: Count | None
    reason: str
    is_over: bool
    left_out: Count


@attrs.frozen(kw_only=True)
class OffersView(View):
    """All that this peer pushes, and what is pushed to it, by number."""

    offers: tuple[OfferView, ...]


@attrs.frozen(kw_only=True)
class ReceiptView(View):
    """
    How far one peer is with a push.

    :ivar received: in bytes.
    :ivar reason: why it has not got it.
    """

    peer: str
    state: ReceiptState
    received: Count
    rate: Rate
    reason: str


@attrs.frozen(kw_only=True)
class BoardView(View):
    """
    How far all are with a push.

    :ivar counts: how many peers are how far; ``off`` are those that do not answer, and ``not heard
        from`` those that have not answered yet.
    :ivar receipts: of some of them, those first that have not got it.
    :ivar off: the names of some that are off.
    :ivar unheard: the names of some that are not heard from.
    :ivar is_whole: whether all that are there have been heard: otherwise there may be more.
    :ivar received: by all together, in bytes.
    :ivar rate: of all together.
    :ivar share: how much all have together of what they are to have.
    :ivar seconds_left: until the last one has it, if that is known.
    :ivar unaware: how many are there that tell nothing of it: they have not heard of it, are of an
        earlier version, or answer by way of one that is.
    :ivar is_unshared: whether its sender shares it no more as it was, as that says.
    :ivar is_done: whether nothing more will happen as long as nobody comes.
    :ivar have_all: whether all have it that are there, or named.
    :ivar look_again: after how many seconds there may be something new.
    """

    offer: OfferView
    counts: dict[str, Count]
    receipts: tuple[ReceiptView, ...]
    off: tuple[str, ...]
    unheard: tuple[str, ...]
    is_whole: bool
    received: Count
    rate: Rate
    share: Share
    seconds_left: Seconds | None
    unaware: Count
    is_unshared: bool
    is_done: bool
    have_all: bool
    look_again: Seconds


@attrs.frozen(kw_only=True)
class AcceptedView(View):
    """
    What is pushed to this peer is got.

    :ivar is_here: whether it is here already, so that there is nothing to get.
    """

    is_here: bool


@attrs.frozen(kw_only=True)
class PushStepView(View):
    """
    A line of the answer to a request to push something.

    :ivar hashed: how much of it has been hashed, in percent: it is pushed once that is all.
    :ivar offer: the last line's: what is pushed now.
    :ivar error: the last line's where it cannot be pushed.
    """

    hashed: Annotated[int, Meta(ge=0, le=100)] | None = None
    offer: OfferView | None = None
    error: FaultView | None = None
