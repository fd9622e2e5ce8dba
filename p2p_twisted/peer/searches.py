"""Questions to the network."""

from collections.abc import Iterable
from heapq import nsmallest
from typing import Any, Final, Literal

import attrs
from twisted.internet.defer import Deferred

from p2p_twisted.explain.question_log import QuestionLog
from p2p_twisted.library.matching import natural_order, rank
from p2p_twisted.offers.crowded_files import CrowdedFiles
from p2p_twisted.overlay.driver import OverlayDriver
from p2p_twisted.overlay.effects import Answer, HitsWatch
from p2p_twisted.overlay.events import Sufficed
from p2p_twisted.overlay.expanding_ring import Step, expanding_ring
from p2p_twisted.peer.gathered_topology import a_topology
from p2p_twisted.peer.group_visits import GroupVisits
from p2p_twisted.peer.interface import Found, Topology
from p2p_twisted.peer.network_session import NetworkSession
from p2p_twisted.peer.query_answers import RELAY_MARK
from p2p_twisted.peer.sights import AnswerSeen, PeersSeen, QuestionSeen
from p2p_twisted.peer_errors import NoNetwork, PeerError, Unknown
from p2p_twisted.runtime.amounts import and_more
from p2p_twisted.wire import limits
from p2p_twisted.wire.codec import Unsendable, encode
from p2p_twisted.wire.messages import Ask, Hit, PeerRecord, Refuse, Want
from p2p_twisted.wire.names import FileId, PeerAddress, PeerName

_SILENT_SECONDS: Final = 300.0
_PEERS_NAMED: Final = 10

What = Literal["topo", "name", "text", "id", "ls"]


