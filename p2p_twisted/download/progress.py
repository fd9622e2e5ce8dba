"""How far a download has come, as values that any face can render."""

import attrs

from p2p_twisted.explain.facts import Lacks, Obstacles, Sentences
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.wire.names import FileId, PeerAddress, PeerName
from p2p_twisted.wire.reaching import DIRECT


@attrs.frozen
class Undelivered:
    """
    No holder delivers.

    :ivar unreachable: holders that cannot be reached, nor reach this peer.
    :ivar refused: holders that do not serve it now, and what they say.
    :ivar misdated: holders that have no connection with this peer as a clock is wrong, and which.
    """

    unreachable: tuple[PeerAddress, ...] = ()
    refused: Sentences = ()
    misdated: Sentences = ()

    @property
    def obstacles(self) -> Obstacles:
        """All of these, as an account keeps them."""
        return self.unreachable, self.refused, self.misdated


@attrs.frozen
class Seeking(Undelivered):
    """No holder delivers at the moment; holders are being asked."""


@attrs.frozen
class Hashing:
    """
    It has no id yet, as its holder is still reading it; then it begins by itself.

    :ivar percent: how much of it has been hashed.
    :ivar is_growing: whether it is still being written to.
    """

    holder: PeerName
    percent: int
    is_growing: bool = False


@attrs.frozen
class Waiting(Undelivered):
    """
    No holder has delivered for two minutes; it goes on by itself when one is back.

    The download has not ended, but what waits for its end is told now, as it is when the
    download is blocked or paused.
    """


@attrs.frozen
class Queued:
    """Holders are known, but as many downloads as may receive at a time do so already."""


@attrs.frozen
class Blocked:
    """The disk has no room for it; it goes on by itself when there is some."""

    reason: str


@attrs.frozen
class Paused:
    """It rests until its requester has it go on."""


@attrs.frozen
class Checking:
    """What an earlier run left of it is being verified; ``received`` says how far."""


@attrs.frozen
class Contribution:
    """
    What one holder has delivered.

    :ivar received: verified bytes.
    :ivar rate: of the last seconds, in bytes per second.
    :ivar how: the two reach each other: ``direct``, ``reversed``, or through a third peer.
    """

    holder: PeerName
    received: int = 0
    rate: float = 0.0
    how: str = DIRECT


@attrs.frozen
class Copying:
    """Its content is here already, and is being copied; ``received`` says how far."""


@attrs.frozen
class Receiving:
    """
    Holders deliver.

    :ivar rate: of the last seconds, in bytes per second.
    :ivar seconds_left: at that rate; ``None`` while it is unknown.
    :ivar holders: who has delivered or is about to, in this run.
    """

    rate: float = 0.0
    seconds_left: float | None = None
    holders: tuple[Contribution, ...] = ()


@attrs.frozen
class Saving:
    """All is there and verified; it is being made safe on the disk."""


@attrs.frozen
class Saved:
    """
    It is on the disk under its final name.

    :ivar path: as the person may type it.
    :ivar holders: who delivered some of it.
    :ivar older: names that other files had already, which stay; so it has another one.
    :ivar was_here: whether all of it was there before.
    :ivar unshared: how many entries of a folder its holder does not share.
    """

    path: str
    seconds: float
    holders: tuple[Contribution, ...] = ()
    older: tuple[str, ...] = ()
    was_here: bool = False
    unshared: int = 0


@attrs.frozen
class Incomplete:
    """
    No peer shares some of it any more; the rest is on the disk.

    It is tried again when it is asked for again, or in the next run.

    :ivar path: of the folder, or of the inbox.
    :ivar missing: names of what no peer shares.
    :ivar holders: who delivered some of it.
    :ivar unshared: how many other entries of a folder its holder does not share.
    :ivar changed: those of the names for which a holder has other content now, and that holder.
    """

    path: str
    missing: tuple[str, ...]
    seconds: float
    holders: tuple[Contribution, ...] = ()
    unshared: int = 0
    changed: tuple[tuple[str, PeerName], ...] = ()

    @property
    def lacks(self) -> Lacks:
        """What is missing, by why."""
        changed = dict(self.changed)
        by_holder: dict[PeerName | None, list[str]] = {}
        for name in self.missing:
            by_holder.setdefault(changed.get(name), []).append(name)
        return tuple((holder, tuple(names)) for holder, names in by_holder.items())


@attrs.frozen
class Failed:
    """
    It ended, and will not go on by itself.

    :ivar is_kept: whether it is still wanted, and goes on when it is asked for again.
    :ivar has_arrived: whether some of it is there, and is kept then.
    :ivar exit: what a script that waits for it exits with.
    """

    reason: str
    is_kept: bool = False
    has_arrived: bool = True
    exit: Exit = Exit.DISK


@attrs.frozen
class Canceled:
    """
    It was given up; nothing unfinished of it is left.

    :ivar reason: why; empty where a person has canceled it.
    """

    reason: str = ""


State = (
    Seeking
    | Hashing
    | Waiting
    | Queued
    | Blocked
    | Paused
    | Checking
    | Copying
    | Receiving
    | Saving
    | Saved
    | Incomplete
    | Failed
    | Canceled
)


@attrs.frozen
class Progress:
    """
    One download, as it stands.

    :ivar number: what the person calls it by.
    :ivar received: verified bytes, of ``size``.
    :ivar files: more than one, or none, for a folder.
    """

    number: int
    name: str
    file_id: FileId
    size: int
    received: int = 0
    files: int = 1
    state: State = attrs.field(factory=Seeking)

    @property
    def is_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return isinstance(self.state, Saved | Incomplete | Failed | Canceled)

    @property
    def is_kept(self) -> bool:
        """Whether it has ended, but goes on when it is asked for again, unless it is canceled."""
        state = self.state
        return isinstance(state, Incomplete) or (isinstance(state, Failed) and state.is_kept)

    @property
    def is_resting(self) -> bool:
        """Whether nothing more will happen to it soon."""
        return self.is_ended or isinstance(self.state, Waiting | Blocked | Paused)

    @property
    def exit(self) -> Exit:
        """What a script that waits for it exits with: how it has ended, or why it has not."""
        match self.state:
            case Saved():
                return Exit.DONE
            case Failed(exit=exit_):
                return exit_
            case Incomplete():
                return Exit.SOME_FAILED if self.received else Exit.NOT_FOUND
            case _:
                return Exit.UNFINISHED
