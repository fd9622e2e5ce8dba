"""Turn what a peer says of itself into views."""

import os
from collections.abc import Iterable
from typing import Any, Final

from p2p_twisted import __version__
from p2p_twisted.api import event_views, views
from p2p_twisted.api.transfer_views import (
    ChangedView,
    DownloadsView,
    DownloadView,
    HashingView,
    HereView,
    HolderView,
    RelayedView,
    UploadView,
)
from p2p_twisted.bandwidth.rates import Rates
from p2p_twisted.download import progress as states
from p2p_twisted.download.progress import Progress
from p2p_twisted.peer.certificate_status import CertificateStatus
from p2p_twisted.peer.hit_list import HitList
from p2p_twisted.peer.interface import Found, Status, Topology
from p2p_twisted.peer.sights import AnswerSeen, QuestionSeen
from p2p_twisted.peer_errors import AlreadyHere
from p2p_twisted.relay.relay_places import RelayedPair
from p2p_twisted.upload.upload_progress import UploadProgress
from p2p_twisted.wire.messages import Hit, PeerRecord
from p2p_twisted.wire.names import PeerAddress

_NANOSECONDS: Final = 1e9
# The page asks for the status again and again, and the log has names and reasons, too.
_UNSHARED_TOLD: Final = 20


def address(of: PeerAddress) -> views.AddressView:
    """Describe where a peer listens."""
    return views.AddressView(name=of.name, host=of.host, port=of.port)


def limits(of: Rates) -> views.LimitsView:
    """Describe limits."""
    return views.LimitsView(up=of.up, down=of.down)


def status(of: Status) -> views.StatusView:
    """Describe a peer at a glance."""
    return views.StatusView(
        version=__version__,
        name=of.name,
        network=of.network,
        address=None if of.address is None else address(of.address),
        registry=of.registry,
        registered=of.registered,
        registry_fault=of.registry_fault,
        clock_ahead=of.clock_ahead,
        clock_fault=of.clock_fault,
        reachable=of.reachable,
        neighbors=tuple(map(address, of.neighbors)),
        directory=os.path.abspath(of.directory),
        downloads=os.path.abspath(of.downloads),
        shares=tuple(
            views.NamedShareView(name=name, path=os.path.abspath(path)) for name, path in of.shares
        ),
        files=of.files,
        size=of.size,
        hashing=of.hashing,
        excluded=of.excluded,
        unshared=tuple(
            views.ExcludedView(name=name, reason=why) for name, why in of.unshared[:_UNSHARED_TOLD]
        ),
        ignored=of.ignored,
        reshared=of.reshared,
        limits=limits(of.rates),
        sent=of.sent,
        received=of.received,
        relays=len(of.relayed),
        relay_limit=of.relay_rate,
        uptime=of.uptime,
        certificate=_certificate(of.certificate) if of.certificate else None,
    )


def _certificate(of: CertificateStatus) -> views.CertificateView:
    return views.CertificateView(
        admin=of.is_admin,
        groups=of.groups,
        expires=of.expires,
        renewal_fault=of.renewal_fault,
    )


def topology(of: Topology) -> views.TopologyView:
    """Describe the network."""
    return views.TopologyView(
        peers=tuple(_topology_peer(each) for each in of.peers),
        links=tuple(sorted(of.links)),
        silent=of.silent,
        seconds=of.seconds,
    )


def _topology_peer(of: PeerRecord) -> views.TopologyPeerView:
    return views.TopologyPeerView(name=of.peer, neighbors=of.links)


def hit(of: Hit, number: int | None) -> views.HitView:
    """Describe something that a peer shares, with its number in a list."""
    return views.HitView(
        name=of.name,
        peer=of.peer,
        kind=of.kind,
        size=of.size,
        id=of.file,
        hashed=of.hashed,
        partial=of.partial,
        modified=None if of.modified is None else of.modified / _NANOSECONDS,
        executable=of.executable,
        unshared=of.unshared,
        number=number,
    )


