"""The page on p2p and HTTP names all that there is."""

import re
from pathlib import Path
from typing import cast

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.api.kept_log import KeptLog
from p2p_twisted.api.peer_routes import PeerApi
from p2p_twisted.api.registry_routes import RegistryApi
from p2p_twisted.cli.talk_options import talk_verbs
from p2p_twisted.gateway.link_port import LinkPort
from p2p_twisted.gateway.link_routes import link_routes
from p2p_twisted.registry.registry import Registry
from tests.console.fake_peer import FakePeer

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "api.md").read_text("utf-8")


class ApiPageTests(SynchronousTestCase):
    """Its tables."""

    def test_requests(self) -> None:
        """Every method and path, of a peer and of a registry."""
        peer, registry = PAGE.split("## A registry")
        log = KeptLog(Clock())
        api = RegistryApi(
            reactor=Clock(),
            registry=cast(Registry, None),
            network="default",
            address=lambda: ("", 0),
            leave=lambda: None,
            log=log,
        )
        for page, routes, more in (
            (
                peer,
                (
                    *PeerApi(FakePeer(), Clock(), lambda: None, log).routes(),
                    *link_routes(cast(LinkPort, None)),
                ),
                ["GET /v1/openapi.json", "POST /v1/page"],
            ),
            (registry, api.routes(), ["POST /v1/page"]),
        ):
            told = re.findall(r"^\| `([A-Z]+ /[^?`]*)", page, re.MULTILINE)
            expected = [f"{route.method} {route.path}" for route in routes]
            self.assertCountEqual(told, [*expected, *more])

    def test_verbs(self) -> None:
        """Every verb that talks to a peer, and the one that starts a relay."""
        page = (DOCS / "cli.md").read_text("utf-8")
        told = re.findall(r"^\| `p2p (\w+)", page, re.MULTILINE)
        self.assertCountEqual(told, [*talk_verbs(), "relay"])
