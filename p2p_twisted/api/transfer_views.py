"""What the API answers about downloads and uploads, as frozen values."""

from typing import Literal

import attrs

from p2p_twisted.api.views import AddressView, Count, FaultView, Rate, Seconds, View


@attrs.frozen(kw_only=True)
class HolderView(View):
    """
    What one holder has delivered.

    :ivar received: verified bytes.
    :ivar how: the two reach each other: ``direct``; ``reversed``, where this peer has dialed as
        the holder could not; or through a third peer.
    """

    peer: str
    received: Count
    rate: Rate
    how: str


@attrs.frozen(kw_only=True)
class HashingView(View):
    """
    How far the holder of something is that is still being hashed.

    :ivar percent: how much of it has been hashed.
    :ivar is_growing: whether it is still being written to.
    """

    peer: str
    percent: Count
    is_growing: bool


@attrs.frozen(kw_only=True)
class ChangedView(View):
    """
    A file of a folder that is missing, as its holder has changed it.

    :ivar peer: that holder.
    """

    name: str
    peer: str


@attrs.frozen(kw_only=True)
class DownloadView(View):
    """
    One download, as it stands.

    :ivar number: what it is called by.
    :ivar id: of its content; empty while its holder is still hashing it.
    :ivar received: verified bytes, of ``size``.
    :ivar files: more than one, or none, for a folder.
    :ivar is_ended: whether nothing more will happen to it.
    :ivar is_resting: whether nothing more will happen to it soon.
    :ivar is_kept: whether it has ended, and can be canceled: asked for again, it goes on.
    :ivar seconds: how long it took, if it has ended.
    :ivar path: where it lies, once it is saved.
    :ivar reason: why it has failed, was given up or does not go on, or what its holder says.
    :ivar missing: what of a folder nobody shares any more.
    :ivar changed: those of them that a holder has changed.
    :ivar older: names that other files had already, which stay; so it has another one.
    :ivar unshared: how many entries of a folder its holder does not share.
    :ivar unreachable: holders that cannot be reached, nor reach this peer.
    :ivar hashing: how far its holder is, while that hashes it.
    :ivar exit: what a command that waits for it exits with.
    """

    number: int
    name: str
    id: str
    size: Count
    received: Count
    files: Count
    state: Literal[
        "seeking",
        "hashing",
        "waiting",
        "queued",
        "blocked",
        "paused",
        "checking",
        "copying",
        "receiving",
        "saving",
        "saved",
        "incomplete",
        "failed",
        "canceled",
    ]
    is_ended: bool
    is_resting: bool
    exit: Count
    is_kept: bool = False
    rate: Rate | None = None
    seconds_left: Seconds | None = None
    holders: tuple[HolderView, ...] = ()
    path: str | None = None
    seconds: Seconds | None = None
    was_here: bool | None = None
    reason: str | None = None
    missing: tuple[str, ...] = ()
    changed: tuple[ChangedView, ...] = ()
    older: tuple[str, ...] = ()
    unshared: Count = 0
    unreachable: tuple[AddressView, ...] = ()
    hashing: HashingView | None = None


@attrs.frozen(kw_only=True)
class UploadView(View):
    """
    What is being sent to another peer.

    :ivar sent: bytes, of this content and of all others that the peer asked for with it.
    :ivar how: the two reach each other: ``direct``; ``reversed``, where the other peer has dialed
        as this one could not; or through a third peer.
    """

    name: str
    peer: str
    id: str
    sent: Count
    rate: Rate
    how: str


@attrs.frozen(kw_only=True)
class RelayedView(View):
    """
    Two other peers that are joined here, as neither can dial the other.

    :ivar copied: bytes, in both directions.
    """

    requester: str
    holder: str
    copied: Count
    rate: Rate


@attrs.frozen(kw_only=True)
class TransfersView(View):
    """The downloads of this run, oldest first, what is being sent, and what is relayed."""

    downloads: tuple[DownloadView, ...]
    uploads: tuple[UploadView, ...]
    relayed: tuple[RelayedView, ...] = ()


@attrs.frozen(kw_only=True)
class DownloadsView(View):
    """Those downloads that something was done to, as they stood."""

    downloads: tuple[DownloadView, ...]


@attrs.frozen(kw_only=True)
class UnfetchedView(View):
    """A name for which nothing can be fetched, and why."""

    name: str
    code: str
    reason: str
    exit: Count


@attrs.frozen(kw_only=True)
class HereView(View):
    """
    What is there already, perhaps under another name.

    :ivar name: by which it was asked for.
    :ivar path: where it lies.
    :ivar id: of its content; absent where only its name is known, as no peer shares it now.
    """

    name: str
    path: str
    id: str | None


@attrs.frozen(kw_only=True)
class FetchedView(View):
    """
    How a request for downloads has ended.

    :ivar exit: what a command that waits for all of them exits with.
    :ivar here: what is there already.
    """

    exit: Count
    downloads: tuple[DownloadView, ...] = ()
    here: tuple[HereView, ...] = ()
    failed: tuple[UnfetchedView, ...] = ()


@attrs.frozen(kw_only=True)
class StepView(View):
    """
    A line of the answer to a request for downloads.

    :ivar download: progress of one of them.
    :ivar end: the last line's: how it ended.
    :ivar error: the last line's where the request itself has failed.
    """

    download: DownloadView | None = None
    end: FetchedView | None = None
    error: FaultView | None = None
