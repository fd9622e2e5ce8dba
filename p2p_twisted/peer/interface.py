"""The one door to a peer for every face: console, command line, web."""

from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from zope.interface import Attribute, Interface

from p2p_twisted.bandwidth.rates import Rates
from p2p_twisted.download.progress import Progress
from p2p_twisted.explain.explanation import Explanation
from p2p_twisted.offers.offers_interface import IOffers
from p2p_twisted.overlay.effects import HitsWatch
from p2p_twisted.peer.admin_interface import IAdmin
from p2p_twisted.peer.certificate_status import CertificateStatus
from p2p_twisted.peer.selected_things import Selection as Selection
from p2p_twisted.peer.sights import SightWatch
from p2p_twisted.relay.relay_places import RelayedPair
from p2p_twisted.upload.upload_progress import UploadProgress
from p2p_twisted.wire.messages import Hit, PeerRecord
from p2p_twisted.wire.names import PeerAddress, PeerName

Read = Callable[[], Coroutine[Any, Any, bytes]]
"""Gives what comes next of some content, and nothing at its end."""

Watch = Callable[[Progress], None]
"""Is told of every change of one download."""


def unwatched(_progress: Progress) -> None:
    """Ignore the progress of a download."""


@attrs.frozen
class Topology:
    """
    The network as one peer saw it.

    :ivar peers: the peers that answered, and the asker, sorted by name, each with its links: of two
        that answered, either both name a link, or neither.
    :ivar silent: peers that were named, or asked, and did not answer; the first are sorted.
    :ivar seconds: how long it took to ask.
    """

    peers: tuple[PeerRecord, ...]
    silent: tuple[PeerName, ...]
    seconds: float

    @property
    def links(self) -> frozenset[tuple[PeerName, PeerName]]:
        """The links that both ends report, each once, the smaller name first."""
        links = {record.peer: record.links for record in self.peers}
        return frozenset((a, b) for a in links for b in links[a] if a < b and a in links.get(b, ()))


@attrs.frozen
class Found:
    """
    The result of a search.

    :ivar hits: best first; several may have one name, and one file several holders.
    :ivar answered: how many other peers answered, of ``asked``.
    :ivar alone: why no other peer was asked; empty where some were, or none was to be.
    :ivar is_cut: whether some peers had no time, or no room, to answer in full.
    """

    hits: tuple[Hit, ...]
    asked: int
    answered: int
    silent: tuple[PeerName, ...]
    seconds: float
    alone: str = ""
    is_cut: bool = False


@attrs.frozen
class Status:
    """
    A peer at a glance.

    :ivar address: where it listens; ``None`` until it has joined.
    :ivar registry_fault: why the registry, when last asked, did not answer or refused.
    :ivar clock_ahead: of the registry's, in seconds, as far as known.
    :ivar clock_fault: why some or all members have no connection with it, if a clock is why.
    :ivar alone: why it has no neighbor; empty where it has some.
    :ivar reachable: whether the registry could dial it; ``None`` where it has not tried.
    :ivar hashing: how many of its files are still being hashed.
    :ivar unshared: the first thousand of ``excluded`` names that cannot be shared, and why.
    :ivar ignored: how many names in its directory ignore files leave out.
    :ivar rates: the most that it sends and receives, in bytes a second.
    :ivar sent: bytes of files, in this run; ``received`` likewise.
    :ivar relayed: the pairs of other peers that it relays between now.
    :ivar relay_rate: at most, in bytes a second; ``None`` where it relays nothing.
    :ivar reshared: how many of its downloads others can find; ``None`` without ``--reshare``.
    :ivar shares: the names and paths of other directories that it shares.
    :ivar certificate: its part in a private network; ``None`` in an open one.
    """

    name: PeerName
    address: PeerAddress | None
    network: str
    neighbors: tuple[PeerAddress, ...]
    registry: str
    registered: bool
    registry_fault: str | None
    clock_ahead: float | None
    directory: str
    downloads: str
    files: int
    size: int
    hashing: int
    unshared: tuple[tuple[str, str], ...]
    uptime: float
    rates: Rates
    sent: int = 0
    received: int = 0
    relayed: tuple[RelayedPair, ...] = ()
    relay_rate: int | None = None
    reshared: int | None = None
    reachable: bool | None = None
    alone: str = ""
    excluded: int = 0
    ignored: int = 0
    shares: tuple[tuple[str, str], ...] = ()
    certificate: CertificateStatus | None = None
    clock_fault: str | None = None


