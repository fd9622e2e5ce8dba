"""Etcd in virtual time: members that crash, are cut off, fall behind, and choose a leader."""

from collections.abc import Callable
from functools import partial
from random import Random
from typing import Final

from attrs import define, field
from twisted.internet.protocol import Factory

from p2p_twisted.registry.etcd_keys import Json
from p2p_twisted.testing.etcd_http import UNAVAILABLE, GatewayConnection
from p2p_twisted.testing.etcd_state import EtcdState
from p2p_twisted.testing.network import VirtualNetwork
from p2p_twisted.testing.virtual_reactor import VirtualReactor

_FIRST_PORT: Final = 2_379
_LOOK_SECONDS: Final = 0.25
_ELECTION_SECONDS: Final = (1.0, 2.0)
"""As etcd has it by default: after so long without a leader, members choose one."""

_DISK_SECONDS: Final = (0.001, 0.005)
_LATE_SECONDS: Final = (0.2, 4.0)
_LATE: Final = 0.3
_SAID: Final = 0.5
_NO_LEADER: Final = {"error": "etcdserver: leader changed", "code": 14}


@define(eq=False)
class VirtualEtcd:
    """
    A cluster of etcd, each member a process ``etcd1``, ``etcd2``, ... of a virtual network.

    What a majority has agreed on is never undone. What a member is asked while it knows no leader
    happens late, or not at all, and perhaps nobody hears which.

    :ivar state: what a majority has agreed on.
    :ivar leader: which member leads, if any does.
    :ivar slow: how many seconds more a member takes for everything.
    """

    network: VirtualNetwork
    count: int = 3
    state: EtcdState = field(factory=EtcdState)
    leader: str | None = None
    slow: dict[str, float] = field(factory=dict)
    rng: Random = field(init=False)
    # Up to which revision each knows what was agreed on, also while it does not run.
    _known: dict[str, int] = field(factory=dict)
    _members: dict[str, "_Member"] = field(factory=dict)
    _elects_at: float = 0.0

    def __attrs_post_init__(self) -> None:
        self.rng = Random(self.network.rng.random())
        for name in self.names:
            self.start(name)
        self.leader = self.names[0]
        self._look()

    @property
    def names(self) -> list[str]:
        """The members."""
        return [f"etcd{number}" for number in range(1, self.count + 1)]

    @property
    def places(self) -> tuple[tuple[str, int], ...]:
        """Where they listen."""
        hosts = map(self.network.host_of, self.names)
        return tuple((host.address, _FIRST_PORT + index) for index, host in enumerate(hosts))

    def start(self, name: str) -> None:
        """Start a member, perhaps again, with what it knew."""
        process = self.network.process(name)
        member = self._members[name] = _Member(self, process, self._known.get(name, 1))
        factory = Factory.forProtocol(partial(GatewayConnection, member.asked))
        factory.noisy = False
        process.listenTCP(self.places[self.names.index(name)][1], factory)

    def clear(self) -> None:
        """Forget the members, and so the processes that were connected with them."""
        self._members.clear()

    def unseat(self) -> None:
        """Have the members choose another leader."""
        self.leader, self._elects_at = None, self.network.clock.now + self._election()

    def has_majority(self, name: str) -> bool:
        """Return whether a member reaches so many that they can decide."""
        return self._is_majority(name, self.names)

    def is_well(self, name: str) -> bool:
        """Return whether a member reaches a majority of which none is slow."""
        quick = [each for each in self.names if each not in self.slow]
        return name in quick and self._is_majority(name, quick)

    def reaches(self, one: str, other: str) -> bool:
        """Return whether two processes run and hear each other."""
        ends = [self.network.processes[name] for name in (one, other)]
        is_there = all(end.is_awake and not end.is_gone for end in ends)
        carries = self.network.carries
        return is_there and (one == other or (carries(*ends) and carries(*ends[::-1])))

    def is_led(self, name: str) -> bool:
        """Return whether a member hears a leader that can decide."""
        leader = self.leader
        return leader is not None and self.has_majority(leader) and self.reaches(name, leader)

    def latency(self, name: str) -> float:
        """Return how long something takes from a member to the leader."""
        leader = self.leader
        return 0.0 if leader in (None, name) else self.network.paths.path(name, leader).latency

    def decide(self, path: str, question: Json) -> Json:
        """Have a majority agree on a change, or on what there is."""
        if path == "/v3/kv/range":
            return self.state.range(question)
        answer = self.state.transact(question)
        for name, member in self._members.items():
            self.network.clock.call_later(self.latency(name), member.catch_up)
        return answer

    def _look(self) -> None:
        """Notice that the leader is gone, choose one, and have members hear what they missed."""
        now = self.network.clock.now
        if self.leader is not None and not self.has_majority(self.leader):
            self.unseat()
        if self.leader is None and now >= self._elects_at:
            able = [name for name in self.names if self.has_majority(name)]
            self.leader = self.rng.choice(able) if able else None
        for name, member in self._members.items():
            member.catch_up()
            self._known[name] = member.known
        self.network.clock.call_later(_LOOK_SECONDS, self._look)

    def _is_majority(self, name: str, others: list[str]) -> bool:
        return 2 * sum(self.reaches(name, other) for other in others) > self.count

    def _election(self) -> float:
        return self.rng.uniform(*_ELECTION_SECONDS)


