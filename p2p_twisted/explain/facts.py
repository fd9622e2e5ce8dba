"""What was measured of a download, and of a question, as frozen values."""

from collections.abc import Mapping
from typing import Final

import attrs

from p2p_twisted.wire.messages import HeldUp
from p2p_twisted.wire.names import FileId, PeerAddress, PeerName
from p2p_twisted.wire.reaching import DIRECT

NOT_NEEDED: Final = "it is not needed any more"
"""Why nothing more is expected of a holder, where that is not the holder's doing."""

Sentences = tuple[tuple[PeerName, str], ...]
"""About peers, each with what is to be said of it."""

Obstacles = tuple[tuple[PeerAddress, ...], Sentences, Sentences]
"""Holders that cannot be reached, what those say that do not serve, and where a clock is wrong."""


Lacks = tuple[tuple[PeerName | None, tuple[str, ...]], ...]
"""Names of files, with who has other content by them now; ``None`` for what nobody shares."""


@attrs.frozen
class Waits:
    """
    How some seconds of pushes went by, at their requester; all of these are totals.

    What is left waits for what the holder sends, or handles that.

    :ivar seconds: for which they were open.
    :ivar limit: in which nothing was read, for the sake of this peer's own limit.
    :ivar disk: in which nothing was read until what had come was verified and written.
    :ivar idle: in which the holder was asked for nothing, as it had nothing that was missing.
    :ivar received: bytes that have come.
    """

    seconds: float = 0.0
    limit: float = 0.0
    disk: float = 0.0
    idle: float = 0.0
    received: int = 0

    def __add__(self, other: "Waits") -> "Waits":
        pairs = zip(attrs.astuple(self), attrs.astuple(other), strict=True)
        return Waits(*(a + b for a, b in pairs))

    def __sub__(self, other: "Waits") -> "Waits":
        pairs = zip(attrs.astuple(self), attrs.astuple(other), strict=True)
        return Waits(*(max(type(a)(0), a - b) for a, b in pairs))

    @property
    def rate(self) -> float:
        """Bytes per second."""
        return self.received / self.seconds if self.seconds else 0.0


@attrs.frozen
class OwnWork:
    """
    What this peer itself had to do, in seconds.

    :ivar watched: in which holders delivered; ``processor`` of them the thread that receives ran
        on a core, or lacked one.
    :ivar chunks: in which the thread that verifies and writes chunks did, likewise, of all
        downloads: each waits for its turn there.
    """

    watched: float = 0.0
    processor: float = 0.0
    chunks: float = 0.0

    def __sub__(self, other: "OwnWork") -> "OwnWork":
        pairs = zip(attrs.astuple(self), attrs.astuple(other), strict=True)
        return OwnWork(*(max(0.0, a - b) for a, b in pairs))


@attrs.frozen
class HolderFacts:
    """
    What one holder has come to.

    :ivar via: the neighbor by way of which it was asked, where that is not the holder itself: it
        might have answered in its name.
    :ivar is_proven: whether who delivers has proven to be the holder.
    :ivar how: the two reach each other.
    :ivar asked: how often it was asked.
    :ivar last: how that has ended last; empty while it has not.
    :ivar waits: of the time that is judged.
    :ivar received: verified bytes in all.
    :ivar share: of all that has come, from 0 to 1.
    :ivar is_delivering: whether it pushes now.
    :ivar held: what it says that holds it up.
    :ivar round_trip: of its connection, in seconds.
    :ivar reordered: the share of its packets that came out of order: others were lost before.
    """

    holder: PeerName
    via: PeerName | None = None
    is_proven: bool = False
    how: str = DIRECT
    asked: int = 0
    last: str = ""
    waits: Waits = Waits()
    received: int = 0
    share: float = 0.0
    is_delivering: bool = False
    held: HeldUp | None = None
    round_trip: float | None = None
    reordered: float | None = None

    @property
    def rate(self) -> float:
        """Bytes per second, of the time that is judged."""
        return self.waits.rate


@attrs.frozen
class FirstHolder:
    """A peer that had something, and how many seconds after the question that was known."""

    peer: PeerName
    after: float


@attrs.frozen
class QuestionFacts:
    """
    One question to all other peers, or to one of them, and how it was answered.

    :ivar what: as in ``Ask``.
    :ivar of: the only peer that counts, if there is one.
    :ivar at: when it was put, in seconds on the monotonic clock.
    :ivar asked: how many peers; ``answered`` of them have; 0 while that is not known.
    :ivar alone: why nobody was asked, if so.
    :ivar seconds: how long it took; ``None`` while it goes on.
    :ivar holders: who had something first.
    """

    what: str
    text: str
    at: float
    asked: int = 0
    answered: int = 0
    hits: int = 0
    silent: tuple[PeerName, ...] = ()
    alone: str = ""
    seconds: float | None = None
    holders: tuple[FirstHolder, ...] = ()
    of: PeerName | None = None


@attrs.frozen
class AccountNote:
    """
    Something that happened, for people.

    :ivar at: seconds since the download began.
    :ivar via: the neighbor that had a part in it, if one had.
    :ivar times: how often it happened in a row, ``until`` so many seconds.
    """

    at: float
    text: str
    via: PeerName | None = None
    times: int = 1
    until: float | None = None


@attrs.frozen(kw_only=True)
class Facts:
    """
    All that is known of how a download goes, or went.

    :ivar state: its name, as the API has it; ``seconds_in`` is for how long it was in each.
    :ivar began: when it did, in seconds on the monotonic clock.
    :ivar seconds: since then, until it ended.
    :ivar limit: what this peer receives at most, in bytes a second.
    :ivar window: how many seconds are judged; ``waits`` and ``work`` are of those.
    :ivar question: who has it, as asked last.
    :ivar hashing: its holder, and how much of it that has hashed, in percent.
    :ivar lacks: what is missing of a folder that has ended.
    """

    number: int
    name: str
    file_id: FileId
    state: str
    is_ended: bool
    began: float
    seconds: float
    seconds_in: Mapping[str, float]
    size: int
    received: int
    reason: str = ""
    limit: int | None = None
    window: float = 0.0
    work: OwnWork = OwnWork()
    holders: tuple[HolderFacts, ...] = ()
    notes: tuple[AccountNote, ...] = ()
    unreachable: tuple[PeerAddress, ...] = ()
    refused: Sentences = ()
    misdated: Sentences = ()
    hashing: tuple[PeerName, int] | None = None
    question: QuestionFacts | None = None
    lacks: Lacks = ()
