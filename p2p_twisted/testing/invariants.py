"""
What must be so in every network of peers, as checks that say what is not.

Each check is given the daemons of a virtual network, and yields a sentence for
everything that is wrong. Those in ``LASTING`` hold at any moment; those in
``SETTLED`` once nothing has befallen the network for a minute or two.
"""

from collections.abc import Callable, Iterator
from typing import Final

from p2p_twisted.download.explained import facts_of
from p2p_twisted.explain.diagnosis import Cause
from p2p_twisted.explain.judge import judge
from p2p_twisted.explain.limits import HOLDERS_PER_ACCOUNT, NOTES_PER_DOWNLOAD
from p2p_twisted.overlay import limits as overlay_limits
from p2p_twisted.overlay.neighbors import Neighbors
from p2p_twisted.relay.limits import PAIRS_RELAYED
from p2p_twisted.testing.daemons import VirtualDaemons
from p2p_twisted.testing.introspection import overlay_of
from p2p_twisted.wire import limits
from p2p_twisted.wire.names import PeerName

_ANSWER_SECONDS: Final = 30.0
_BROADCAST_SECONDS: Final = 15.0
_WORD_SECONDS: Final = 5.0
_NEVER: Final = (
    Cause.OWN_LIMIT,
    Cause.OWN_PROCESSOR,
    Cause.HOLDER_LIMIT,
    Cause.HOLDER_DISK,
    Cause.WAY,
    Cause.BLOCKED,
)

Check = Callable[[VirtualDaemons], Iterator[str]]


class Broken(AssertionError):
    """Some invariants do not hold; the text says which."""


def hold(daemons: VirtualDaemons, *checks: Check) -> None:
    """
    Check all of these.

    :raises Broken: when one does not hold.
    """
    wrong = [sentence for check in checks for sentence in check(daemons)]
    if wrong:
        raise Broken("\n".join(wrong))


# At any moment


def degrees_bounded(daemons: VirtualDaemons) -> Iterator[str]:
    """No peer has more links than it may, nor one with itself, nor two with one peer."""
    for name, peer in daemons.peers.items():
        overlay = overlay_of(peer)
        links = Neighbors() if overlay is None else overlay.membership.links
        names = [neighbor.address.name for neighbor in links.values()]
        if len(links.core) > limits.LINKS_MOST or len(links.leaves) > overlay_limits.LEAVES_MOST:
            yield f"{name} has {len(links.core)} links, and {len(links.leaves)} leaves"
        if name in names:
            yield f"{name} is linked with itself"
        if len(set(names)) < len(names):
            yield f"{name} has two links with one peer: {names}"


def memory_bounded(daemons: VirtualDaemons) -> Iterator[str]:
    """What a peer remembers of broadcasts and questions stays within its bounds."""
    for name, peer in daemons.peers.items():
        overlay = overlay_of(peer)
        if overlay is None:
            continue
        broadcast, queries = overlay.broadcast, overlay.queries
        kept = sum(each.size for each in broadcast._kept.values())
        bounds = (
            ("ids of broadcasts", len(broadcast._seen), overlay_limits.SEEN_IDS),
            ("ids of questions", len(queries._seen), overlay_limits.SEEN_IDS),
            ("bytes of broadcasts", kept, overlay_limits.PAYLOAD_CACHE_BYTES),
            ("announced broadcasts", len(broadcast._missing), overlay_limits.MISSING_MOST),
            (
                "open questions of a link",
                max((queries._shares._open[link] for link in queries.links), default=0),
                overlay_limits.ASKS_OPEN_PER_LINK,
            ),
            ("links of the tree", len(broadcast.tree.links), len(overlay.membership.links)),
        )
        for what, number, most in bounds:
            if number > most:
                yield f"{name} remembers {number} {what}, of {most}"
        if kept != broadcast._kept_bytes:
            yield f"{name} counts {broadcast._kept_bytes} bytes of broadcasts, and has {kept}"


def relays_bounded(daemons: VirtualDaemons) -> Iterator[str]:
    """No peer relays for more pairs than it may, nor for itself."""
    for name, peer in daemons.peers.items():
        pairs = peer._relaying.pairs
        if len(pairs) > PAIRS_RELAYED:
            yield f"{name} relays {len(pairs)} pairs"
        for pair in pairs:
            if name in pair:
                yield f"{name} relays between {' and '.join(pair)}"


def delivered_once(daemons: VirtualDaemons) -> Iterator[str]:
    """No broadcast has come to one run of a peer twice."""
    for name, id_ in daemons.repeated:
        yield f"broadcast {id_} came to {name} once more"


def explained_truly(daemons: VirtualDaemons) -> Iterator[str]:
    """
    No download is explained by what cannot be, nor more kept of it than may be.

    Nobody limits what is sent here, and nothing takes time on disks or processors; who is blamed
    is a peer, and not the one that downloads.
    """
    for name, peer in daemons.peers.items():
        for download in peer._downloads._downloads.values():
            if download.reporter.is_ended:
                continue
            facts = facts_of(download.reporter, None)
            diagnosis = judge(facts)
            if diagnosis.cause in _NEVER:
                yield f"{name} blames {diagnosis.cause}: {diagnosis.sentence}"
            if diagnosis.peer == name or not (daemons.folder / (diagnosis.peer or name)).exists():
                yield f"{name} blames {diagnosis.peer}: {diagnosis.sentence}"
            if len(facts.holders) > HOLDERS_PER_ACCOUNT or len(facts.notes) > NOTES_PER_DOWNLOAD:
                yield f"{name} keeps too much of how {facts.name} goes"


