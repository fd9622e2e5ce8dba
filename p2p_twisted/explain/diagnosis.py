"""What limits a download, as a value and as a sentence."""

from enum import StrEnum

import attrs

from p2p_twisted.wire.names import PeerName


class Cause(StrEnum):
    """What limits a download; the words are those of the API."""

    NOTHING = "nothing"
    """Nothing held it up for long."""

    OWN_LIMIT = "own_limit"
    OWN_DISK = "own_disk"
    OWN_PROCESSOR = "own_processor"
    OWN_QUEUE = "own_queue"
    PAUSED = "paused"
    BLOCKED = "blocked"
    FAILED = "failed"
    INCOMPLETE = "incomplete"
    """Nobody has some files of a folder any more as they are in it."""

    CANCELED = "canceled"

    HOLDER_LIMIT = "holder_limit"
    HOLDER_DISK = "holder_disk"
    HOLDER_BUSY = "holder_busy"
    HOLDER_REFUSES = "holder_refuses"
    HOLDER_SILENT = "holder_silent"
    HOLDER_HASHING = "holder_hashing"
    HOLDER_PARTIAL = "holder_partial"
    """Its holders have no more of it yet, or share it out among several."""

    WAY = "way"
    """One TCP connection gives no more: the round trip, lost packets, or what others send there."""

    HOLDER_OR_WAY = "holder_or_way"
    RELAY = "relay"
    FIREWALL = "firewall"
    CLOCK = "clock"
    """By one's clock, the certificate of the other has not begun, or has ended."""

    NOBODY = "nobody"
    ALONE = "alone"
    """There is no other peer, or none can be asked."""

    SEARCH = "search"
    """Holders were looked for, or asked, and had not answered yet."""


@attrs.frozen
class Diagnosis:
    """
    What limits a download.

    :ivar sentence: for people.
    :ivar peer: the peer that it is about; ``None`` for this one, or none.
    :ivar is_said: whether that peer says so, and this one can only see that it may be true.
    """

    cause: Cause
    sentence: str
    peer: PeerName | None = None
    is_said: bool = False
