"""A conversation with a fake peer, for tests."""

from collections.abc import Iterable

from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.console.conversation import Conversation
from p2p_twisted.console.downloading import Outcome
from p2p_twisted.console.parsing import parse
from p2p_twisted.download.progress import Progress
from tests.console.fake_links import FakeLinks
from tests.console.fake_peer import FakePeer


class Talk:
    """A conversation with a fake peer, and what was said."""

    def __init__(self) -> None:
        self.peer = FakePeer()
        self.links = FakeLinks()
        self.said: list[str] = []
        self.watched: list[Progress] = []
        self.asked: list[str] = []
        self.answers: list[bool] = []
        self._conversation = Conversation(
            self.peer, self._say, self.watched.append, ask=self._answer, links=self.links
        )

    def begin(self, line: str) -> "Deferred[Outcome]":
        """Type a line that may take its time."""
        command = parse(line)
        assert command is not None
        return Deferred.fromCoroutine(self._conversation.execute(command))

    def _answer(self, question: str) -> "Deferred[bool]":
        self.asked.append(question)
        return succeed(self.answers.pop(0))

    def _say(self, lines: Iterable[str]) -> None:
        self.said.extend(lines)


class ConversationCase(SynchronousTestCase):
    """A person, or a script, talks with a peer."""

    def setUp(self) -> None:
        self.talk = Talk()
        self.peer = self.talk.peer

    def outcome(self, line: str) -> Outcome:
        """Type a line, and see how it ended."""
        self.talk.said.clear()
        return self.successResultOf(self.talk.begin(line))
