"""What a peer tells those who watch it."""

from p2p_twisted.peer.sights import (
    AnswerSeen,
    LinkBegan,
    LinkEnded,
    PeersSeen,
    QuestionSeen,
    RegistrationSeen,
    Sight,
)
from p2p_twisted.wire.messages import PeerRecord
from tests.peer.cases import PeerTestCase


class SightTests(PeerTestCase):
    def test_sees(self) -> None:
        """Links, questions and their answers, its own and others', and the registration."""
        daemons = self.daemons()
        daemons.start("s1", {"f1.txt": b"one"})
        seen: list[Sight] = []
        unwatch = daemons.peers["s1"].watch_sights(seen.append)
        daemons.start("s2")
        daemons.run(8.0)
        address = daemons.peers["s2"].status().address
        assert address is not None
        self.assertEqual(
            [each for each in seen if not isinstance(each, QuestionSeen | AnswerSeen)],
            [RegistrationSeen(is_registered=True), LinkBegan(address)],
        )
        seen.clear()
        daemons.result(daemons.peers["s2"].find("f1"))
        [question, answer] = seen
        assert isinstance(question, QuestionSeen)
        assert isinstance(answer, AnswerSeen)
        self.assertEqual((question.what, question.text, question.is_own), ("text", "f1", False))
        self.assertEqual((answer.id, answer.hits, answer.is_own), (question.id, 1, False))
        seen.clear()
        daemons.result(daemons.peers["s1"].topology())
        records = PeerRecord("s1", ("s2",)), PeerRecord("s2", ("s1",))
        self.assertEqual(seen[-1], PeersSeen(records))
        self.assertIsInstance(seen[0], QuestionSeen)
        daemons.result(daemons.stop("s2"))
        self.assertEqual(seen[-1], LinkEnded(address, has_died=False))
        unwatch()
        seen.clear()
        daemons.result(daemons.peers["s1"].find("f1"))
        self.assertEqual(seen, [])