def hits(of: Iterable[Hit], numbered: HitList) -> tuple[views.HitView, ...]:
    """Describe what a peer shares, as rows of a list."""
    return tuple(hit(each, numbered.number(each)) for each in of)


def found(of: Found, numbered: HitList) -> views.FoundView:
    """Describe the result of a search."""
    return views.FoundView(
        hits=hits(of.hits, numbered),
        asked=of.asked,
        answered=of.answered,
        silent=of.silent,
        seconds=of.seconds,
        cut=of.is_cut,
    )


def question(of: QuestionSeen, at: float) -> event_views.QuestionView:
    """Describe a question to all peers."""
    return event_views.QuestionView(
        at=at, id=of.id, what=of.what, text=of.text, peer=of.peer, is_own=of.is_own
    )


def answer(of: AnswerSeen, at: float) -> event_views.AnswerView:
    """Describe the answer to a question."""
    return event_views.AnswerView(
        at=at,
        id=of.id,
        is_own=of.is_own,
        hits=of.hits,
        answered=of.peers,
        silent=of.silent,
        seconds=of.seconds,
    )


def upload(name: str, of: UploadProgress) -> UploadView:
    """Describe what is being sent."""
    return UploadView(
        name=name, peer=of.requester, id=of.file_id, sent=of.sent, rate=of.rate, how=of.how
    )


def relayed(of: RelayedPair) -> RelayedView:
    """Describe two peers that are joined here."""
    return RelayedView(requester=of.requester, holder=of.holder, copied=of.copied, rate=of.rate)


def here(name: str, of: AlreadyHere) -> HereView:
    """Describe what need not be downloaded, by the name that it was asked for by."""
    return HereView(name=name, path=os.path.abspath(of.path), id=of.file)


def download(of: Progress) -> DownloadView:
    """Describe a download."""
    word: Any = type(of.state).__name__.lower()
    return DownloadView(
        number=of.number,
        name=of.name,
        id=of.file_id,
        size=of.size,
        received=of.received,
        files=of.files,
        state=word,
        is_ended=of.is_ended,
        is_resting=of.is_resting,
        is_kept=of.is_kept,
        exit=of.exit,
        **_details(of.state),
    )


def downloads(of: Iterable[Progress]) -> DownloadsView:
    """Describe downloads that something was done to."""
    return DownloadsView(downloads=tuple(map(download, of)))


def _holders(of: Iterable[states.Contribution]) -> tuple[HolderView, ...]:
    return tuple(
        HolderView(peer=each.holder, received=each.received, rate=each.rate, how=each.how)
        for each in of
    )


def _details(state: states.State) -> dict[str, Any]:
    """Return the fields that only downloads in such a state have."""
    match state:
        case states.Undelivered():
            unreachable, refused, misdated = state.obstacles
            said = (f"{holder}: {why}" for holder, why in misdated + refused)
            reason = next(said, None)
            return {"unreachable": tuple(map(address, unreachable)), "reason": reason}
        case states.Hashing(holder, percent, is_growing):
            growing = ", and it is still being written to" if is_growing else ""
            return {
                "reason": f"{holder} is still hashing it ({percent} %){growing}",
                "hashing": HashingView(peer=holder, percent=percent, is_growing=is_growing),
            }
        case states.Receiving(rate, seconds_left, holders):
            return {"rate": rate, "seconds_left": seconds_left, "holders": _holders(holders)}
        case states.Saved(path, seconds, holders, older, was_here, unshared):
            saved = {"path": os.path.abspath(path), "seconds": seconds, "was_here": was_here}
            return {**saved, "holders": _holders(holders), "older": older, "unshared": unshared}
        case states.Incomplete(path, missing, seconds, holders, unshared, changed):
            saved = {"path": os.path.abspath(path), "seconds": seconds, "missing": missing}
            saved["changed"] = tuple(ChangedView(name=name, peer=peer) for name, peer in changed)
            return {**saved, "holders": _holders(holders), "unshared": unshared}
        case states.Blocked(reason) | states.Failed(reason) | states.Canceled(reason):
            return {"reason": reason or None}
        case _:
            return {}
