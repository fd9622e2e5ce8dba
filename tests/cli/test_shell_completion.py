"""What may be typed next."""

from typing import Any, cast

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.cli.main import command_parser
from p2p_twisted.cli.peer_client import PeerClient
from p2p_twisted.cli.shell_completion import FILES, SCRIPTS, candidates


class KnowingPeer:
    """Answers as a running peer does; lists only where what was shown last keeps its numbers."""

    def get(self, path: str, **query: str) -> Any:
        if path in ("/v1/find", "/v1/files"):
            assert query["numbered"] == "false"
        return {
            "/v1/status": {
                "shares": [{"name": "lab", "path": "/data/lab"}],
                "certificate": {"groups": ["lab"]},
            },
            "/v1/offers": {"offers": [{"number": 1}, {"number": 12}]},
            "/v1/files": {"hits": [{"name": "own.txt"}, {"name": "lab"}, {"name": "lab/x"}]},
            "/v1/members": {"members": [{"name": "anna"}, {"name": "ben"}]},
            "/v1/invites": {"invites": [{"id": "3f2a91bc"}]},
            "/v1/topology": {"peers": [{"name": "s1"}, {"name": "s2"}]},
            "/v1/find": {"hits": [{"name": "b.txt"}, {"name": "a b.txt"}, {"name": "b.txt"}]},
            "/v1/transfers": {
                "downloads": [{"number": 1, "is_ended": True}, {"number": 2, "is_ended": False}]
            },
        }[path]


class CandidatesTests(SynchronousTestCase):
    """Behind ``p2p``."""

    def told(self, *words: str) -> list[str]:
        return candidates(command_parser(), words, cast(PeerClient, KnowingPeer()))

    def test_verbs(self) -> None:
        """The first word is a verb, also behind options."""
        self.assertEqual(self.told("sta"), ["status"])
        self.assertIn("registry", self.told(""))
        self.assertEqual(self.told("--peer", "s1", "--json", "sta"), ["status"])
        self.assertNotIn("complete", self.told("comp"))

    def test_options(self) -> None:
        """Of the verb, with their values."""
        self.assertEqual(self.told("get", "--de"), ["--detach"])
        self.assertEqual(self.told("peer", "--max-u"), ["--max-up"])
        self.assertEqual(self.told("get", "--to", "x"), [FILES])
        self.assertEqual(self.told("get", "--from", ""), ["s1", "s2"])
        self.assertEqual(self.told("completion", ""), list(SCRIPTS))

    def test_names(self) -> None:
        """What the peer knows, each once."""
        self.assertEqual(self.told("get", ""), ["a b.txt", "b.txt"])
        self.assertEqual(self.told("ls", "s"), ["s1", "s2"])
        self.assertEqual(self.told("cancel", ""), ["2"])

    def test_own(self) -> None:
        """What is unshared is the peer's own, in its own directory."""
        self.assertEqual(self.told("unshare", ""), ["own.txt"])
        self.assertEqual(self.told("unshare", "own.txt", "o"), ["own.txt"])

    def test_next(self) -> None:
        """Each word is completed as what stands there, and none that the verb does not take."""
        self.assertEqual(self.told("limit", ""), ["up", "down"])
        self.assertEqual(self.told("limit", "up", ""), [])
        self.assertEqual(self.told("ls", "s1", ""), [])
        self.assertEqual(self.told("ls", "--json", "--peer", "s1", "s"), ["s1", "s2"])
        self.assertEqual(self.told("get", "b.txt", "a"), ["a b.txt"])

    def test_admin(self) -> None:
        """Members are completed that do not run, too, and invites by their ids."""
        self.assertEqual(self.told("revoke", "b"), ["ben"])
        self.assertEqual(self.told("revoke", "--invite", ""), ["3f2a91bc"])

    def test_pushes(self) -> None:
        """What to push is a path; to whom, a group or a peer, also behind others; and numbers."""
        self.assertEqual(self.told("push", ""), [FILES])
        self.assertEqual(self.told("push", "x", "--to", ""), ["@all", "@lab", "s1", "s2"])
        self.assertEqual(self.told("push", "x", "--to", "s1,s"), ["s1,s1", "s1,s2"])
        self.assertEqual(self.told("accept", "1"), ["1", "12"])
        self.assertEqual(self.told("pushes", "3", ""), ["1", "12"])

    def test_joined(self) -> None:
        """A value may be joined to its option: as one word, or as the three that bash makes."""
        self.assertEqual(self.told("get", "--from=s"), ["--from=s1", "--from=s2"])
        self.assertEqual(self.told("get", "--from", "=", "s"), ["s1", "s2"])
        self.assertEqual(self.told("get", "--from", "="), ["s1", "s2"])
        self.assertEqual(self.told("get", "--to="), [FILES])
        self.assertEqual(self.told("--peer=s1", "statu"), ["status"])

    def test_nobody_to_ask(self) -> None:
        """Without a peer, and behind what is no verb, there is nothing to say."""
        self.assertEqual(candidates(command_parser(), ["get", ""], None), [])
        self.assertEqual(self.told("nonsense", ""), self.told(""))
