"""What requests say, as frozen values; their document is generated from these."""

from typing import Annotated

import attrs
from msgspec import Meta

from p2p_twisted.api.limits import LOG_LINES_KEPT, MEMBERS_AT_ONCE, WORDS_AT_ONCE
from p2p_twisted.offers.limits import OFFER_DAYS, RECIPIENTS
from p2p_twisted.offers.offer import USUAL_DAYS, Recipient
from p2p_twisted.runtime.amounts import DAY_SECONDS
from p2p_twisted.trust.limits import (
    GROUPS_OF_A_PEER,
    INVITE_DAYS,
    INVITE_USES,
    STATEMENT_CHARACTERS,
)
from p2p_twisted.wire.limits import PEER_NAME_CHARACTERS
from p2p_twisted.wire.names import PeerName

Word = Annotated[str, Meta(min_length=1, max_length=1_024)]
Number = Annotated[int, Meta(ge=1, le=10**9)]


@attrs.frozen(kw_only=True)
class Query:
    """Something that the API is told; fields that it does not know are refused."""


@attrs.frozen(kw_only=True)
class NoQuery(Query):
    """No fields at all."""


@attrs.frozen(kw_only=True)
class FindQuery(Query):
    """
    A search.

    :ivar text: part of a name, or a pattern such as ``*.txt``.
    :ivar numbered: whether rows get numbers to choose by, in place of those of the last list.
    """

    text: Word
    numbered: bool = True


@attrs.frozen(kw_only=True)
class FilesQuery(Query):
    """
    Whose files to list.

    :ivar peer: this one's own by default.
    :ivar numbered: whether rows get numbers to choose by, in place of those of the last list.
    """

    peer: Word | None = None
    numbered: bool = True


@attrs.frozen(kw_only=True)
class ExplainQuery(Query):
    """
    What to explain.

    :ivar of: the number or the name of a download, or what was asked of all peers; by default, what
        was begun last.
    """

    of: Word | None = None


@attrs.frozen(kw_only=True)
class GetQuery(Query):
    """
    What to download.

    :ivar names: names, patterns and ids.
    :ivar numbers: of rows of the last list that the same caller was shown.
    :ivar peer: the only holder that counts.
    :ivar numbered: whether what an ambiguous name may mean gets numbers, as a list does.
    :ivar file: whether a folder, or more than one file, is refused, before any of it is fetched.
    :ivar detach: whether to answer as soon as all have begun.
    """

    names: Annotated[tuple[Word, ...], Meta(max_length=WORDS_AT_ONCE)] = ()
    numbers: Annotated[tuple[Number, ...], Meta(max_length=WORDS_AT_ONCE)] = ()
    peer: Word | None = None
    numbered: bool = True
    file: bool = False
    detach: bool = False


Rate = Annotated[int, Meta(ge=0, le=2**50)]


@attrs.frozen(kw_only=True)
class LimitsQuery(Query):
    """New limits, in bytes per second: 0 for none; what is left out stays as it is."""

    up: Rate | None = None
    down: Rate | None = None


@attrs.frozen(kw_only=True)
class EventsQuery(Query):
    """
    From where on to tell.

    :ivar after: the number of the last event that was read; by default, from now on.
    :ivar network: whether to look at the whole network again and again, so that ``peers`` tells
        what changes in it; otherwise, it does when others look.
    :ivar person: whether a person reads, who can be asked about what others push.
    """

    after: Annotated[int, Meta(ge=0, le=2**62)] | None = None
    network: bool = False
    person: bool = False


@attrs.frozen(kw_only=True)
class LogQuery(Query):
    """
    How much of the log to write.

    :ivar follow: whether to go on with what comes.
    """

    lines: Annotated[int, Meta(ge=0, le=LOG_LINES_KEPT)] = 100
    follow: bool = False


@attrs.frozen(kw_only=True)
class MembersQuery(Query):
    """
    Which of the registered peers to list.

    :ivar after: only those whose names come after this one.
    """

    after: Annotated[str, Meta(max_length=64)] = ""
    most: Annotated[int, Meta(ge=1, le=MEMBERS_AT_ONCE)] = MEMBERS_AT_ONCE


@attrs.frozen(kw_only=True)
class InviteQuery(Query):
    """
    An invite to make.

    :ivar uses: how many peers it lets in.
    :ivar seconds: for how long.
    :ivar admin: whether they are admins.
    :ivar groups: which groups they are in.
    :ivar registry: whether they are registries, which only a registry may invite.
    """

    uses: Annotated[int, Meta(ge=1, le=INVITE_USES)] = 1
    seconds: Annotated[int, Meta(ge=1, le=INVITE_DAYS * DAY_SECONDS)] = DAY_SECONDS
    admin: bool = False
    groups: Annotated[tuple[PeerName, ...], Meta(max_length=GROUPS_OF_A_PEER)] = ()
    registry: bool = False


@attrs.frozen(kw_only=True)
class PushQuery(Query):
    """
    What to push to others.

    :ivar name: of what this peer shares, or its id.
    :ivar to: peers, groups of a private network with ``@``, or ``@all``.
    :ivar seconds: for how long others hear of it.
    :ivar into: the folder in which it lands, below where pushes land.
    """

    name: Word
    to: Annotated[tuple[Recipient, ...], Meta(min_length=1, max_length=RECIPIENTS)]
    seconds: Annotated[int, Meta(ge=1, le=OFFER_DAYS * DAY_SECONDS)] = USUAL_DAYS * DAY_SECONDS
    into: Word | None = None


@attrs.frozen(kw_only=True)
class StatementQuery(Query):
    """
    Something that the key of a private network's root has signed.

    :ivar statement: all of it.
    """

    statement: Annotated[str, Meta(max_length=STATEMENT_CHARACTERS)]


@attrs.frozen(kw_only=True)
class RecordsQuery(Query):
    """
    Which members, or invites, to list.

    :ivar after: only those whose names, or ids, come after this one.
    :ivar only: the member of this name alone, if there is one.
    """

    after: Annotated[str, Meta(max_length=PEER_NAME_CHARACTERS)] = ""
    only: PeerName | None = None
