"""A virtual network: processes with reactors of their own, and what connects them."""

import hashlib
from collections.abc import Callable, Iterable
from itertools import count
from random import Random
from typing import Final

from attrs import define, field

from p2p_twisted.testing.clock import VirtualClock
from p2p_twisted.testing.hosts import HostOf, one_machine
from p2p_twisted.testing.interfaces import ListeningPort, Process, Tap
from p2p_twisted.testing.paths import Path, Paths
from p2p_twisted.testing.virtual_reactor import VirtualReactor

_FIRST_EPHEMERAL_PORT: Final = 49_152


@define(eq=False)
class VirtualNetwork:
    """
    Connects processes, each with a reactor of its own, in virtual time.

    What is sent where nothing gets through is sent again once it does, as TCP
    does: connections lose no bytes, but time.

    :ivar seed: of all chance; the same one gives the same run.
    :ivar paths: between processes; to cut and mend them, call the methods here.
    :ivar host_of: gives the host of each process; all live on one machine by default.
    :ivar closed: processes that nobody can dial, as behind firewalls that drop what comes.
    :ivar ports: that processes listen on, by addresses and numbers.
    :ivar stuck: what to call when more gets through again.
    :ivar ended: everything that belonged to processes that have ended.
    :ivar tap: hears everything that arrives.
    """

    seed: int = 1
    paths: Paths = field(factory=Paths)
    clock: VirtualClock = field(factory=VirtualClock)
    processes: dict[str, VirtualReactor] = field(factory=dict)
    host_of: HostOf = one_machine
    closed: set[str] = field(factory=set)
    ports: dict[tuple[str, int], ListeningPort] = field(factory=dict)
    stuck: dict[Callable[[], None], None] = field(factory=dict)
    ended: list[object] = field(factory=list)
    tap: Tap | None = None
    rng: Random = field(init=False)
    _ephemeral: "count[int]" = field(factory=lambda: count(_FIRST_EPHEMERAL_PORT))
    _trace: "hashlib._Hash" = field(factory=hashlib.sha256)

    def __attrs_post_init__(self) -> None:
        self.rng = Random(self.seed)

    def process(self, name: str) -> VirtualReactor:
        """Start a process; one of that name that has ended may be started again."""
        before = self.processes.get(name)
        if before is not None and before.is_gone:
            before.come_back()
        reactor = self.processes[name] = VirtualReactor(self, name)
        self.note("starts", name, "")
        return reactor

    def free_port(self) -> int:
        """Return a port that no process has had."""
        return next(self._ephemeral)

    # What tests do to it

    def set_path(self, one: str, other: str, path: Path) -> None:
        """Give two processes a path of their own; open connections keep theirs."""
        self.paths.set(one, other, path)

    def part(self, *groups: Iterable[str]) -> None:
        """Cut the network into groups of processes; those in none of them are one more."""
        self.paths.part(*groups)
        self._send_again()

    def lose(self, source: str, target: str) -> None:
        """Stop what one process sends to another; the way back stays."""
        self.paths.lose(source, target)

    def mend(self) -> None:
        """Undo all cuts and losses; firewalls stay."""
        self.paths.mend()
        self._send_again()

    def carries(self, source: Process, target: Process) -> bool:
        """Return whether what one process sends to another arrives."""
        is_there = not (source.is_gone or target.is_gone)
        return is_there and self.paths.carry(source.name, target.name)

    def lets_in(self, source: Process, target: Process) -> bool:
        """Return whether one process can connect with another, as far as the network goes."""
        is_closed = target.name in self.closed and source is not target
        here, there = self.host_of(source.name), self.host_of(target.name)
        # Behind NAT, only those that are behind the same one get to it.
        is_near = there.address == there.seen_as or there.seen_as == here.seen_as
        is_open = is_near and not is_closed
        return is_open and self.carries(source, target) and self.carries(target, source)

    def clear(self) -> None:
        """Forget all processes, and all that was to happen."""
        for held in (self.processes, self.ports, self.stuck, self.ended):
            held.clear()
        self.clock.clear()

    # What happened

    def note(self, what: str, source: str, target: str, data: bytes = b"") -> None:
        """Record what happened on the wire, and between which processes."""
        line = f"{self.clock.now:.9f} {source} {what} {target} {len(data)}\n"
        self._trace.update(line.encode())
        self._trace.update(data)

    def trace(self) -> str:
        """
        Hash everything that has happened on the wire, in its order.

        The same code and seed give the same hash, on every run and machine.
        """
        return self._trace.hexdigest()

    def _send_again(self) -> None:
        stuck, self.stuck = self.stuck, {}
        for send_again in stuck:
            send_again()
