"""What a peer is given by the process that runs it."""

import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from attrs import frozen

from p2p_twisted.library.watcher import WatcherMaker
from p2p_twisted.peer.network_statements import NetworkStatements
from p2p_twisted.peer.private_part import PrivatePart
from p2p_twisted.peer.settings import Settings
from p2p_twisted.runtime.disk_thread import DiskThreads
from p2p_twisted.runtime.idle_cores import had_or_lacked_core
from p2p_twisted.runtime.reactor import Reactor
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.trust.tls import TlsSecurity
from p2p_twisted.wire.names import MessageId


@frozen(kw_only=True)
class PeerContext:
    """
    One peer's settings, certificate, clocks and threads.

    :ivar private: what makes it a member of a private network.
    :ivar rng: decides, and makes secrets: production gives it the system's.
    :ivar offload: calls what blocks; ``disks``, what is mostly too quick for that.
    :ivar watcher_for: makes what notices changes below a directory.
    :ivar announce: is told what a person should know.
    :ivar stopped: is called when another peer has stopped the network.
    :ivar wall: reads wall time in seconds, to which files' times of change compare.
    :ivar processor: reads the processor time of this thread, in seconds.
    :ivar core_wanted: reads how long this thread has run on a core, or waited for one, in seconds.
    """

    settings: Settings
    private: PrivatePart | None = None
    reactor: Reactor
    rng: Random
    offload: Offload
    disks: DiskThreads
    watcher_for: Callable[[Path], WatcherMaker]
    announce: Callable[[str], None]
    stopped: Callable[[], None]
    wall: Callable[[], float] = time.time
    processor: Callable[[], float] = time.thread_time
    core_wanted: Callable[[], float] = had_or_lacked_core

    @property
    def security(self) -> TlsSecurity | None:
        """What encrypts all connections to others."""
        return None if self.private is None else self.private.security

    @property
    def statements(self) -> NetworkStatements | None:
        """What admins say to the whole of a private network."""
        return None if self.private is None else self.private.statements

    @property
    def groups(self) -> frozenset[str]:
        """
        The groups whose members are asked what they share with these alone.

        None where others may have what this peer downloads: it would pass that on to everybody.
        """
        if self.security is None or self.settings.reshares:
            return frozenset()
        return self.security.own.identity.groups

    def draw(self) -> MessageId:
        """Draw a ticket or a token."""
        return self.rng.randbytes(16).hex()
