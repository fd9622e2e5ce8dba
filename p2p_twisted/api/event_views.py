"""What the API tells as it happens, as frozen values; its document is generated from these."""

from typing import Final, Literal

import attrs

from p2p_twisted.api.offer_views import OfferView
from p2p_twisted.api.registry_views import MemberView
from p2p_twisted.api.transfer_views import DownloadView, UploadView
from p2p_twisted.api.views import AddressView, Count, Seconds, TopologyPeerView, View


@attrs.frozen(kw_only=True)
class EventView(View):
    """
    Something that has happened.

    :ivar kind: of what kind that is.
    :ivar at: when, in seconds since 1970.
    """

    kind: str
    at: float


@attrs.frozen(kw_only=True)
class MissedView(EventView):
    """What came in between is not kept any more: ask anew how things stand."""

    kind: Literal["missed"] = "missed"


@attrs.frozen(kw_only=True)
class LinkedView(EventView):
    """Another peer has become a neighbor."""

    kind: Literal["linked"] = "linked"
    neighbor: AddressView


@attrs.frozen(kw_only=True)
class UnlinkedView(EventView):
    """
    A neighbor is none any more.

    :ivar has_died: whether it said no goodbye.
    """

    kind: Literal["unlinked"] = "unlinked"
    neighbor: AddressView
    has_died: bool


@attrs.frozen(kw_only=True)
class PeersView(EventView):
    """
    What is other than when somebody last asked this peer for the topology.

    :ivar came: peers that answer now, and did not.
    :ivar went: those that answered, and do not.
    :ivar peers: how many answer now.
    :ivar changed: those that name other neighbors than before, or had named none.
    :ivar silent: all that were named, or asked, and have not answered.
    """

    kind: Literal["peers"] = "peers"
    came: tuple[str, ...]
    went: tuple[str, ...]
    peers: Count
    changed: tuple[TopologyPeerView, ...] = ()
    silent: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class QuestionView(EventView):
    """
    A question to all peers, put by this peer or answered by it.

    :ivar id: of the question; its answer has it, too.
    :ivar what: ``topo`` for neighbors, ``name``, ``text`` or ``id`` for files, ``ls`` for all.
    :ivar peer: the only one that is asked.
    :ivar is_own: whether this peer has put it.
    """

    kind: Literal["question"] = "question"
    id: str
    what: str
    text: str
    peer: str | None
    is_own: bool


@attrs.frozen(kw_only=True)
class AnswerView(EventView):
    """
    The answer to a question: by this peer, or to this peer by all others.

    :ivar hits: how many files or folders it names.
    :ivar answered: how many peers have answered.
    :ivar silent: how many have not.
    """

    kind: Literal["answer"] = "answer"
    id: str
    is_own: bool
    hits: Count
    answered: Count
    silent: Count
    seconds: Seconds


@attrs.frozen(kw_only=True)
class DownloadEventView(EventView):
    """A download has gone on or changed its state; once a second at most."""

    kind: Literal["download"] = "download"
    download: DownloadView


@attrs.frozen(kw_only=True)
class UploadEventView(EventView):
    """
    The sending of some content has gone on, or ended; once a second at most.

    :ivar is_ended: whether it has ended, well or not.
    """

    kind: Literal["upload"] = "upload"
    upload: UploadView
    is_ended: bool


@attrs.frozen(kw_only=True)
class OfferEventView(EventView):
    """Something is pushed, to this peer or by it; or this peer is otherwise with it, or it ends."""

    kind: Literal["offer"] = "offer"
    offer: OfferView


@attrs.frozen(kw_only=True)
class RegistrationView(EventView):
    """The registry knows this peer now, or does not any more."""

    kind: Literal["registration"] = "registration"
    registered: bool


@attrs.frozen(kw_only=True)
class WarningView(EventView):
    """Something is wrong; the log says it, too."""

    kind: Literal["warning"] = "warning"
    text: str


@attrs.frozen(kw_only=True)
class RegisteredView(EventView):
    """A registry has let a peer in, or what it knows of that has changed, other than its lease."""

    kind: Literal["registered"] = "registered"
    member: MemberView


@attrs.frozen(kw_only=True)
class ForgottenView(EventView):
    """
    A registry knows a peer no more.

    :ivar why: as it left, or does not answer, in words.
    """

    kind: Literal["forgotten"] = "forgotten"
    name: str
    why: str


PEER_EVENTS: Final = (
    MissedView,
    LinkedView,
    UnlinkedView,
    PeersView,
    QuestionView,
    AnswerView,
    DownloadEventView,
    UploadEventView,
    OfferEventView,
    RegistrationView,
    WarningView,
)
"""All that there are of a peer."""

REGISTRY_EVENTS: Final = (MissedView, RegisteredView, ForgottenView, WarningView)
"""All that there are of a registry."""
