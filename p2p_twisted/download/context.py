"""What a fetch works with, and what it is about."""

from random import Random

import attrs
from twisted.internet.defer import DeferredSemaphore
from twisted.internet.interfaces import IReactorTime

from p2p_twisted.bandwidth.limiter import Bandwidth
from p2p_twisted.download.local_copies import LocalCopies
from p2p_twisted.download.tickets import DownloadNetwork, Tickets
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.storage.journal import Journal
from p2p_twisted.storage.partial import PartialRegister
from p2p_twisted.storage.path_locks import PathLocks


@attrs.frozen
class DownloadContext:
    """What every fetch works with."""

    clock: IReactorTime
    offload: Offload
    wants: Journal
    network: DownloadNetwork
    requests: Tickets
    slots: DeferredSemaphore
    rng: Random
    partials: PartialRegister
    here: LocalCopies
    traffic: Bandwidth
    turns: PathLocks = attrs.field(factory=PathLocks)
