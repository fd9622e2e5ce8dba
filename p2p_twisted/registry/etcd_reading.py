"""Read what registries keep in etcd."""

from collections.abc import Iterable, Iterator
from typing import Final

from twisted.logger import Logger

from p2p_twisted.registry.etcd_client import Etcd
from p2p_twisted.registry.etcd_keys import Damaged, Heard, Json, Keyspace

_PAGE: Final = 2_000


class EtcdReading:
    """Reads the keys of one network."""

    log = Logger()

    def __init__(self, etcd: Etcd, keys: Keyspace) -> None:
        self._etcd = etcd
        self._keys = keys

    async def read(self) -> tuple[list[Heard], int]:
        """
        Read everything as it is at one revision, and return that, too.

        :raises EtcdFault: when that cannot be done now.
        """
        found: list[Heard] = []
        question: Json = {**self._keys.watched(), "limit": _PAGE}
        revision = 0
        while True:
            page = await self._etcd.call("/v3/kv/range", question)
            revision = revision or int(page["header"]["revision"])
            kvs = page.get("kvs", [])
            found.extend(self.readable({"kv": kv} for kv in kvs))
            if not page.get("more"):
                return found, revision
            rest = self._keys.rest(kvs[-1]["key"])
            question = {**rest, "limit": _PAGE, "revision": str(revision)}

    def readable(self, events: Iterable[Json]) -> Iterator[Heard]:
        """Read events; log what is no registry's."""
        for event in events:
            try:
                heard = self._keys.read(event)
            except Damaged as error:
                self.log.warn("{error}", error=error)
                heard = error.heard
            if heard is not None:
                yield heard
