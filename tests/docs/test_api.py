"""The page on p2p and HTTP names all that there is."""

import argparse
import re
from pathlib import Path

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.api.peer_routes import PeerApi
from p2p_twisted.cli.talk_options import add_talk
from tests.console.fake_peer import FakePeer

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")


class ApiPageTests(SynchronousTestCase):
    """Its tables."""

    def test_requests(self) -> None:
        """Every method and path."""
        routes = PeerApi(FakePeer(), Clock(), lambda: None).routes()
        told = re.findall(r"^\| `([A-Z]+ /v1/[^?`]*)", PAGE, re.MULTILINE)
        expected = [f"{route.method} {route.path}" for route in routes]
        self.assertCountEqual(told, [*expected, "GET /v1/openapi.json"])

    def test_verbs(self) -> None:
        """Every verb that talks to a peer."""
        parser = argparse.ArgumentParser()
        verbs = parser.add_subparsers()
        add_talk(parser, verbs)
        told = re.findall(r"^\| `p2p (\w+)", PAGE, re.MULTILINE)
        self.assertCountEqual(told, list(verbs.choices))