class IPeer(Interface):
    """A running peer."""

    admin: IAdmin = Attribute("what only an admin of a private network may ask for")
    offers: IOffers = Attribute("what is pushed to others, and what others push")

    def find(text: str, part: "HitsWatch | None" = None) -> "Deferred[Found]":
        """
        Search all peers for names with ``text`` in them, or that match it as a glob.

        :param part: is told of hits as they come; all are in the result, too.
        """

    def get(
        wanted: "str | Hit",
        watch: Watch,
        holder: "PeerName | None" = None,
        is_file: bool = False,
    ) -> "Deferred[Progress]":
        """
        Download a file or folder; what its holder is still hashing is waited for.

        :param wanted: a name as typed (exact, or without its ``.txt``), a file id, or a hit.
        :param watch: is told of the download's progress.
        :param holder: the only peer that counts.
        :param is_file: whether a folder is refused, before any of it is fetched.
        :returns: fires with the last progress, or fails with :class:`PeerError`.
        """

    def select(
        words: "Sequence[str | Hit]", holder: "PeerName | None" = None, watch: Watch | None = None
    ) -> "Deferred[Selection]":
        """
        Find what several names, patterns like ``*.jpg``, and hits mean.

        :param holder: the only peer that counts.
        :param watch: is told what holders are still hashing, and waits; without, it is ``later``.
        :returns: fires with what can be fetched, or fails with :class:`PeerError`.
        """

    def get_selected(selection: Selection, watch: Watch) -> "Deferred[tuple[Progress, ...]]":
        """
        Download the files as one download, each folder as another, and what is hashed later then.

        :param watch: is told of the progress of each of them.
        :returns: fires with the last progress of each, or fails with :class:`PeerError`.
        """

    def watch_earlier(watch: Watch) -> None:
        """
        Watch the downloads that earlier runs have left, from when they go on.

        :param watch: is told of the progress of each of them.
        """

    def topology() -> "Deferred[Topology]":
        """Collect the peers and links of the whole network."""

    def listing(holder: "PeerName | None" = None) -> "Deferred[Found]":
        """List what this peer, or another one, shares."""

    def below(folder: str) -> "Iterable[str]":
        """List what this peer shares directly in a folder, by names; folders end with ``/``."""

    def share(name: str, read: Read, size: "int | None" = None) -> "Deferred[str]":
        """
        Write a file into what this peer shares; nobody sees it before it is whole and safe.

        :param read: gives what comes next of its content, and nothing at the end.
        :param size: in bytes, if known.
        :returns: fires with its path, or fails with :class:`PeerError`.
        """

    def unshare(name: str) -> "Deferred[str]":
        """
        Stop to share a file or folder of this peer: it is moved aside, and not removed.

        :returns: fires with its path from now on, or fails with :class:`PeerError`.
        """

    def transfers() -> tuple[Progress, ...]:
        """List the downloads of this run, oldest first."""

    def uploads() -> tuple[tuple[str, UploadProgress], ...]:
        """List what is being sent to others, by its names here."""

    def cancel(number: int) -> Progress:
        """
        Give up a download.

        :returns: how it stood.
        :raises PeerError: when no download of that number runs.
        """

    def pause(number: "int | None" = None) -> tuple[Progress, ...]:
        """
        Pause a download, or all, until they are resumed, also over restarts.

        :returns: how those that will pause stood.
        :raises PeerError: when no download of that number can be paused.
        """

    def resume(number: "int | None" = None) -> tuple[Progress, ...]:
        """
        Go on with a download that is paused or waits for space, or with all.

        :returns: how those that go on stood.
        :raises PeerError: when no download of that number can be resumed.
        """

    def limit(rates: Rates) -> None:
        """
        Limit what is sent and received, running transfers included.

        :raises PeerError: when transfers would be too slow to be kept up.
        """

    def explain(what: "str | None" = None) -> Explanation:
        """
        Say what limits a download, or how a question was answered, and how that went.

        :param what: the number of a download, or the name of one, or what was asked; ``None`` for
            what was begun last.
        :raises PeerError: when nothing is known of it.
        """

    def watch_sights(watch: SightWatch) -> Callable[[], None]:
        """
        Tell what this peer sees of its network, from now on.

        :returns: ends that.
        """

    def status() -> Status:
        """Describe this peer."""

    def leave() -> "Deferred[None]":
        """Leave the network in order; fires when the last link has closed."""

    def check_may_stop() -> None:
        """
        Check that this peer may stop the network that it is in.

        :raises PeerError: when it may not.
        """

    def stop_network() -> "Deferred[None]":
        """Stop every peer of the network, this one last; it fails where this peer may not."""