# Once all has settled


def nobody_gave_up(daemons: VirtualDaemons) -> Iterator[str]:
    """Every peer that was not stopped has joined, and is registered."""
    for name, why in daemons.ended.items():
        if why != "stopped":
            yield f"{name} gave up: {why}"
    for name, peer in daemons.peers.items():
        if not peer.status().registered:
            yield f"{name} is not registered"


def links_symmetric(daemons: VirtualDaemons) -> Iterator[str]:
    """Each link is with a peer that runs and has it, too, or it soon ends."""
    before = _one_sided(daemons)
    if before:
        # The word that a link has ended may be on its way.
        daemons.run(_WORD_SECONDS)
        for name, other in sorted(before & _one_sided(daemons)):
            yield f"{name} is linked with {other}, and {other} not with {name}"


def one_component(daemons: VirtualDaemons) -> Iterator[str]:
    """Each peer has a link, and the links lead from each peer to every other."""
    neighbors = _neighbors(daemons)
    if len(neighbors) < 2:
        return
    for name, names in neighbors.items():
        if not names:
            yield f"{name} is alone"
    start = next(iter(neighbors))
    reached, fresh = {start}, [start]
    while fresh:
        for name in neighbors.get(fresh.pop(), []):
            if name not in reached:
                reached.add(name)
                fresh.append(name)
    missing = [name for name in neighbors if name not in reached]
    if missing:
        yield f"{start} does not reach {', '.join(missing)}"


def counts_true(daemons: VirtualDaemons) -> Iterator[str]:
    """A peer that asks hears of every peer, and of every link from both ends."""
    everybody = sorted(daemons.peers)
    for name in _some(daemons):
        topology = daemons.result(daemons.peers[name].topology(), _ANSWER_SECONDS)
        told = sorted(record.peer for record in topology.peers)
        if told != everybody:
            odd = sorted(set(told) ^ set(everybody))
            yield f"{name} hears of {len(told)} of {len(everybody)} peers; {odd} differ"
        if topology.silent:
            yield f"{name} hears that {topology.silent} are silent"
        found = daemons.result(daemons.peers[name].find("no such file"), _ANSWER_SECONDS)
        others = len(everybody) - 1
        if (found.answered, found.asked) != (others, others):
            yield f"{name} counts {found.answered} of {found.asked} answers, not {others}"


def broadcasts_arrive(daemons: VirtualDaemons) -> Iterator[str]:
    """A broadcast comes to every other peer exactly once."""
    runs = dict(daemons.heard)
    ids = {name: daemons.broadcast(name) for name in _some(daemons)}
    daemons.run(_BROADCAST_SECONDS)
    for name, id_ in ids.items():
        for other in daemons.peers:
            times, expected = runs[other][id_], int(other != name)
            if times != expected:
                yield f"a broadcast of {name} came to {other} {times} times, not {expected}"


def nothing_unfinished(daemons: VirtualDaemons) -> Iterator[str]:
    """No download runs any more, and of none that ended is there a part file."""
    for name, peer in daemons.peers.items():
        running = [each for each in peer.transfers() if not each.is_ended]
        for progress in running:
            yield f"{name} still downloads {progress.name}: {progress.state}"
        folder = daemons.folder / name / "Downloads"
        if not running:
            for path in sorted(folder.glob("**/.p2p-*")):
                yield f"{name} has kept {path.relative_to(folder)}"


def nothing_relayed(daemons: VirtualDaemons) -> Iterator[str]:
    """Where nothing is downloaded any more, nobody relays: places are given back."""
    for name, peer in daemons.peers.items():
        for pair in peer._relaying.pairs:
            yield f"{name} still relays between {' and '.join(pair)}"


# After a stop


def nothing_left(daemons: VirtualDaemons, name: str) -> Iterator[str]:
    """A daemon that stopped in order, half a minute ago, has left nothing behind."""
    reactor = daemons.network.processes[name]
    for call in reactor.getDelayedCalls():
        yield f"{name} has left a timer behind: {call}"
    if reactor.ports or reactor.connections:
        ends = [f"port {port.port}" for port in reactor.ports]
        ends += [f"a connection with {end.other.process.name}" for end in reactor.connections]
        yield f"{name} has left open: {', '.join(ends)}"


LASTING: Final[tuple[Check, ...]] = (
    degrees_bounded,
    memory_bounded,
    relays_bounded,
    delivered_once,
    explained_truly,
)
SETTLED: Final[tuple[Check, ...]] = (
    nobody_gave_up,
    links_symmetric,
    one_component,
    counts_true,
    broadcasts_arrive,
    nothing_unfinished,
    nothing_relayed,
    *LASTING,
)


def _neighbors(daemons: VirtualDaemons) -> dict[PeerName, list[PeerName]]:
    return {
        name: [neighbor.name for neighbor in peer.status().neighbors]
        for name, peer in daemons.peers.items()
    }


def _one_sided(daemons: VirtualDaemons) -> set[tuple[PeerName, PeerName]]:
    neighbors = _neighbors(daemons)
    return {
        (name, other)
        for name, names in neighbors.items()
        for other in names
        if name not in neighbors.get(other, ())
    }


def _some(daemons: VirtualDaemons) -> list[PeerName]:
    """Choose a few peers to try something from."""
    names = list(daemons.peers)
    return names[:: max(1, len(names) // 3)]
