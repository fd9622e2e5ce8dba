"""What the API answers, as frozen values; its document is generated from these."""

import json
from typing import Annotated, ClassVar, Literal

import attrs
import msgspec
from msgspec import Meta

Count = Annotated[int, Meta(ge=0)]
Seconds = Annotated[float, Meta(ge=0)]
Rate = Annotated[float, Meta(ge=0, description="bytes per second")]
Limit = Annotated[int | None, Meta(description="bytes per second; null for no limit")]


@attrs.frozen(kw_only=True)
class View:
    """
    Something that the API answers.

    :cvar media_type: how it is written.
    """

    media_type: ClassVar[str] = "application/json"

    def encoded(self) -> bytes:
        """Write it as JSON."""
        try:
            return msgspec.json.encode(self)
        except UnicodeEncodeError:
            # Of this machine, as a path whose bytes are no UTF-8: JSON can say even that.
            return json.dumps(msgspec.to_builtins(self)).encode()


@attrs.frozen(kw_only=True)
class AddressView(View):
    """Where a peer listens."""

    name: str
    host: str
    port: int


@attrs.frozen(kw_only=True)
class LimitsView(View):
    """The most that a peer sends and receives."""

    up: Limit
    down: Limit


@attrs.frozen(kw_only=True)
class NamedShareView(View):
    """
    Another directory that a peer shares.

    :ivar name: of the folder as which it is shared; ``@lab`` is ``lab``, for that group alone.
    """

    name: str
    path: str


@attrs.frozen(kw_only=True)
class ExcludedView(View):
    """
    A name below a peer's directory that cannot be shared.

    :ivar reason: a sentence for people.
    """

    name: str
    reason: str


@attrs.frozen(kw_only=True)
class CertificateView(View):
    """
    A peer's part in a private network.

    :ivar admin: whether it may invite, revoke and stop.
    :ivar groups: which groups it is in.
    :ivar expires: until when its certificate is good, in seconds since 1970.
    :ivar renewal_fault: why there is no newer one, though it was asked for.
    """

    admin: bool
    groups: tuple[str, ...]
    expires: float
    renewal_fault: str | None


@attrs.frozen(kw_only=True)
class StatusView(View):
    """
    A peer at a glance.

    :ivar address: absent until it has joined.
    :ivar registry_fault: why the registry, when last asked, did not answer or refused.
    :ivar clock_ahead: how many seconds its clock is ahead of the registry's, if that is known.
    :ivar clock_fault: why members have no connection with it, if a wrong clock is why.
    :ivar reachable: whether the registry could dial it; absent where it has not tried.
    :ivar shares: other directories that it shares.
    :ivar size: of all files, in bytes.
    :ivar hashing: how many of the files are still being hashed.
    :ivar excluded: how many names below the directory cannot be shared.
    :ivar unshared: the first 20 of these, and why.
    :ivar ignored: how many names there the ignore files (``.p2pignore``) leave out.
    :ivar reshared: how many downloads others can find; absent without ``--reshare``.
    :ivar sent: bytes of files, since it was started.
    :ivar received: likewise.
    :ivar relays: how many pairs of other peers it relays between now.
    :ivar relay_limit: of these together, in bytes per second; null where it relays nothing.
    :ivar uptime: in seconds.
    :ivar certificate: absent in an open network.
    """

    kind: Literal["peer"] = "peer"
    version: str
    name: str
    network: str
    address: AddressView | None
    registry: str
    registered: bool
    registry_fault: str | None
    clock_ahead: float | None
    clock_fault: str | None
    reachable: bool | None
    neighbors: tuple[AddressView, ...]
    directory: str
    downloads: str
    shares: tuple[NamedShareView, ...]
    files: Count
    size: Count
    hashing: Count
    excluded: Count
    unshared: tuple[ExcludedView, ...]
    ignored: Count
    reshared: Count | None
    limits: LimitsView
    sent: Count
    received: Count
    relays: Count
    relay_limit: Count | None
    uptime: Seconds
    certificate: CertificateView | None


@attrs.frozen(kw_only=True)
class TopologyPeerView(View):
    """A peer and the neighbors that it says it has."""

    name: str
    neighbors: tuple[str, ...]


@attrs.frozen(kw_only=True)
class TopologyView(View):
    """
    The network as this peer saw it.

    :ivar links: those that both ends report, each once, the smaller name first.
    :ivar silent: peers that did not answer.
    """

    peers: tuple[TopologyPeerView, ...]
    links: tuple[tuple[str, str], ...]
    silent: tuple[str, ...]
    seconds: Seconds


@attrs.frozen(kw_only=True)
class HitView(View):
    """
    A file or folder that a peer shares.

    :ivar name: its path below what the peer shares.
    :ivar size: in bytes; a folder's is that of all its files.
    :ivar id: names the content; absent while it is still being hashed.
    :ivar hashed: how much of it has been hashed, in percent.
    :ivar partial: whether its holder is still downloading it itself.
    :ivar modified: when it was last written to, in seconds since 1970, if that is known.
    :ivar unshared: how many entries below a folder its holder does not share.
    :ivar number: of its row, which other holders of the same may be in, too: see ``numbers`` of
        a download; absent behind the first thousand rows.
    """

    name: str
    peer: str
    kind: Literal["file", "folder"]
    size: Count
    id: str | None
    hashed: Annotated[int, Meta(ge=0, le=100)]
    partial: bool
    modified: float | None
    executable: bool
    unshared: Count
    number: int | None = None


@attrs.frozen(kw_only=True)
class FoundView(View):
    """
    The result of a search, best first; one file may have several holders.

    :ivar answered: how many other peers answered, of ``asked``.
    :ivar cut: whether some peers had no time, or no room, to answer in full.
    """

    hits: tuple[HitView, ...]
    asked: Count
    answered: Count
    silent: tuple[str, ...]
    seconds: Seconds
    cut: bool


@attrs.frozen(kw_only=True)
class DoneView(View):
    """It is done, and there is nothing to say."""


@attrs.frozen(kw_only=True)
class PageView(View):
    """
    The page for browsers.

    :ivar url: where it is; it lets one browser in, within a minute.
    """

    url: str


@attrs.frozen(kw_only=True)
class FaultView(View):
    """
    Why something cannot be done.

    :ivar code: for programs: one word of a closed list.
    :ivar message: for people: what is wrong and what to do.
    :ivar hits: what to choose from, where a name means several things.
    :ivar exit: what a command exits with because of it.
    """

    code: str
    message: str
    exit: Count
    hits: tuple[HitView, ...] = ()


@attrs.frozen(kw_only=True)
class FailureView(View):
    """The body of every answer that is not 2xx."""

    error: FaultView


@attrs.frozen(kw_only=True)
class FindStepView(View):
    """
    A line of the answer to a search whose hits are told as they come.

    :ivar hits: some, in the order in which they came.
    :ivar end: the last line's: how it ended, with the hits that were not told before.
    :ivar error: the last line's where the search itself has failed.
    """

    hits: tuple[HitView, ...] = ()
    end: FoundView | None = None
    error: "FaultView | None" = None


@attrs.frozen(kw_only=True)
class SharedView(View):
    """
    A file of this peer's own that is, or is not any more, shared.

    :ivar path: where it lies.
    """

    name: str
    path: str


@attrs.frozen(kw_only=True)
class LogLineView(View):
    """
    A line of the log.

    :ivar at: in seconds since 1970.
    :ivar source: the part of the program that wrote it.
    """

    at: float
    level: str
    source: str
    text: str
