"""What a person may ask of the console, as values."""

from typing import Literal

import attrs

from p2p_twisted.wire.names import PeerName


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

    :ivar is_bare: it was typed without a command, so that it may be a misspelt one.
    :ivar words: the names and patterns that it is, unless something is called all of it.
    """

    name: str
    holder: PeerName | None = None
    is_bare: bool = False
    words: tuple[str, ...] = ()


@attrs.frozen
class Choose:
    """Download the hit of this number from the last list; the first one is 1."""

    number: int
    holder: PeerName | None = None


@attrs.frozen
class Find:
    """Search all peers."""

    text: str


@attrs.frozen
class List:
    """List what a peer shares; without ``holder``, what this one does."""

    holder: PeerName | None = None


@attrs.frozen
class ListPeers:
    """List the peers of the network."""


@attrs.frozen
class ListTransfers:
    """List the downloads of this run."""


@attrs.frozen
class Cancel:
    """Give up a download."""

    number: int


@attrs.frozen
class Pause:
    """Let a download rest; without ``number``, all of them."""

    number: int | None = None


@attrs.frozen
class Resume:
    """Go on with a download that rests or waits; without ``number``, with all of them."""

    number: int | None = None


@attrs.frozen
class ShowLimits:
    """Show the most that is sent and received."""


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
    """Show how this peer is."""


@attrs.frozen
class Help:
    """Explain a command; without ``command``, list them all."""

    command: str | None = None


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
    | Cancel
    | Pause
    | Resume
    | ShowLimits
    | Limit
    | ShowStatus
    | Help
)