class Searches:
    """
    One peer's questions to all others.

    Every question waits for the network first: see :meth:`NetworkSession.connected`.
    This is also what downloads see of the network.

    :param questions: keeps what is asked for files, and how that is answered.
    :param visits: asks those who share with groups that this peer is in, if it is in any.
    :ivar crowded: content that many fetch at the same time.
    """

    def __init__(
        self, network: NetworkSession, questions: QuestionLog, visits: GroupVisits | None = None
    ) -> None:
        self._network = network
        self._questions = questions
        self._visits = visits
        self.crowded = CrowdedFiles()
        # What was last answered by every link though some kept silent, and when.
        self._last: tuple[Answer, float] | None = None

    async def ready(self) -> None:
        """
        Wait until others can be asked.

        :raises PeerError: when this peer joins no network within 10 s.
        """
        await self._network.connected()

    async def topology(self) -> Topology:
        """
        Collect the peers and links of the whole network.

        :raises PeerError: when there is no network.
        """
        driver = await self._network.connected()
        answer, seconds = await self._put(driver, Ask(driver.new_id(), "topo"))
        own = PeerRecord(driver.me.name, tuple(each.name for each in driver.neighbors))
        seen = a_topology((*answer.peers, own), answer.silent, seconds)
        if sights := self._network.sights:
            sights.tell(PeersSeen(seen.peers, seen.silent))
        return seen

    async def check_is_there(self, holder: PeerName) -> None:
        """
        Check that a peer that a person named is in the network.

        :raises PeerError: when it is not.
        """
        topology = await self.topology()
        if holder in topology.silent:
            raise PeerError(f"{holder} does not answer at the moment")
        peers = {record.peer for record in topology.peers}
        if holder not in peers:
            named = sorted(nsmallest(_PEERS_NAMED, peers), key=natural_order)
            raise Unknown(f"there is no peer {holder}; there is {and_more(named, len(peers))}")

    async def ask(
        self,
        what: What,
        text: str = "",
        *,
        most: int = limits.HITS_SHOWN_PER_PEER,
        again: bool = False,
        holder: PeerName | None = None,
        part: HitsWatch | None = None,
        by_person: bool = True,
    ) -> Found:
        """
        Ask for files; hits are sorted by name, then by content, then by holder.

        Holders that are still downloading a file themselves come last.

        :param most: how many hits each peer may give.
        :param again: whether the same was asked lately and will be asked once more; see
            :func:`expanding_ring`.
        :param holder: the only peer that counts.
        :param part: is told of hits as they come.
        :param by_person: whether a person may want to know how that went.
        :raises PeerError: when the text cannot be asked, or there is no network.
        """
        with self._questions.asking(what, text, part, by_person, holder) as question:
            driver = await self._network.connected()
            ask = Ask(driver.new_id(), what, text, peer=holder, most=most)
            answer, seconds = await self._put(driver, ask, again, question.came)
            # What anybody has by its id, nobody need be visited for.
            visited = () if what == "id" and answer.hits else await self._visit(ask)
            silent = tuple(sorted(set(answer.silent) - {driver.me.name}))
            hits = tuple(sorted((*answer.hits, *visited), key=place))
            if visited:
                question.came(visited)
            asked = answer.answered + len(silent)
            alone = "" if asked else self._network.alone()
            question.ended(hits, asked, answer.answered, silent, alone)
            return Found(
                hits=hits,
                asked=asked,
                answered=answer.answered,
                silent=silent,
                seconds=seconds,
                alone=alone,
                is_cut=answer.cut,
            )

    # For downloads: see DownloadNetwork

    def find(self, file_id: FileId, again: bool = False) -> "Deferred[tuple[Hit, ...]]":
        """Ask who has some content."""
        return Deferred.fromCoroutine(self._hits("id", file_id, again=again))

    def send_want(self, want: Want) -> bool:
        """Send a request to the first peer of its route; return whether it can be reached."""
        want = attrs.evolve(want, near=self._network.near)
        if self._network.driver.send(want):
            return True
        return self._visits is not None and self._visits.want(want)

    def send_refusal(self, refuse: Refuse) -> bool:
        """Send a refusal to the first peer of its route; return whether that is a neighbor."""
        return self._network.driver.send(refuse)

    def address(self) -> PeerAddress:
        """Return where this peer listens."""
        return self._network.driver.me

    def reached(self) -> tuple[PeerAddress, ...]:
        """Return the neighbors that this peer can dial."""
        return self._network.driver.reached

    def relays(self) -> "Deferred[tuple[PeerAddress, ...]]":
        """Ask who relays for all; it fires in bounded time, and never fails."""
        return Deferred.fromCoroutine(self._relays())

    def clock_fault(self, holder: PeerName) -> str | None:
        """Return why there is no connection with a holder, if a wrong clock is why."""
        return self._network.clock_fault(holder)

    def is_closed(self) -> bool:
        """Return whether others cannot dial this peer, as far as is known."""
        return self._network.is_closed

    def has_changed(self, hit: Hit, again: bool) -> "Deferred[bool]":
        """Ask a holder whether it has other content now under the name of a hit."""
        return Deferred.fromCoroutine(self._has_changed(hit, again))

    async def _has_changed(self, hit: Hit, again: bool) -> bool:
        found = await self._hits("name", hit.name, again=again, holder=hit.peer)
        named = [each for each in found if each.name == hit.name]
        return bool(named) and not any(_may_be(each, hit) for each in named)

    async def _hits(self, what: What, text: str, **how: Any) -> tuple[Hit, ...]:
        """Ask for files as :meth:`ask` does; without a network nobody has any."""
        try:
            return (await self.ask(what, text, by_person=False, **how)).hits
        except NoNetwork:
            return ()

    async def _visit(self, ask: Ask) -> tuple[Hit, ...]:
        """Ask those who share with groups that this peer is in."""
        if self._visits is None:
            return ()
        await self._visits.look(lambda mark: Deferred.fromCoroutine(self._doors(mark)))
        return _fitting(await self._visits.ask(ask), ask)

    async def _relays(self) -> tuple[PeerAddress, ...]:
        hits = await self._doors(RELAY_MARK)
        return tuple(hit.at for hit in hits if hit.at is not None and hit.at.name == hit.peer)

    async def _doors(self, mark: FileId) -> tuple[Hit, ...]:
        """Ask who has a door for those who ask for a mark; without a network nobody does."""
        try:
            driver = await self._network.connected()
            answer, _seconds = await self._put(driver, Ask(driver.new_id(), "id", mark))
        except PeerError:
            return ()
        return answer.hits

    async def _put(
        self, driver: OverlayDriver, ask: Ask, again: bool = False, part: HitsWatch | None = None
    ) -> tuple[Answer, float]:
        """
        Ask as many peers as it takes.

        :returns: the last answer, and how long it took to come, in seconds.
        :raises PeerError: when the question cannot be sent.
        """
        began = driver.now()
        if sights := self._network.sights:
            sights.tell(QuestionSeen(ask.id, ask.what, ask.text, ask.peer, is_own=True))
        last, then = self._last or (None, began)
        steps = expanding_ring(
            ask,
            driver.new_id,
            again,
            None if began - then > _SILENT_SECONDS else last,
            lambda: driver.now() - began,
            is_near=ask.what == "id" and self.crowded.is_near(ask.text, began),
        )
        step = next(steps)
        while True:
            answer = await _put_step(driver, step, part)
            answer = attrs.evolve(answer, hits=_fitting(answer.hits, ask))
            try:
                step = steps.send(answer)
            except StopIteration as end:
                if end.value:
                    self._last = attrs.evolve(answer, peers=(), hits=()), began
                if step.ask.hops == ask.hops:
                    self.crowded.asked_all(ask.text, driver.now(), answer.answered)
                seconds = driver.now() - began
                self._tell_answer(ask, answer, seconds)
                return answer, seconds

    def _tell_answer(self, ask: Ask, answer: Answer, seconds: float) -> None:
        """Tell those who watch how a question of this peer was answered."""
        if not (sights := self._network.sights):
            return
        counts = len(answer.hits), answer.answered, len(answer.silent)
        sights.tell(AnswerSeen(ask.id, True, *counts, seconds))


