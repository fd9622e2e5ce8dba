"""Links to files, as they are made and ended at the console."""

from p2p_twisted.console.admin_lines import date_text
from p2p_twisted.console.downloading import Outcome
from p2p_twisted.console.text import QrLine
from p2p_twisted.peer_errors import Ambiguous, NotFound
from p2p_twisted.runtime.exit_status import Exit
from tests.console.conversation_case import ConversationCase
from tests.console.fake_links import URL
from tests.console.fake_peer import OTHER_FILE, found, hit


class LinkingTests(ConversationCase):
    """Somebody at the console gives a file to a phone."""

    def test_link(self) -> None:
        """The address is shown, on a line of its own; an hour is usual."""
        self.assertIs(self.outcome("link f1"), Outcome.OK)
        self.assertEqual(self.talk.said, [URL])
        self.outcome('link "b c.txt" --for 2h')
        self.assertEqual(self.talk.links.asked, [("f1", 3_600), ("b c.txt", 7_200)])

    def test_qr(self) -> None:
        """With --qr it is drawn below that."""
        self.outcome("link f1 --qr")
        url, *lines = self.talk.said
        self.assertEqual(url, URL)
        self.assertGreater(len(lines), 10)
        self.assertTrue(all(isinstance(line, QrLine) for line in lines))

    def test_number(self) -> None:
        """A number is that of the last list; in quotes it is a name."""
        other = hit(name="g.txt", file=OTHER_FILE)
        self.peer.will("find", found(hit(), other))
        self.outcome("find txt")
        for line in ("link 2", 'link "2"', "link 3"):
            self.outcome(line)
        self.assertEqual(self.talk.links.asked, [(other, 3_600), ("2", 3_600)])
        self.assertIn("there is no number 3 in the last list", self.talk.said[0])

    def test_several(self) -> None:
        """Where a name means several files, they are listed, and one can be chosen."""
        both = hit(), hit(name="a/f1.txt", file=OTHER_FILE)
        self.talk.links.refusal = Ambiguous(both)
        self.assertIs(self.outcome("link f1"), Outcome.FAILED)
        self.assertIn("choose one, as in link 1", self.talk.said[-1])
        self.talk.links.refusal = None
        self.assertIs(self.outcome("link 1"), Outcome.OK)
        self.assertEqual(self.talk.links.asked[-1], (both[0], 3_600))

    def test_refused(self) -> None:
        """Why there is no link is said."""
        self.talk.links.refusal = NotFound("nobody has x")
        self.assertIs(self.outcome("link x"), Outcome.FAILED)
        self.assertEqual(self.talk.said, ["nobody has x"])

    def test_end(self) -> None:
        """Open links are listed by their numbers, by which they are ended."""
        self.outcome("link f1")
        self.outcome("links")
        row = f"1  f1  until {date_text(1_800_003_600)}  {URL}"
        self.assertEqual(self.talk.said, [row, "1 open link"])
        self.outcome("unlink 1")
        self.assertEqual(self.talk.said, ["link 1 leads nowhere any more"])
        self.assertIs(self.outcome("unlink 1"), Outcome.FAILED)
        self.outcome("links")
        self.assertEqual(self.talk.said, ["0 open links"])
        self.assertIs(self.talk._conversation.exits.code, Exit.NOT_FOUND)
