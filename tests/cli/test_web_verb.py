"""``p2p web`` opens the page, or says where it is."""

import argparse
import contextlib
import io
import os
import webbrowser
from typing import Any, cast

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.cli.peer_client import PeerClient
from p2p_twisted.cli.web_verb import web

URL = "http://127.0.0.1:9100/#code"


class Client:
    """A peer that has a page."""

    name = "s1"

    def ask(self, *asked: Any) -> dict[str, str]:
        assert asked == ("POST", "/v1/page", {})
        return {"url": URL}


class WebVerbTests(SynchronousTestCase):
    """On a machine with a screen and a browser, or without."""

    def setUp(self) -> None:
        self.opened: list[str] = []
        self.can_open = True
        self.patch(webbrowser, "open", self.open)
        self.patch(os, "environ", {"DISPLAY": ":0"})

    def open(self, url: str) -> bool:
        self.opened.append(url)
        return self.can_open

    def run_verb(self, **options: bool) -> str:
        """Run it; return what it writes."""
        given = argparse.Namespace(**{"json": False, "url": False, **options})
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            self.assertEqual(web(cast(PeerClient, Client()), given), 0)
        return printed.getvalue()

    def test_opens(self) -> None:
        """The browser is opened, and the address not shown."""
        self.assertEqual(self.run_verb(), "opened the page of s1 in the browser\n")
        self.assertEqual(self.opened, [URL])

    def test_no_browser(self) -> None:
        """Where none can be opened, the address is written."""
        self.can_open = False
        self.assertEqual(self.run_verb(), f"{URL}\n")

    def test_no_screen(self) -> None:
        """Without a screen no browser is looked for, which would take the terminal."""
        self.patch(os, "environ", {"DISPLAY": ""})
        self.assertEqual(self.run_verb(), f"{URL}\n")
        self.assertEqual(self.opened, [])

    def test_asked_for(self) -> None:
        """The address alone, as text and as JSON."""
        self.assertEqual(self.run_verb(url=True), f"{URL}\n")
        self.assertEqual(self.run_verb(json=True), f'{{"url": "{URL}"}}\n')
        self.assertEqual(self.opened, [])
