"""The commands of the console, as values."""

from typing import Literal

import attrs

from p2p_twisted.wire.messages import MakeInvite
from p2p_twisted.wire.names import PeerName

Numbers = tuple[int, ...]
"""Numbers of a list, from 1 on; at least one, and each once."""


@attrs.frozen
class Topo:
    """Show the whole network."""


@attrs.frozen
class StopNetwork:
    """Stop the whole network."""


@attrs.frozen
class LeaveNetwork:
    """Leave the network."""


@attrs.frozen
class Get:
    """
    Download by name.

    :ivar is_bare: whether it was typed without a command, so that it may be a misspelled one.
    :ivar words: the names and patterns in it, and the numbers of the last list, used if nothing
        has the whole as its name.
    """

    name: str
    holder: PeerName | None = None
    is_bare: bool = False
    words: tuple[str | int, ...] = ()


@attrs.frozen
class Choose:
    """Download hits of the last list by their numbers; the first is 1."""

    numbers: Numbers
    holder: PeerName | None = None


@attrs.frozen
class Find:
    """Search all peers."""

    text: str


@attrs.frozen
class List:
    """List what a peer shares; without ``holder``, what this peer shares."""

    holder: PeerName | None = None


@attrs.frozen
class ListPeers:
    """List the peers of the network."""


@attrs.frozen
class ListTransfers:
    """List the downloads of this run."""


@attrs.frozen
class Explain:
    """
    Explain a download, or a question.

    :ivar what: its number, its name, or what was asked; ``None`` for what was begun last.
    """

    what: str | None = None


@attrs.frozen
class Cancel:
    """Cancel downloads; without ``numbers``, all."""

    numbers: Numbers | None = None


@attrs.frozen
class Pause:
    """Pause downloads; without ``numbers``, all."""

    numbers: Numbers | None = None


@attrs.frozen
class Resume:
    """Resume paused or waiting downloads; without ``numbers``, all such downloads."""

    numbers: Numbers | None = None


@attrs.frozen
class PushFiles:
    """
    Push what this peer shares to others.

    :ivar to: peers, groups with ``@``, or ``@all``.
    :ivar seconds: for how long.
    :ivar into: a folder below where it lands.
    :ivar wait: how many seconds to wait for those that get it; ``None`` for not at all.
    """

    names: tuple[str, ...]
    to: tuple[str, ...]
    seconds: int
    into: str | None = None
    wait: float | None = None


@attrs.frozen
class ListPushes:
    """List what is pushed; or, with ``numbers``, show how these go, or ``wait`` for them."""

    numbers: Numbers | None = None
    wait: float | None = None


@attrs.frozen
class EndPushes:
    """End pushes of this peer."""

    numbers: Numbers


@attrs.frozen
class AnswerPushes:
    """Get what others push, or refuse it."""

    numbers: Numbers
    accept: bool


@attrs.frozen
class MakeLink:
    """
    Make a link to a file, for somebody who has no peer.

    :ivar what: its name or id, or its number in the last list.
    :ivar seconds: for how long.
    :ivar is_drawn: whether to show it as a QR code, too.
    """

    what: str | int
    seconds: int
    is_drawn: bool = False


@attrs.frozen
class ListLinks:
    """List the links that are open."""


@attrs.frozen
class EndLinks:
    """End links."""

    numbers: Numbers


@attrs.frozen
class ShowLimits:
    """Show the limits on what is sent and received."""


@attrs.frozen
class Limit:
    """
    Limit what is sent, or received.

    :ivar rate: as it was typed.
    """

    direction: Literal["up", "down"]
    rate: str


@attrs.frozen
class ShowStatus:
    """Show the state of this peer."""


@attrs.frozen
class InviteOthers:
    """
    Make an invite to a private network.

    :ivar is_drawn: whether to show it as a QR code, too.
    """

    terms: MakeInvite
    is_drawn: bool = False


@attrs.frozen
class ListInvites:
    """List the invites that are open."""


@attrs.frozen
class TakeInviteBack:
    """Have an invite let nobody in any more."""

    invite: str


@attrs.frozen
class RevokePeer:
    """Put a peer out of a private network."""

    name: PeerName


@attrs.frozen
class ListMembers:
    """List who has a certificate of a private network."""


@attrs.frozen
class Help:
    """Explain a command; without ``command``, list those used most, or all."""

    command: str | None = None
    lists_all: bool = False


@attrs.frozen
class Misused:
    """
    Explain what a command takes, unless the line is the name of something shared.

    :ivar command: its name.
    :ivar line: the whole line, as typed.
    :ivar why: what is wrong with it, where more is known than that it does not fit.
    """

    command: str
    line: str
    why: str = ""


Command = (
    Topo
    | StopNetwork
    | LeaveNetwork
    | Get
    | Choose
    | Find
    | List
    | ListPeers
    | ListTransfers
    | Explain
    | Cancel
    | Pause
    | Resume
    | PushFiles
    | ListPushes
    | EndPushes
    | AnswerPushes
    | MakeLink
    | ListLinks
    | EndLinks
    | ShowLimits
    | Limit
    | ShowStatus
    | InviteOthers
    | ListInvites
    | TakeInviteBack
    | RevokePeer
    | ListMembers
    | Help
    | Misused
)


def asks_network(command: Command) -> bool:
    """Return whether a command waits for the network where there is none yet."""
    match command:
        case List(holder=holder):
            return holder is not None
        case Topo() | StopNetwork() | Get() | Choose():
            return True
        case _:
            return isinstance(command, Find | ListPeers)
