"""Decide what a requester may read, by the certificate on its connection, and refuse the rest."""

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from attrs import frozen
from twisted.internet.defer import Deferred

from p2p_twisted.upload.small_sender import SharedContent, missing
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.names import FileId, PeerName
from p2p_twisted.wire.source import Source


class Refusal(Protocol):
    """Tells the requester why a request is not served."""

    def __call__(self, reason: str, gone: bool = False, fetch: bool = False) -> None:
        """
        Refuse.

        :param gone: whether asking again is in vain.
        :param fetch: whether the requester may dial this peer, and name its ticket.
        """


class PushedContent(Protocol):
    """What was pushed to this peer, which others that it was pushed to may read."""

    def readable_by(self, name: PeerName, groups: Collection[str]) -> SharedContent:
        """Return what a peer may read that is in some groups, as far as is known."""

    def is_for_group(self, file_id: FileId) -> bool:
        """Return whether who is in the right group may read some content."""

    def is_here(self, file_id: FileId) -> bool:
        """Return whether some content is here, so that who does not get it is not meant."""


@frozen
class _OneOf:
    """What is shared in one way or the other."""

    _first: SharedContent
    _second: SharedContent

    @property
    def is_settled(self) -> bool:
        """Whether all is known."""
        return self._first.is_settled and self._second.is_settled

    def open(self, file_id: FileId) -> "Deferred[Source | None]":
        """Open some of it."""
        return Deferred.fromCoroutine(self._open(file_id))

    async def _open(self, file_id: FileId) -> Source | None:
        source = await self._first.open(file_id)
        return source if source is not None else await self._second.open(file_id)

    def read_small(self, file_ids: Sequence[FileId]) -> "Deferred[Sequence[bytes | None]]":
        """Read what is shared in the first way, or otherwise in the second."""
        return Deferred.fromCoroutine(self._read_small(file_ids))

    async def _read_small(self, file_ids: Sequence[FileId]) -> Sequence[bytes | None]:
        wholes = await self._first.read_small(file_ids)
        return wholes if wholes[0] is not None else await self._second.read_small(file_ids)


@frozen
class Readers:
    """
    Knows who may read what.

    :ivar everybody: what all may read.
    :ivar of_groups: returns what may be read by who is in some groups; ``None`` where nothing is
        shared with groups.
    :ivar pushed: what was pushed; ``None`` where nothing is served of that.
    """

    everybody: SharedContent
    of_groups: Callable[[Collection[str]], SharedContent] | None = None
    pushed: PushedContent | None = None

    def content_for(self, requester: PeerName, connection: Connection | None) -> SharedContent:
        """
        Return what a requester may read.

        :param connection: on which it has asked itself; ``None`` where others have passed that on,
            who can say what they like.
        """
        if self.of_groups is None and self.pushed is None:
            return self.everybody
        shown = None if connection is None else connection.gate.other_end
        is_other = shown is not None and shown.name != requester
        # What is sent to who is dialed is sent only to the peer of that name.
        name, groups = ("", ()) if is_other else (requester, shown.groups if shown else ())
        shared = self.everybody
        if self.of_groups is not None and shown is not None and not is_other:
            shared = self.of_groups(groups)
        if self.pushed is None:
            return shared
        return _OneOf(shared, self.pushed.readable_by(name, groups))

    def why_not(self, file_id: FileId, shared: SharedContent) -> tuple[str, bool]:
        """Say why a requester does not find content among what it may read, and if for good."""
        if self.pushed is not None and self.pushed.is_here(file_id):
            return "it was pushed to others, and is for these alone", True
        return missing(shared)

    def is_to_show(self, file_id: FileId, connection: Connection | None) -> bool:
        """Return whether a requester may read content as soon as it has shown its groups."""
        pushed = None if connection is not None else self.pushed
        return pushed is not None and pushed.is_for_group(file_id)
