"""What an admin says at the console."""

import attrs

from p2p_twisted.console.admin_lines import date_text
from p2p_twisted.console.downloading import Outcome
from p2p_twisted.console.text import QrLine
from p2p_twisted.peer_errors import NoNetwork, NotAllowed
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.wire.messages import (
    InviteRecord,
    Listed,
    ListRecords,
    MakeInvite,
    MemberRecord,
)
from tests.console.conversation_case import ConversationCase
from tests.console.fake_admin import CODE

DATE = 1_800_000_000.0
DATE_TEXT = date_text(DATE)


class AdministrationTests(ConversationCase):
    """Invites, members and revocations."""

    def test_invite(self) -> None:
        """The code is shown, on a line of its own."""
        self.assertIs(self.outcome("invite"), Outcome.OK)
        self.assertEqual(self.talk.said, [CODE])
        self.assertIs(self.outcome("invite --uses=30 --for 2h --group Lab --admin"), Outcome.OK)
        terms = [MakeInvite(), MakeInvite(30, 7_200, True, ("lab",))]
        self.assertEqual(self.peer.asked, [("invite", each) for each in terms])

    def test_qr(self) -> None:
        """With --qr it is drawn below that."""
        self.outcome("invite --qr")
        code, *lines = self.talk.said
        self.assertEqual(code, CODE)
        self.assertGreater(len(lines), 10)
        self.assertTrue(all(isinstance(line, QrLine) for line in lines))

    def test_members(self) -> None:
        """Each has a line; of more than one answer has, the number is told."""
        anna = MemberRecord("anna", DATE, admin=True, groups=("lab", "office"))
        some = Listed(members=(anna, MemberRecord("ben", DATE)), more=9_998)
        self.peer.will("records", some)
        self.outcome("members")
        self.assertEqual(
            self.talk.said,
            [
                f"anna  until {DATE_TEXT}  admin, in lab office",
                f"ben   until {DATE_TEXT}",
                "... and 9,998 more: p2p members lists them all",
                "10,000 members",
            ],
        )
        self.assertEqual(self.peer.asked, [("records", ListRecords("members"))])

    def test_invites(self) -> None:
        """Each has a line that begins with its id; one is taken back by that."""
        self.peer.will("records", Listed(invites=(InviteRecord("3f2a91bc", 10, DATE),)))
        self.outcome("invites")
        row = f"3f2a91bc  10 uses left  until {DATE_TEXT}"
        self.assertEqual(self.talk.said, [row, "1 open invite"])
        self.outcome("revoke --invite 3f2a91bc")
        self.assertEqual(self.talk.said, ["nobody comes in by the invite 3f2a91bc any more"])
        self.assertEqual(self.peer.asked[1:], [("void", "3f2a91bc")])

    def test_revoke(self) -> None:
        """A person is told what will happen, and asked; who says no has done nothing."""
        self.talk.answers = [True, False, False, False]
        members = Listed(members=(MemberRecord("x", DATE),))
        self.peer.will("records", members, NoNetwork("it is away"), members, Listed())
        self.assertIs(self.outcome("revoke Anna"), Outcome.OK)
        self.assertEqual(self.talk.said, ["anna was revoked"])
        self.assertIs(self.outcome("revoke ben"), Outcome.FAILED)
        self.assertEqual(self.talk.said, ["ben stays"])
        self.outcome("revoke s2")
        self.outcome("revoke ana")
        self.assertEqual(
            self.talk.asked,
            [
                "put anna out of the network until it is invited again?",
                "put ben out of the network until it is invited again?",
                "put s2, this peer itself, out of the network until it is invited again?",
                "put ana out of the network until it is invited again, though the registry knows"
                " no member of that name?",
            ],
        )
        revoked = [each for each in self.peer.asked if each[0] == "revoke"]
        self.assertEqual(revoked, [("revoke", "anna")])
        self.assertIn(("records", ListRecords("members", only="anna")), self.peer.asked)

    def test_script(self) -> None:
        """A script is asked nothing."""
        self.talk._conversation._administration._ask = None
        self.assertIs(self.outcome("revoke anna"), Outcome.OK)
        self.assertEqual(self.peer.asked, [("revoke", "anna")])

    def test_no_admin(self) -> None:
        """Who is none is told so, and scripts end with a code for it."""
        why = "only an admin may invite, and ben is none: ask anna"
        self.peer.will("invite", NotAllowed(why))
        self.assertIs(self.outcome("invite"), Outcome.FAILED)
        self.assertEqual(self.talk.said, [why])
        self.assertEqual(self.talk._conversation.exits.code, Exit.REFUSED)

    def test_wrong_value(self) -> None:
        """What may not be a name, a number or a time is told, with what may."""
        self.peer.status_now = attrs.evolve(self.peer.status_now, neighbors=())
        for line, why in (
            ("invite --group a.b", "'a.b' is no name of a group: that has 1 to 31 letters"),
            ("invite --for 2 h", "'2' is not a time from 1s to 30d"),
            ("invite --uses 0", "'0' is not a number from 1 to 1,000"),
            ("revoke a/b", "a peer's name has 1 to 31 letters"),
            (
                "revoke --registry=0123 --root-key=/stick/root.pem",
                "a registry is revoked in a shell",
            ),
        ):
            self.assertIs(self.outcome(line), Outcome.FAILED)
            self.assertTrue(self.talk.said[-1].startswith(why), self.talk.said)

    def test_misused(self) -> None:
        """What does not fit is told what would."""
        self.peer.status_now = attrs.evolve(self.peer.status_now, neighbors=())
        for line in ("invite 3", "invite --uses", "invite --for=", "invite --group"):
            self.outcome(line)
            self.assertEqual(
                self.talk.said,
                [
                    "invite takes --uses N (1 by default), --for 30m, 2h or 7d (24h), --admin,"
                    " --group NAME and --qr"
                ],
                line,
            )
        for line in ("revoke", "revoke a b", "revoke --invite"):
            self.outcome(line)
            self.assertEqual(
                self.talk.said,
                ["revoke takes the name of a peer, or --invite and its id: see invites"],
                line,
            )
