"""Etcd in memory, without its connections: what it keeps, and what it tells."""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock, deferLater
from typing_extensions import override

from p2p_twisted.registry.etcd_gateway import Compacted, EtcdFault
from p2p_twisted.registry.etcd_keys import Json
from p2p_twisted.testing.etcd_state import EtcdState

LATENCY = 0.005


class Cluster(EtcdState):
    """What all members have, with its history."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.members: list[Member] = []
        self._backup: tuple[int, dict[bytes, Json], list[Json]] = (1, {}, [])

    def back_up(self) -> None:
        """Keep all that there is now."""
        self._backup = self.revision, dict(self.keys), list(self.history)

    def restore(self) -> None:
        """Go on from what was kept, as if nothing had happened since."""
        self.revision, self.keys, self.history = self._backup
        for member in self.members:
            member.end_watch()

    def member(self) -> "Member":
        """Connect to it."""
        self.members.append(Member(self))
        return self.members[-1]

    @override
    def transact(self, question: Json) -> Json:
        before = self.revision
        answer = super().transact(question)
        for member in self.members:
            member.hear(before)
        return answer


class Member:
    """
    One registry's connection, on which everything takes a while.

    :ivar is_away: nothing gets through.
    :ivar is_deaf: what happens is not told on the watch until it ends.
    :ivar loses_answers: how many transactions from now on are done, and their answers lost.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.is_away = False
        self.is_deaf = False
        self.loses_answers = 0
        self.watches = 0
        self._ended: Deferred[None] | None = None
        self._range: Json = {}
        self._hear: Callable[[Json], None]

    async def call(self, path: str, question: Json) -> Json:
        """Answer after a while."""
        await deferLater(self.cluster.clock, LATENCY)
        if self.is_away:
            raise EtcdFault("etcd is away")
        if path == "/v3/kv/range":
            return self.cluster.range(question)
        answer = self.cluster.transact(question)
        if self.loses_answers:
            self.loses_answers -= 1
            # Asked again, as the real client does.
            return await self.call(path, question)
        await deferLater(self.cluster.clock, LATENCY)
        return answer

    async def watch(self, question: Json, hear: Callable[[Json], None]) -> None:
        """Tell what has happened since, and what happens."""
        self._range = question["create_request"]
        start = int(self._range["start_revision"])
        if self.is_away:
            raise EtcdFault("etcd is away")
        if start <= self.cluster.compacted:
            raise Compacted("required revision has been compacted")
        self.watches += 1
        self.is_deaf = False
        self._hear, self._ended = hear, Deferred()
        self.hear(start - 1)
        try:
            await self._ended
        finally:
            self._ended = None

    def end_watch(self) -> None:
        """End the watch's connection."""
        if self._ended is not None:
            self._ended.errback(EtcdFault("etcd has ended the watch"))

    def hear(self, known: int) -> None:
        """Be told by the cluster what has happened since a revision, and tell a little later."""
        first = max(known + 1, int(self._range.get("start_revision", 0)))
        mine = self.cluster.events(self._range, first, self.cluster.revision)
        ended = self._ended
        if ended is None or self.is_deaf or self.is_away or not mine:
            return

        def tell() -> None:
            if self._ended is ended:
                self._hear({"events": mine})

        self.cluster.clock.callLater(LATENCY, tell)

    async def close(self) -> None:
        """Have no connections."""


def settle(clock: Clock, deferred: "Deferred[Any]") -> None:
    """Let time pass until something is over."""
    for _ in range(round(15.0 / LATENCY)):
        if deferred.called:
            return
        clock.advance(LATENCY)
