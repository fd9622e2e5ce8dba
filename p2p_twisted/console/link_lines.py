"""Write which links to files are open."""

from collections.abc import Iterator, Sequence

from p2p_twisted.console.admin_lines import date_text
from p2p_twisted.console.layout import table
from p2p_twisted.console.text import count, shown_name
from p2p_twisted.peer.links_interface import OpenLink


def link_lines(links: Sequence[OpenLink], width: int | None) -> Iterator[str]:
    """List links by their numbers."""
    yield from table([_row(each) for each in links], width)
    yield count(len(links), "open link")


def _row(of: OpenLink) -> tuple[str, str, str, str]:
    return str(of.number), shown_name(of.name), f"until {date_text(of.expires)}", of.url
