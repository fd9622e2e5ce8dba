"""Make, list and end links to files, over the API."""

from typing import Annotated

import attrs
from msgspec import Meta

from p2p_twisted.api.request_fields import Query, Word
from p2p_twisted.api.route import Call, Route
from p2p_twisted.api.views import DoneView, View
from p2p_twisted.peer.links_interface import ILinks, OpenLink
from p2p_twisted.peer.qr_code import qr_rows


@attrs.frozen(kw_only=True)
class LinkQuery(Query):
    """
    What a link is to lead to, and for how long.

    :ivar name: a name as it is typed, or an id.
    """

    name: Word
    seconds: Annotated[int, Meta(ge=1)] = 3_600


@attrs.frozen(kw_only=True)
class LinkView(View):
    """
    A link to a file.

    :ivar number: what it is called by.
    :ivar name: of the file.
    :ivar url: gives it to whoever opens that.
    :ivar expires: until when, in seconds since 1970.
    :ivar qr: the same as a QR code: the rows of its modules, of which ``1`` is dark.
    """

    number: int
    name: str
    url: str
    expires: float
    qr: tuple[str, ...]


@attrs.frozen(kw_only=True)
class LinksView(View):
    """The links that are open, the oldest first."""

    links: tuple[LinkView, ...]


def link_routes(links: ILinks) -> tuple[Route, ...]:
    """List what a peer can be asked about links to files."""

    def view(of: OpenLink) -> LinkView:
        return LinkView(**attrs.asdict(of), qr=qr_rows(of.url))

    async def make(call: Call) -> LinkView:
        """Make a link to a file, for somebody on the local network who has no peer."""
        return view(await links.make(call.query.name, call.query.seconds))

    async def all_links(_call: Call) -> LinksView:
        """List the links that are open."""
        return LinksView(links=tuple(map(view, links.all())))

    async def end(call: Call) -> DoneView:
        """End a link: nobody gets its file by it any more."""
        assert call.number is not None
        links.remove(call.number)
        return DoneView()

    return (
        Route("POST", "/v1/links", make, LinkView, LinkQuery),
        Route("GET", "/v1/links", all_links, LinksView),
        Route("DELETE", "/v1/links/{number}", end, DoneView),
    )
