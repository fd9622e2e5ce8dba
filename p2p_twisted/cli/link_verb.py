"""The verbs that make, list and end links to files, for those who have no peer."""

import argparse
from collections.abc import Mapping
from typing import Any

from p2p_twisted.cli.answers import say
from p2p_twisted.cli.peer_client import PeerClient
from p2p_twisted.cli.show import drawn, width
from p2p_twisted.console.admin_lines import date_text
from p2p_twisted.console.layout import table
from p2p_twisted.console.text import count, shown_name


def link(client: PeerClient, options: argparse.Namespace) -> int:
    """Make a link to a file."""
    wanted = {"name": options.text, "seconds": options.seconds}
    made = client.ask("POST", "/v1/links", wanted)
    code = drawn(made["qr"]) if options.qr else ()
    return say(options, made, lambda _made: [made["url"], *code])


def links(client: PeerClient, options: argparse.Namespace) -> int:
    """List the links that are open."""
    found = client.get("/v1/links")
    rows = [_row(each) for each in found["links"]]
    lines = [*table(rows, width()), count(len(rows), "open link")]
    return say(options, found, lambda _answer: lines)


def unlink(client: PeerClient, options: argparse.Namespace) -> int:
    """End a link."""
    ended = client.ask("DELETE", f"/v1/links/{options.number}", {})
    return say(options, ended, lambda _answer: [f"link {options.number} leads nowhere any more"])


def _row(of: Mapping[str, Any]) -> tuple[str, str, str, str]:
    until = f"until {date_text(of['expires'])}"
    return str(of["number"]), shown_name(of["name"]), until, of["url"]
