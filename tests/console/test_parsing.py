"""Every line that a person may type means something."""

from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.console.commands import (
    AnswerPushes,
    Cancel,
    Choose,
    Command,
    EndLinks,
    EndPushes,
    Explain,
    Find,
    Get,
    Help,
    InviteOthers,
    LeaveNetwork,
    Limit,
    List,
    ListInvites,
    ListLinks,
    ListMembers,
    ListPeers,
    ListPushes,
    ListTransfers,
    MakeLink,
    Misused,
    Pause,
    PushFiles,
    Resume,
    RevokePeer,
    ShowLimits,
    ShowStatus,
    StopNetwork,
    TakeInviteBack,
    Topo,
)
from p2p_twisted.console.parsing import COMMANDS, parse
from p2p_twisted.console.spelling import suggest
from p2p_twisted.trust.invite import Invite
from p2p_twisted.trust.open_invites import OpenInvite, secret_hash
from p2p_twisted.wire.messages import MakeInvite

INVITE = Invite.make(bytes(16), ["127.0.0.1:9011"], Random(1))
INVITE_ID = OpenInvite(secret_hash(INVITE.secret), 1, 0.0).id

NO_USES = "'0' is not a number from 1 to 1,000"
NO_TIME = "'90d' is not a time from 1s to 30d, such as 30m or 2h"
NO_TIME_OF_A_LINK = "'8d' is not a time from 1s to 7d, such as 30m or 2h"
NO_GROUP = (
    "'a.b' is no name of a group: that has 1 to 31 letters a to z, digits and hyphens, and starts"
    " with a letter or digit, such as staff-room"
)
NO_PEER = (
    "a peer's name has 1 to 31 letters a to z, digits and hyphens, and starts with a letter or"
    " digit"
)
ANY_TEXT = st.text(st.characters(codec=None, categories=None))


def bare(name: str) -> Get:
    """A name typed alone."""
    return Get(name, is_bare=True)