async def _put_step(driver: OverlayDriver, step: Step, part: HitsWatch | None) -> Answer:
    try:
        encode(step.ask)
    except Unsendable as error:
        why = f"it is longer than {limits.SEARCH_CHARACTERS:,} characters"
        is_long = len(step.ask.text) > limits.SEARCH_CHARACTERS
        raise PeerError(f"nobody can be asked for that: {why if is_long else error}") from None

    def came(hits: tuple[Hit, ...]) -> None:
        fitting = _fitting(hits, step.ask)
        if part is not None:
            part(fitting)
        if step.is_brief and not all(hit.partial for hit in fitting):
            driver.feed(Sufficed(step.ask.id))

    return await driver.ask(step.ask, step.patience, came)


def _fitting(hits: Iterable[Hit], ask: Ask) -> tuple[Hit, ...]:
    """Leave out what does not answer the question: a neighbor may say anything."""
    meant = (each.as_meant() for each in hits)
    return tuple(hit for hit in meant if _fits(hit, ask))


def _fits(hit: Hit, ask: Ask) -> bool:
    """Return whether a hit answers a question at all."""
    if ask.peer not in (None, hit.peer):
        return False
    if ask.what == "id":
        return hit.file is not None and hit.file.startswith(ask.text)
    return ask.what != "name" or rank(hit.name, ask.text) is not None


def _may_be(found: Hit, hit: Hit) -> bool:
    """Return whether what a holder has is an earlier hit, which it may be hashing anew."""
    is_unknown = found.file is None and (found.kind == "folder" or found.size == hit.size)
    return is_unknown or found.file == hit.file


def place(hit: Hit) -> tuple[object, ...]:
    """Return a sort key: by name, then by content, then by holder; partial holders last."""
    return hit.partial, natural_order(hit.name), hit.file or "", hit.peer
