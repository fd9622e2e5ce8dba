"""Links to files, for those who have no peer: the door for every face."""

from collections.abc import Coroutine
from typing import Any

import attrs
from zope.interface import Interface

from p2p_twisted.wire.messages import Hit


@attrs.frozen
class OpenLink:
    """
    A link to one file that is open.

    :ivar number: what its user calls it by.
    :ivar name: of the file.
    :ivar url: gives the file to whoever opens it, and so is a secret.
    :ivar expires: until when, in seconds since 1970.
    """

    number: int
    name: str
    url: str = attrs.field(repr=False)
    expires: float


class ILinks(Interface):
    """Makes links to files, lists and ends them; :class:`PeerError` says why it cannot."""

    def make(wanted: "str | Hit", seconds: float) -> Coroutine[Any, Any, OpenLink]:
        """
        Make a link to a file, here or at others.

        :param wanted: its name as typed, its id, or a hit.
        :param seconds: for how long, ``LINK_DAYS`` at most.
        """

    def all() -> tuple[OpenLink, ...]:
        """List the open links, the oldest first."""

    def remove(number: int) -> None:
        """End a link."""
