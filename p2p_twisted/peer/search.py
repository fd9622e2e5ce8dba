"""Questions to the network, and what their answers mean for a person."""

from collections.abc import Iterable
from typing import Literal

import attrs

from p2p_twisted.library.matching import rank
from p2p_twisted.overlay.driver import OverlayDriver
from p2p_twisted.overlay.effects import Answer
from p2p_twisted.overlay.expanding_ring import Step, expanding_ring
from p2p_twisted.peer.interface import Ambiguous, Found, NotFound, PeerError, Topology
from p2p_twisted.wire import limits
from p2p_twisted.wire.codec import Unsendable, encode
from p2p_twisted.wire.messages import Ask, Hit, PeerRecord
from p2p_twisted.wire.names import FileId, PeerName

What = Literal["topo", "name", "text", "id", "ls"]


class Search:
    """One peer's questions to all others."""

    def __init__(self, node: OverlayDriver) -> None:
        self.node = node

    async def topology(self) -> Topology:
        """Collect the peers and links of the whole network."""
        answer, seconds = await self._put(Ask(self.node.new_id(), "topo"))
        links = tuple(neighbor.name for neighbor in self.node.neighbors)
        own = PeerRecord(self.node.me.name, links)
        return a_topology((*answer.peers, own), answer.silent, seconds)

    async def find(
        self,
        what: What,
        text: str = "",
        most: int = limits.HITS_SHOWN_PER_PEER,
        again: bool = False,
        holder: PeerName | None = None,
    ) -> Found:
        """
        Ask for files; hits are sorted by name, then by content, then by holder.

        Those that are still being downloaded by their holders come last.

        :param most: how many each peer names at most.
        :param again: whether it was asked of late and will be once more; see
            :func:`expanding_ring`.
        :param holder: the only peer that counts.
        :raises PeerError: when the text cannot be asked.
        """
        ask = Ask(self.node.new_id(), what, text, peer=holder, most=most)
        answer, seconds = await self._put(ask, again)
        silent = tuple(sorted(set(answer.silent) - {self.node.me.name}))
        hits = tuple(sorted(answer.hits, key=_place))
        return Found(hits, answer.answered + len(silent), answer.answered, silent, seconds)

    async def holders(self, file: FileId, holder: PeerName | None = None) -> tuple[Hit, ...]:
        """
        Find who has certain content.

        :param holder: the only peer that counts.
        :raises NotFound: when nobody has it.
        """
        found = await self.find("id", file, holder=holder)
        _check_found(found, file[:16], holder)
        return found.hits

    async def resolve(self, text: str, holder: PeerName | None) -> tuple[Hit, ...]:
        """
        Find the file or folder that a person means by a name.

        :param holder: the only peer that counts.
        :returns: its holders.
        :raises NotFound: when nobody has it.
        :raises Ambiguous: when different files answer equally well to the name.
        :raises PeerError: when it is still being hashed.
        """
        found = await self.find("name", text, holder=holder)
        found = attrs.evolve(found, hits=best(found.hits, text))
        _check_found(found, text, holder)
        return one_content(found.hits)

    async def _put(self, ask: Ask, again: bool = False) -> tuple[Answer, float]:
        """
        Ask as many as it takes.

        :returns: the last answer, and how long it took to have it, in seconds.
        """
        began = self.node.now()
        steps = expanding_ring(ask, self.node.new_id, again)
        step = next(steps)
        while True:
            answer = await self._ask(step)
            # A neighbor may say anything.
            hits = tuple(hit for hit in answer.hits if _fits(hit, ask))
            answer = attrs.evolve(answer, hits=hits)
            try:
                step = steps.send(answer)
            except StopIteration:
                return answer, self.node.now() - began

    async def _ask(self, step: Step) -> Answer:
        try:
            encode(step.ask)
        except Unsendable as error:
            raise PeerError(f"nobody can be asked for that: {error}") from None
        return await self.node.ask(step.ask, step.patience)


def _fits(hit: Hit, ask: Ask) -> bool:
    """Tell whether a hit answers a question at all."""
    if ask.peer not in (None, hit.peer):
        return False
    if ask.what == "id":
        return hit.file == ask.text
    return ask.what != "name" or rank(hit.name, ask.text) is not None


def _place(hit: Hit) -> tuple[bool, str, str, PeerName]:
    return hit.partial, hit.name, hit.file or "", hit.peer


def a_topology(
    records: Iterable[PeerRecord], silent: Iterable[PeerName], seconds: float
) -> Topology:
    """
    Put together what peers say of their links.

    Whoever is named as a neighbor and has not answered itself is silent, too.
    """
    by_name = {record.peer: record for record in records}
    named = {link for record in by_name.values() for link in record.links}
    return Topology(
        tuple(by_name[name] for name in sorted(by_name)),
        tuple(sorted((named | set(silent)) - set(by_name))),
        seconds,
    )


def best(hits: Iterable[Hit], text: str) -> tuple[Hit, ...]:
    """Keep the hits that answer best to a name as typed; none that does not answer at all."""
    places = ((rank(hit.name, text), hit) for hit in hits)
    ranked = [(place, hit) for place, hit in places if place is not None]
    least = min((place for place, _ in ranked), default=None)
    return tuple(hit for place, hit in ranked if place == least)


def one_content(hits: tuple[Hit, ...]) -> tuple[Hit, ...]:
    """
    Keep the hits that can be fetched, provided that they are all of one content.

    :raises Ambiguous: when they are not.
    :raises PeerError: when none can be fetched yet.
    """
    ready = tuple(hit for hit in hits if hit.file is not None)
    if not ready:
        slow = max(hits, key=lambda hit: hit.hashed)
        raise PeerError(
            f"{slow.peer} is still hashing {slow.name} ({slow.hashed} %): try again in a moment"
        )
    if len({(hit.file, hit.kind) for hit in ready}) > 1:
        raise Ambiguous(ready)
    return ready


def _check_found(found: Found, what: str, holder: PeerName | None) -> None:
    """
    Look whether there is any hit.

    :raises NotFound: when there is none; it says who was asked in vain.
    """
    if found.hits:
        return
    if not found.asked:
        raise NotFound(f"no peer has {what}: there is no other peer at the moment")
    silent = f"; no answer from {', '.join(found.silent)}" if found.silent else ""
    raise NotFound(
        f"{holder or 'no peer'} has {'no ' if holder else ''}{what}"
        f" (asked {found.answered} of {found.asked}, {found.seconds:.2f} s{silent})"
    )
