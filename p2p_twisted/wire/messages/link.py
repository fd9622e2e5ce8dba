"""What makes a connection a link, and the broadcasts that links carry."""

from typing import Annotated, Literal

import attrs
from msgspec import Meta

from p2p_twisted.wire import limits
from p2p_twisted.wire.messages.message import Addresses, Digest, Message
from p2p_twisted.wire.names import MessageId, PeerName, Port

Ids = Annotated[tuple[MessageId, ...], Meta(max_length=limits.IDS_PER_LINE)]
OfferTexts = Annotated[
    tuple[Annotated[str, Meta(max_length=2_048)], ...], Meta(max_length=limits.IDS_PER_LINE)
]


@attrs.frozen
class Link(Message):
    """
    Ask that this connection become a link.

    :ivar why: ``join`` too few links, and the registry has named the peer that is asked;
        ``need`` too few links; ``mix`` a swap.
    :ivar name: of the peer that asks.
    :ivar port: where it listens; its host is the connection's.
    :ivar alone: it has no other link, so it is never refused, unless it is closed and very many
        such are linked.
    :ivar offers: it compares what is offered in the network: the other side may begin to.
    :ivar closed: others cannot dial it, as its registry has found: it takes none of the places of
        those that can be dialed, and is named to nobody.
    """

    verb = "LINK"

    why: Literal["join", "need", "mix"]
    name: PeerName
    port: Port
    alone: bool = False
    offers: bool = False
    closed: bool = False

    @property
    def sender(self) -> PeerName:
        """Its name."""
        return self.name


@attrs.frozen
class Linked(Message):
    """
    Accepted: from here on this connection is a link.

    :ivar peers: a sample of others to know.
    """

    verb = "LINKED"

    peers: Addresses = ()


@attrs.frozen
class Busy(Message):
    """
    Refused: too many links.

    :ivar peers: others to ask.
    """

    verb = "BUSY"

    peers: Addresses = ()


@attrs.frozen
class Peers(Message):
    """
    Trade samples of addresses, on a connection of its own; answered in kind.

    :ivar name: of the peer that sends the sample.
    :ivar port: where it listens; its host is the connection's.
    :ivar peers: the sample.
    :ivar closed: others cannot dial the peer that sends it.
    """

    verb = "PEERS"

    name: PeerName
    port: Port
    peers: Addresses = ()
    closed: bool = False

    @property
    def sender(self) -> PeerName:
        """Its name."""
        return self.name


@attrs.frozen
class Gossip(Message):
    """
    A broadcast, delivered once to every peer.

    :ivar id: its random name.
    :ivar kind: what it means: ``stop`` stops the network; ``relay`` its origin has come, and relays
        for all.
    :ivar origin: the peer that issued it.
    :ivar age: seconds since it was issued, counted up by every peer that passes it on.
    :ivar life: the age at which it is passed on no more, in seconds.
    :ivar hops: how many peers have passed it on.
    :ivar urgent: it goes on every link, not only on the tree's.
    :ivar text: what there is to say.
    """

    verb = "GOSSIP"

    id: MessageId
    kind: Annotated[str, Meta(pattern=r"^[a-z]{1,16}\Z")]
    origin: PeerName
    age: Annotated[float, Meta(ge=0, le=limits.GOSSIP_LIFE_SECONDS)]
    life: Annotated[float, Meta(ge=0, le=limits.GOSSIP_LIFE_SECONDS)]
    hops: Annotated[int, Meta(ge=0, le=limits.GOSSIP_HOPS)] = 0
    urgent: bool = False
    text: Annotated[str, Meta(max_length=2_048)] = ""


@attrs.frozen
class IHave(Message):
    """
    Broadcasts that the sender has; ask for what is missing.

    :ivar ids: of the broadcasts.
    """

    verb = "IHAVE"

    ids: Ids


@attrs.frozen
class Graft(Message):
    """
    Push broadcasts to me from now on: this link is part of the tree.

    :ivar ids: of broadcasts to send at once.
    """

    verb = "GRAFT"

    ids: Ids = ()


@attrs.frozen
class Prune(Message):
    """Announce broadcasts to me, rather than push them: I have them from elsewhere."""

    verb = "PRUNE"


@attrs.frozen
class Revoked(Message):
    """
    Whose certificates do not count in a private network.

    :ivar digest: of all that the sender knows; one that knows something else answers with that.
    :ivar statements: signed ones; without any, this only compares.
    :ivar after: how many of the sender's were told by then; in a comparison, of the other side's.
    :ivar more: there are others behind these, for one that compares again.
    """

    verb = "REVOKED"

    digest: Digest
    statements: Annotated[
        tuple[Annotated[str, Meta(max_length=2_048)], ...], Meta(max_length=limits.IDS_PER_LINE)
    ] = ()
    after: Annotated[int, Meta(ge=0, le=1_000)] = 0
    more: bool = False


@attrs.frozen
class Offers(Message):
    """
    What is offered in the network, for those who came later.

    :ivar known: offers that the sender has, and that have not ended.
    :ivar wanted: offers that it has not, and asks for.
    :ivar texts: offers that it was asked for; of one that was withdrawn, its end.
    :ivar held: offers of what the sender has, or has some of: it is found there.
    """

    verb = "OFFERS"

    known: Ids = ()
    wanted: Ids = ()
    texts: OfferTexts = ()
    held: OfferTexts = ()