READINGS: list[tuple[str, Command | None]] = [
    ("", None),
    ("  \t ", None),
    # Commands, in any case
    ("TOPO", Topo()),
    ("  topo ", Topo()),
    ("Stop", StopNetwork()),
    ("STOP", StopNetwork()),
    ("leave", LeaveNetwork()),
    ("quit", LeaveNetwork()),
    ("Exit", LeaveNetwork()),
    ("peers", ListPeers()),
    ("transfers", ListTransfers()),
    ("explain", Explain()),
    ("explain 2", Explain("2")),
    ('Explain "a b.txt"', Explain("a b.txt")),
    ("status", ShowStatus()),
    ("help", Help()),
    ("help topo", Help("TOPO")),
    ("help All", Help(lists_all=True)),
    ("help quit", Help("leave")),
    ("find f1", Find("f1")),
    ("find two words", Find("two words")),
    ('find "two words"', Find("two words")),
    ("find *.txt", Find("*.txt")),
    ("ls", List()),
    ("ls S3", List("s3")),
    ("cancel 1 3-4", Cancel((1, 3, 4))),
    ("cancel all", Cancel()),
    ("cancel 2", Cancel((2,))),
    ("pause 12", Pause((12,))),
    ("pause All", Pause()),
    ("resume 3", Resume((3,))),
    ("RESUME all", Resume()),
    ("push f1 --to @all", PushFiles(("f1",), ("@all",), 604_800)),
    (
        "Push f1 'b c' --into=x/y/ --to anna,@Lab --to ben --for 2h",
        PushFiles(("f1", "b c"), ("anna", "@lab", "ben"), 7_200, "x/y"),
    ),
    ('push "--to" --to a --into "b c"', PushFiles(("--to",), ("a",), 604_800, "b c")),
    ("pushes", ListPushes()),
    ("pushes 1 3-4", ListPushes((1, 3, 4))),
    ("unpush 2", EndPushes((2,))),
    ("link f1", MakeLink("f1", 3_600)),
    ("LINK --qr f1 --for=30m", MakeLink("f1", 1_800, is_drawn=True)),
    ('link "b c.txt" --qr', MakeLink("b c.txt", 3_600, is_drawn=True)),
    ("link 2", MakeLink(2, 3_600)),
    ('link "2"', MakeLink("2", 3_600)),
    ("links", ListLinks()),
    ("unlink 1-2", EndLinks((1, 2))),
    ("accept 2 4", AnswerPushes((2, 4), True)),
    ("refuse 2", AnswerPushes((2,), False)),
    ("limit", ShowLimits()),
    ("limit up 2M", Limit("up", "2M")),
    ("Limit DOWN  off", Limit("down", "off")),
    ("limit down fast", Limit("down", "fast")),
    ("invite", InviteOthers(MakeInvite())),
    ("Invite --for=30m --qr", InviteOthers(MakeInvite(seconds=1_800), is_drawn=True)),
    (
        "invite --admin --group Lab --uses 3 --group b",
        InviteOthers(MakeInvite(3, admin=True, groups=("lab", "b"))),
    ),
    ("invites", ListInvites()),
    ("revoke Anna", RevokePeer("anna")),
    ("revoke --invite 3f2a91bc", TakeInviteBack("3f2a91bc")),
    (f"revoke --invite {INVITE.to_text()}", TakeInviteBack(INVITE_ID)),
    ("members", ListMembers()),
    ("get f1.txt", Get("f1.txt")),
    ("get a  b.txt", Get("a  b.txt", words=("a", "b.txt"))),
    ("get *.jpg", Get("*.jpg", words=("*.jpg",))),
    ('get "*.jpg"', Get("*.jpg")),
    ("get a 'b c' \"d e\"", Get("a 'b c' \"d e\"", words=("a", "b c", "d e"))),
    ("get don't can't", Get("don't can't", words=("don't", "can't"))),
    ("get a *.txt --from s4", Get("a *.txt", "s4", words=("a", "*.txt"))),
    ('get "a b"', Get("a b")),
    ("get stop", Get("stop")),
    ("get 2", Choose((2,))),
    ('get "2"', Get("2")),
    ("get 1 3 5-8", Choose((1, 3, 5, 6, 7, 8))),
    ("get 1, 3,2-3", Choose((1, 3, 2))),
    ("get 1-3 --from s4", Choose((1, 2, 3), "s4")),
    ("get --from s4 1 2", Choose((1, 2), "s4")),
    ("get --from=s4 f1", Get("f1", "s4")),
    ("get 1 f2 3-4,6", Get("1 f2 3-4,6", words=(1, "f2", 3, 4, 6))),
    ("get '1' ./2 ./f2", Get("'1' ./2 ./f2", words=("1", "2", "f2"))),
    ("get 8-5", Get("8-5")),
    ("get 1-20000", Get("1-20000")),
    ("get 2 --from s4", Choose((2,), "s4")),
    ("get f1 --from S4", Get("f1", "s4")),
    ("get my file --from=s4", Get("my file", "s4", words=("my", "file"))),
    ('get "a --from s4"', Get("a --from s4")),
    # File names
    ("f1", bare("f1")),
    ("my  notes ", bare("my  notes")),
    ("TOPO.txt", bare("TOPO.txt")),
    ("2", bare("2")),
    ("'tis.txt", bare("'tis.txt")),
    ('"TOPO"', Get("TOPO")),
    ("'a b'", Get("a b")),
    ("./stop", Get("stop")),
    ("./a b", Get("a b")),
    # Commands with what they do not take, or names that begin like one
    ("stop words.txt", Misused("Stop", "stop words.txt")),
    ("leave it.txt", Misused("leave", "leave it.txt")),
    ("quit  now", Misused("leave", "quit  now")),
    ("ls foo.txt", Misused("ls", "ls foo.txt")),
    ("invite anna", Misused("invite", "invite anna")),
    ("invite --uses=0", Misused("invite", "invite --uses=0", NO_USES)),
    ("invite --for", Misused("invite", "invite --for")),
    ("invite --for 90d", Misused("invite", "invite --for 90d", NO_TIME)),
    ("push a --to b --for 90d", Misused("push", "push a --to b --for 90d", NO_TIME)),
    ("pushes 1 --timeout 90d", Misused("pushes", "pushes 1 --timeout 90d", NO_TIME)),
    ("link a --for 8d", Misused("link", "link a --for 8d", NO_TIME_OF_A_LINK)),
    ("invite --group a.b", Misused("invite", "invite --group a.b", NO_GROUP)),
    ("invite" + " --group a" * 7, Misused("invite", "invite" + " --group a" * 7)),
    ("invites 1", Misused("invites", "invites 1")),
    ("revoke a.b", Misused("revoke", "revoke a.b", NO_PEER)),
    ("revoke a b", Misused("revoke", "revoke a b")),
    ("help me.txt", Misused("help", "help me.txt")),
    ("pause music.txt", Misused("pause", "pause music.txt")),
    ("limit theorem.pdf", Misused("limit", "limit theorem.pdf")),
    ("limit 2M", Misused("limit", "limit 2M")),
    ("limit up", Misused("limit", "limit up")),
    ("find", Misused("find", "find")),
    ("get", Misused("get", "get")),
    ("get f1 --from", Misused("get", "get f1 --from")),
    ("get --from s4", Misused("get", "get --from s4")),
    ("get f1 --from no!peer", Misused("get", "get f1 --from no!peer")),
    ("cancel", Misused("cancel", "cancel")),
    ("pause", Misused("pause", "pause")),
    ("resume 0", Misused("resume", "resume 0")),
    ("cancel 1-", Misused("cancel", "cancel 1-")),
    ("cancel ²", Misused("cancel", "cancel ²")),
]

