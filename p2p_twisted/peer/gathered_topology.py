"""Put together what peers say of their links."""

from collections.abc import Iterable
from heapq import nsmallest
from itertools import chain
from typing import Final

from p2p_twisted.peer.interface import Topology
from p2p_twisted.wire.messages import PeerRecord
from p2p_twisted.wire.names import PeerName

_SILENT_SORTED: Final = 1_000


def a_topology(
    records: Iterable[PeerRecord], silent: Iterable[PeerName], seconds: float
) -> Topology:
    """
    Put together what peers say of their links.

    A peer that is named as a neighbor and has not answered itself is silent, too. Peers answer one
    after the other: a link that one of two which have answered does not know was made or given up
    meanwhile, so neither is said to have it.
    """
    # One with very many neighbors names them in several records.
    links: dict[PeerName, dict[PeerName, None]] = {}
    for record in records:
        links.setdefault(record.peer, {}).update(dict.fromkeys(record.links))
    missing = set(chain.from_iterable(links.values()))
    missing.update(silent)
    missing.difference_update(links)
    first = nsmallest(_SILENT_SORTED, missing)
    missing.difference_update(first)

    def has(name: PeerName, other: PeerName) -> bool:
        return other not in links or name in links[other]

    peers = tuple(
        PeerRecord(name, tuple(other for other in links[name] if has(name, other)))
        for name in sorted(links)
    )
    return Topology(peers, (*first, *missing), seconds)
