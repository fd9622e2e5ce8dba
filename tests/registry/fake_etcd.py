"""Etcd in memory, as far as registries use it: revisions, transactions, watches, compaction."""

from base64 import b64decode
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock, deferLater

from p2p_twisted.registry.etcd_gateway import Compacted, EtcdFault
from p2p_twisted.registry.etcd_keys import Json

LATENCY = 0.005


class Cluster:
    """What all members have, with its history."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.revision = 1
        self.keys: dict[bytes, Json] = {}
        self.history: list[Json] = []
        self.compacted = 0
        self.members: list[Member] = []

    def member(self) -> "Member":
        """Connect to it."""
        self.members.append(Member(self))
        return self.members[-1]

    def compact(self) -> None:
        """Forget what has happened."""
        self.compacted = self.revision
        self.history.clear()

    def transact(self, question: Json) -> Json:
        """Compare, then change or read."""
        is_so = all(map(self._is_so, question.get("compare", [])))
        operations = question["success" if is_so else "failure"]
        written = [each for each in operations if "request_range" not in each]
        self.revision += bool(written)
        events = [event for each in written if (event := self._write(each)) is not None]
        self.history += events
        for member in self.members:
            member.hear(events)
        header = {"revision": str(self.revision)}
        responses = [
            {"response_range": self.range(each["request_range"])}
            for each in operations
            if "request_range" in each
        ]
        return {"header": header, "responses": responses} | ({"succeeded": True} if is_so else {})

    def range(self, question: Json) -> Json:
        """Read what is there now."""
        found = [self.keys[key] for key in sorted(self.keys) if _is_in(key, question)]
        limit = int(question.get("limit", 0)) or len(found)
        more = {"more": True} if len(found) > limit else {}
        header = {"revision": str(self.revision)}
        return {"header": header, "kvs": found[:limit], "count": str(len(found))} | more

    def _is_so(self, compared: Json) -> bool:
        kept = self.keys.get(b64decode(compared["key"]), {})
        [field] = compared.keys() & {"create_revision", "mod_revision"}
        return bool(kept.get(field, "0") == compared[field])

    def _write(self, operation: Json) -> Json | None:
        match operation:
            case {"request_put": {"key": key, "value": value}}:
                name = b64decode(key)
                made = self.keys.get(name, {}).get("create_revision", str(self.revision))
                kv = {"key": key, "value": value, "mod_revision": str(self.revision)}
                self.keys[name] = {**kv, "create_revision": made}
                return {"kv": self.keys[name]}
            case {"request_delete_range": {"key": key}}:
                if self.keys.pop(b64decode(key), None) is not None:
                    return {
                        "type": "DELETE",
                        "kv": {"key": key, "mod_revision": str(self.revision)},
                    }
        return None


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
        missed = [each for each in self.cluster.history if int(each["kv"]["mod_revision"]) >= start]
        self.hear(missed)
        try:
            await self._ended
        finally:
            self._ended = None

    def end_watch(self) -> None:
        """End the watch's connection."""
        if self._ended is not None:
            self._ended.errback(EtcdFault("etcd has ended the watch"))

    def hear(self, events: list[Json]) -> None:
        """Be told by the cluster, and tell a little later."""
        mine = [each for each in events if _is_in(b64decode(each["kv"]["key"]), self._range)]
        ended = self._ended
        if ended is None or self.is_deaf or self.is_away or not mine:
            return

        def tell() -> None:
            if self._ended is ended:
                self._hear({"events": mine})

        self.cluster.clock.callLater(LATENCY, tell)

    async def close(self) -> None:
        """Have no connections."""


def _is_in(key: bytes, asked: Json) -> bool:
    first = b64decode(asked.get("key", ""))
    end = b64decode(asked["range_end"]) if "range_end" in asked else first + b"\0"
    return first <= key < end


def settle(clock: Clock, deferred: "Deferred[Any]", seconds: float = 15.0) -> None:
    """Let time pass until something is over."""
    for _ in range(round(seconds / LATENCY)):
        if deferred.called:
            return
        clock.advance(LATENCY)
