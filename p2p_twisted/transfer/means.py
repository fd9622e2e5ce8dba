"""What a fetch works with, and what it is about."""

from random import Random

import attrs
from twisted.internet.defer import DeferredSemaphore
from twisted.internet.interfaces import IReactorTime

from p2p_twisted.threads import Offload
from p2p_twisted.transfer.growing import Partials
from p2p_twisted.transfer.here import Here
from p2p_twisted.transfer.pacing import Traffic
from p2p_twisted.transfer.requests import Network, Requests
from p2p_twisted.transfer.turns import Turns
from p2p_twisted.transfer.wants import Wants
from p2p_twisted.wire.names import FileId


@attrs.frozen
class Means:
    """What every fetch works with."""

    clock: IReactorTime
    offload: Offload
    wants: Wants
    network: Network
    requests: Requests
    slots: DeferredSemaphore
    rng: Random
    partials: Partials
    here: Here
    traffic: Traffic
    turns: Turns = attrs.field(factory=Turns)


@attrs.frozen
class Item:
    """
    One file to fetch.

    :ivar size: in bytes; ``None`` for a manifest, whose size its holders need not tell.
    :ivar target: where it is to be in the inbox.
    """

    file: FileId
    size: int | None
    target: str
