"""What keeps a peer from doing what a person asked for."""

import attrs

from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import FileId


class PeerError(Exception):
    """
    Something that a person asked for cannot be done; the text says why, and what to do.

    :cvar code: for programs: one word of a closed list.
    :cvar exit: what a script that asked for it exits with.
    """

    code = "failed"
    exit = Exit.USAGE


class NotFound(PeerError):
    """
    No peer has what is wanted.

    :ivar like: names that others share, one of which may be meant.
    """

    code = "not_found"
    exit = Exit.NOT_FOUND
    like: tuple[str, ...] = ()

    def __init__(self, why: str, like: tuple[str, ...] = ()) -> None:
        super().__init__(why)
        self.like = like

    def __str__(self) -> str:
        quoted = [f'"{name}"' if " " in name else name for name in self.like]
        return super().__str__() + (f"; did you mean {' or '.join(quoted)}?" if quoted else "")


class Unknown(PeerError):
    """There is no peer of that name, or no such download of that number."""

    code = "not_found"
    exit = Exit.NOT_FOUND


class IsFolder(PeerError):
    """What is wanted is a folder, where only a file will do."""

    code = "is_folder"


class NotReady(PeerError):
    """It cannot be had yet."""

    code = "not_ready"
    exit = Exit.UNFINISHED


class NoNetwork(PeerError):
    """The peer is in no network."""

    code = "no_network"
    exit = Exit.NO_NETWORK


class NotAllowed(PeerError):
    """Nobody may do that in this network."""

    code = "not_allowed"
    exit = Exit.REFUSED


class CannotKeep(PeerError):
    """The disk does not take what is to be kept."""

    code = "cannot_keep"
    exit = Exit.DISK


@attrs.frozen
class AlreadyHere(PeerError):
    """
    What is wanted is in the library or among the downloads already.

    :ivar why: for people.
    :ivar path: where it is.
    :ivar file: names its content, where that is known.
    """

    code = "already_here"

    why: str
    path: str
    file: FileId | None = None

    def __str__(self) -> str:
        return self.why


class Exists(PeerError):
    """There is something of that name, and it is not replaced."""

    code = "exists"
    exit = Exit.CONFLICT


@attrs.frozen
class Ambiguous(PeerError):
    """
    Several things are meant by a name; one of ``hits`` must be chosen.

    :ivar why: for people.
    :ivar is_numbered: whether who is told may choose by the number of a row, too.
    """

    code = "ambiguous"

    hits: tuple[Hit, ...]
    why: str = "different files have that name"
    is_numbered: bool = False

    def __str__(self) -> str:
        return self.why
