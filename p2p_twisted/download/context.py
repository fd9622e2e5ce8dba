"""What a fetch works with, and what it is about."""

from random import Random

import attrs
from twisted.internet.defer import DeferredSemaphore
from twisted.internet.interfaces import IReactorTime

from p2p_twisted.bandwidth.limiter import Traffic
from p2p_twisted.download.localcopy import Here
from p2p_twisted.download.tickets import Network, Requests
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.storage.journal import Wants
from p2p_twisted.storage.partial import Partials
from p2p_twisted.storage.pathlocks import Turns


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