class _Member:
    """
    One run of a member.

    :ivar known: up to which revision it knows what was agreed on.
    """

    def __init__(self, cluster: VirtualEtcd, process: VirtualReactor, known: int) -> None:
        self.known = known
        self._cluster = cluster
        self._process = process
        self._watches: list[tuple[GatewayConnection, Json]] = []

    def asked(self, connection: GatewayConnection, path: str, question: Json) -> None:
        """Begin to answer."""
        if path == "/v3/watch":
            self._watch(connection, question["create_request"])
            return
        cluster, name = self._cluster, self._process.name
        takes = cluster.rng.uniform(*_DISK_SECONDS) + cluster.slow.get(name, 0.0)
        decide = partial(self._decide, connection, path, question)
        self._later(takes + cluster.latency(name), decide)

    def catch_up(self) -> None:
        """Know what was agreed on, if the leader is heard, and tell those who watch."""
        cluster, process = self._cluster, self._process
        if not (process.is_awake and cluster.is_led(process.name)):
            return
        first, self.known = self.known + 1, cluster.state.revision
        if first <= self.known:
            for connection, asked in self._watches:
                self._tell(connection, asked, first)

    def _decide(self, connection: GatewayConnection, path: str, question: Json) -> None:
        cluster, name = self._cluster, self._process.name
        if cluster.is_led(name):
            answer = cluster.decide(path, question)
            self._later(cluster.latency(name), partial(connection.answer, answer))
            return
        chance = cluster.rng.random
        if chance() < _LATE:
            late = cluster.rng.uniform(*_LATE_SECONDS)
            self._later(late, partial(self._decide_late, path, question))
        if chance() < _SAID:
            connection.answer(_NO_LEADER, UNAVAILABLE)

    def _decide_late(self, path: str, question: Json) -> None:
        if self._cluster.is_led(self._process.name):
            self._cluster.decide(path, question)

    def _watch(self, connection: GatewayConnection, asked: Json) -> None:
        first = int(asked["start_revision"])
        connection.begin_stream()
        if first <= (compacted := self._cluster.state.compacted):
            connection.add({"canceled": True, "compact_revision": str(compacted)})
            return
        connection.add({"created": True})
        self._watches = [(each, what) for each, what in self._watches if each.is_open]
        self._watches.append((connection, asked))
        self._tell(connection, asked, first)

    def _tell(self, connection: GatewayConnection, asked: Json, first: int) -> None:
        first = max(first, int(asked["start_revision"]))
        if events := self._cluster.state.events(asked, first, self.known):
            connection.add({"events": events})

    def _later(self, seconds: float, what: Callable[[], object]) -> None:
        self._process.callLater(seconds, what)
