"""The links by which somebody else gets one file, for some time."""

import secrets
from collections.abc import Sequence
from hmac import compare_digest
from typing import Final

from attrs import define, field, frozen

from p2p_twisted.gateway.limits import LINKS_AT_ONCE
from p2p_twisted.wire.messages import Hit

_TOKEN_BYTES: Final = 16


@frozen
class FileLink:
    """
    A link to one file.

    :ivar number: what its user calls it by.
    :ivar token: what nobody can guess; whoever knows it gets the file.
    :ivar until: seconds on the monotonic clock.
    """

    number: int
    token: str = field(repr=False)
    hit: Hit
    until: float


class TooManyLinks(Exception):
    """So many links are open that there is no other."""


@define
class FileLinks:
    """The links that are open. Of each, seconds are on the monotonic clock."""

    _links: dict[int, FileLink] = field(factory=dict, init=False)
    _last: int = field(default=0, init=False)

    def add(self, hit: Hit, seconds: float, now: float) -> FileLink:
        """
        Make a link to a file.

        :raises TooManyLinks: when there are so many.
        """
        if len(self.all(now)) >= LINKS_AT_ONCE:
            raise TooManyLinks
        self._last += 1
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        link = self._links[self._last] = FileLink(self._last, token, hit, now + seconds)
        return link

    def all(self, now: float) -> Sequence[FileLink]:
        """List those that have not ended, the oldest first."""
        self._links = {number: each for number, each in self._links.items() if each.until > now}
        return tuple(self._links.values())

    def find(self, token: str, now: float) -> FileLink | None:
        """Find a link by its token."""
        given = token.encode("utf-8", "replace")
        found = (each for each in self.all(now) if compare_digest(each.token.encode(), given))
        return next(found, None)

    def remove(self, number: int) -> FileLink | None:
        """End a link; return it, if there was one."""
        return self._links.pop(number, None)
