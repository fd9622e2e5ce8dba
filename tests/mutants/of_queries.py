"""Mistakes in how peers ask each other, and for whom they wait."""

from typing import Final

from tests.mutants.mutant import Mutant

OF_QUERIES: Final = (
    Mutant(
        "overlay/open_shares.py",
        "return self.records_left(link, now) >= _RECORDS_PLENTY",
        "return True",
        "a neighbor that searches without end uses up what others tell this peer itself",
        "overlay/test_hostile.py",
    ),
    Mutant(
        "overlay/expanding_ring.py",
        "passed() > _LONG_SHARE * ask.wait:",
        "passed() > ask.wait:",
        "a neighbor that is wrong, and slow, is waited for once more",
        "overlay/test_expanding_ring.py",
    ),
    Mutant(
        "overlay/queries.py",
        "prune = [PruneHint(link)] if ask.tree == wire_limits.ASK_HOPS else []",
        "prune = [PruneHint(link)]",
        "questions that fan out tear the tree apart",
        "overlay/test_queries.py",
    ),
    Mutant(
        "overlay/queries.py",
        "told = [] if self.is_answer(link, ask) else [Send(link, Told(ask.id))]",
        "told = [Send(link, Told(ask.id))]",
        "a question by every link costs half as many lines again",
        "overlay/test_crossing.py",
    ),
    Mutant(
        "overlay/queries.py",
        "return ask.crossing and query is not None and link in query.waiting",
        "return query is not None and link in query.waiting",
        "a peer of an earlier version takes its neighbors for silent",
        "overlay/test_crossing.py",
    ),
    Mutant(
        "overlay/queries.py",
        "hints = [GraftHint(link)] if is_missed and not self._tree.is_eager(link) else []",
        "hints = []",
        "only broadcasts mend the tree, and there may be none",
        "overlay/test_queries.py",
    ),
    Mutant(
        "overlay/pending_query.py",
        "self.is_hasty, self.deadline = True, self.began + min(seconds, self.ask.wait)",
        "pass",
        "whoever seeks a file waits for the slowest of those near by",
        "overlay/test_queries.py",
    ),
    Mutant(
        "overlay/pending_query.py",
        "self.brief_until = self.began + self._brief_seconds",
        "pass",
        "one neighbor that does not answer keeps back what all others answer, each time",
        "overlay/test_late_neighbors.py",
    ),
    Mutant(
        "overlay/queries.py",
        "if is_new and not (is_taken and is_passed_on):",
        "if False:",
        "a neighbor that asks without end keeps back what all others answer",
        "overlay/test_late_neighbors.py",
    ),
    Mutant(
        "overlay/pending_query.py",
        "return min(_BRIEF_SECONDS, _BRIEF_SHARE * self.ask.wait)",
        "return _BRIEF_SECONDS",
        "those that wait for others come too late themselves",
        "overlay/test_late_neighbors.py",
    ),
    Mutant(
        "peer/searches.py",
        "if step.is_brief and not all(hit.partial for hit in fitting):",
        "if False:",
        "a download begins no sooner than the slowest of all peers has answered",
        "peer/test_brief_searches.py",
    ),
    Mutant(
        "overlay/late_neighbors.py",
        "self._pay(link, 1)",
        "self.forget(link)",
        "a neighbor that answers every other query keeps the others back for their whole time",
        "overlay/test_late_neighbors.py",
    ),
    Mutant(
        "overlay/late_neighbors.py",
        "if id_ != unanswered:",
        "if link not in self._missed:",
        "a neighbor that answers nothing, but what nobody asked, is waited for again and again",
        "overlay/test_late_neighbors.py",
    ),
    Mutant(
        "overlay/late_neighbors.py",
        "if now >= since + _FORGIVEN_SECONDS:",
        "if False:",
        "who was away once is waited for too briefly for ever, and with it all that are behind it",
        "overlay/test_late_neighbors.py",
    ),
    Mutant(
        "overlay/pending_query.py",
        "if self._is_within_share(link, content):",
        "if self._passed[content] < self.ask.limit:",
        "a neighbor that makes holders up hides those that there are",
        "overlay/test_gathering.py",
    ),
    Mutant(
        "overlay/pending_query.py",
        "room = max(0, min(room, self._room_for(link)))",
        "room = max(0, min(room, limits.ASK_RECORDS - self.records))",
        "a neighbor that tells very much leaves no room for what others tell",
        "overlay/test_gathering.py",
    ),
    Mutant(
        "overlay/pending_query.py",
        "return max(1, -(-len(record.links) // wire_limits.LINKS_MOST))",
        "return 1",
        "records of peers with more links than a peer may have make an answer four times as long",
        "overlay/test_gathering.py",
    ),
)
