"""The verbs that make, list and end links to files, for those who have no peer."""

import argparse

from p2p_twisted.cli.answers import say
from p2p_twisted.cli.peer_client import PeerClient
from p2p_twisted.cli.show import drawn, width
from p2p_twisted.console.link_lines import link_lines
from p2p_twisted.peer.links_interface import OpenLink


def link(client: PeerClient, options: argparse.Namespace) -> int:
    """Make a link to a file."""
    wanted = {"name": options.text, "seconds": options.seconds}
    made = client.ask("POST", "/v1/links", wanted)
    code = drawn(made["qr"]) if options.qr else ()
    return say(options, made, lambda _made: [made["url"], *code])


def links(client: PeerClient, options: argparse.Namespace) -> int:
    """List the links that are open."""
    found = client.get("/v1/links")
    told = ("number", "name", "url", "expires")
    listed = [OpenLink(**{key: each[key] for key in told}) for each in found["links"]]
    return say(options, found, lambda _answer: link_lines(listed, width()))


def unlink(client: PeerClient, options: argparse.Namespace) -> int:
    """End a link."""
    ended = client.ask("DELETE", f"/v1/links/{options.number}", {})
    return say(options, ended, lambda _answer: [f"link {options.number} leads nowhere any more"])
