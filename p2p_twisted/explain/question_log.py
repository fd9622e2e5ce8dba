"""Keep the last questions of this peer, and how they were answered."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from attrs import define, evolve, field

from p2p_twisted.explain import limits
from p2p_twisted.explain.bounded import FairList
from p2p_twisted.explain.facts import FirstHolder, QuestionFacts
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import FileId, PeerName

Came = Callable[[tuple[Hit, ...]], object]
"""Is told of hits as they come."""


@define(eq=False)
class AskedQuestion:
    """
    One question, from when it is put.

    :param now: reads the monotonic clock, in seconds.
    :ivar known: what is known of it so far.
    """

    _now: Callable[[], float]
    _part: Came | None
    known: QuestionFacts
    # Who had something first, with the neighbors that have told.
    _first: FairList[tuple[PeerName, FirstHolder]] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._first = FairList(limits.HOLDERS_PER_FIND, lambda told: told[0], _earliness)

    def came(self, hits: tuple[Hit, ...]) -> None:
        """Record hits, as they come, and hand them on."""
        self._heard(hits)
        if self._part is not None:
            self._part(hits)

    def ended(
        self,
        hits: Sequence[Hit] = (),
        asked: int = 0,
        answered: int = 0,
        silent: Sequence[PeerName] = (),
        alone: str = "",
    ) -> None:
        """
        Record how it ended.

        :param alone: why nobody could be asked, if so.
        """
        self._heard(hits)
        self._part = None
        first = sorted((told for _, told in self._first.kept), key=lambda told: told.after)
        self.known = evolve(
            self.known,
            hits=len(hits),
            asked=asked,
            answered=answered,
            silent=tuple(silent[: limits.HOLDERS_PER_FIND]),
            alone=alone[: limits.NOTE_CHARACTERS],
            seconds=self._now() - self.known.at,
            holders=tuple(first),
        )

    def _heard(self, hits: Iterable[Hit]) -> None:
        after = self._now() - self.known.at
        for hit in hits:
            if all(told.peer != hit.peer for _, told in self._first.kept):
                first_hop = hit.route[0] if hit.route else hit.peer
                self._first.add((first_hop, FirstHolder(hit.peer, after)))


_Kept = OrderedDict[tuple[str, str], AskedQuestion]


def _keep(kept: _Kept, asked: AskedQuestion) -> None:
    question = asked.known.what, asked.known.text
    kept.pop(question, None)
    kept[question] = asked
    if len(kept) > limits.FINDS_KEPT:
        kept.popitem(last=False)


def _earliness(told: tuple[PeerName, FirstHolder]) -> float:
    return -told[1].after


@define(eq=False)
class QuestionLog:
    """
    The last questions for files: by names or texts, and by contents, each as it was put last.

    Only this peer's own questions get in: others cannot push anything out.

    :param now: reads the monotonic clock, in seconds.
    """

    _now: Callable[[], float]
    _finds: _Kept = field(factory=OrderedDict, init=False)
    _contents: _Kept = field(factory=OrderedDict, init=False)

    @contextmanager
    def asking(
        self,
        what: str,
        text: str,
        part: Came | None,
        by_person: bool = True,
        of: PeerName | None = None,
    ) -> Iterator[AskedQuestion]:
        """
        Keep a question that is put now, if it is to all for some content, or by a person.

        :param part: is told of hits as they come.
        :param of: the only peer that counts, if there is one.
        """
        asked = AskedQuestion(self._now, part, QuestionFacts(what, text, self._now(), of=of))
        if what == "id" and of is None:
            _keep(self._contents, asked)
        elif by_person:
            _keep(self._finds, asked)
        try:
            yield asked
        except Exception as error:
            asked.ended(alone=str(error))
            raise

    @property
    def finds(self) -> tuple[QuestionFacts, ...]:
        """What was asked for by names and texts, oldest first."""
        return tuple(asked.known for asked in self._finds.values())

    def of_content(self, file_id: FileId) -> QuestionFacts | None:
        """Return who has some content, as asked last."""
        asked = self._contents.get(("id", file_id))
        return None if asked is None else asked.known