SUGGESTIONS = [
    ("1 3-5", "get 1 3-5"),
    ("?", "help"),
    ("? get", "help get"),
    ("tpoo", "TOPO"),
    ("Stpo", "Stop"),
    ("quti", "quit"),
    ("tranfers", "transfers"),
    ("fnid notes", "find notes"),
    ("peer", "peers"),
    ("resmue 2", "resume 2"),
    ("download huge", "get huge"),
    ("list", "ls"),
    ("send huge", None),
    ("limit up", None),
    ("find", None),
    ("f1", None),
    ("report.txt", None),
    ("stop words.txt", None),
    ("stpo words.txt", None),
    ("find2", None),
]


class ParseTests(SynchronousTestCase):
    """One line becomes one command."""

    def test_lines(self) -> None:
        """Each of these lines has one reading."""
        for line, command in READINGS:
            self.assertEqual(parse(line), command, line)

    @given(ANY_TEXT)
    def test_any_text_means_something(self, text: str) -> None:
        """Only a blank line means nothing."""
        self.assertEqual(parse(text) is None, not text.strip())

    @given(ANY_TEXT.filter(bool), st.sampled_from("\"'"), st.sampled_from(["", "get "]))
    def test_quoted_names(self, name: str, quote: str, word: str) -> None:
        """Whatever is between quotes is a file's name, as it is."""
        command: Any = parse(f"{word}{quote}{name}{quote}")
        self.assertEqual(command, Get(name))

    def test_every_word_is_a_command(self) -> None:
        """No two entries of the table claim one word."""
        words = [word.casefold() for entry in COMMANDS for word in entry.words]
        self.assertEqual(len(words), len(set(words)))


class SuggestTests(SynchronousTestCase):
    """A misspelled command is a file's name that is not found."""

    def test_suggestions(self) -> None:
        """What is close to a command, and would be one, is suggested."""
        for line, meant in SUGGESTIONS:
            self.assertEqual(suggest(line), meant, line)
        for line in ("invit --uses 0", "p2p limit sideways", "p2p doctor", "p2p"):
            self.assertIsNone(suggest(line), line)

    def test_for_a_shell(self) -> None:
        """What was typed as in a shell is suggested as it is typed here."""
        self.assertEqual(suggest("p2p find f"), "find f")
        self.assertEqual(suggest("p2p get huge"), "get huge")
        self.assertEqual(suggest("p2p push huge --to @all"), "push huge --to @all")
        self.assertIsNone(suggest("p2p get huge --to ."))

    @given(ANY_TEXT)
    def test_any_text(self, text: str) -> None:
        """What is suggested can be typed."""
        meant = suggest(text)
        parsed = None if meant is None else parse(meant)
        self.assertNotIsInstance(parsed, Misused)
        self.assertFalse(isinstance(parsed, Get) and parsed.is_bare)
