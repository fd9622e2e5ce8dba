"""Write what this peer offers, and read what others do: whoever is to be believed."""

from typing import TYPE_CHECKING

from p2p_twisted.offers.offer import BadOffer, Offer, read_offer, write_offer
from p2p_twisted.offers.offer_book import HeardOffer
from p2p_twisted.trust.anchor import TrustAnchor
from p2p_twisted.trust.identity import Identity
from p2p_twisted.trust.signed_text import SignedText, room_for_payload, sign
from p2p_twisted.trust.trust_errors import BadStatement
from p2p_twisted.wire.names import NetworkName, PeerName

if TYPE_CHECKING:
    from p2p_twisted.trust.tls import TlsSecurity


class OfferJudge:
    """In an open network, where everybody is believed."""

    def __init__(self, name: PeerName, network: NetworkName) -> None:
        self._name = name
        self._network = network

    @property
    def knows_groups(self) -> bool:
        """Whether there are groups in this network."""
        return False

    @property
    def me(self) -> Identity:
        """Who this peer is, and in which groups."""
        return Identity(self._name)

    def is_for_me(self, offer: Offer) -> bool:
        """Return whether an offer is meant for this peer, as it is called now."""
        return offer.is_for(self.me.name, self.me.groups)

    def write(self, offer: Offer) -> HeardOffer:
        """
        Write an offer of this peer's.

        :raises BadOffer: when it is too long.
        """
        payload = write_offer(offer)
        return HeardOffer(read_offer(payload), payload.decode())

    def read(self, text: str) -> HeardOffer:
        """
        Read an offer.

        :raises BadOffer: when it is none, or does not count in this network.
        """
        try:
            offer = read_offer(text.encode())
        except UnicodeError:
            raise BadOffer("half a character is in it") from None
        self._check(offer)
        return HeardOffer(offer, text)

    def counts(self, _heard: HeardOffer) -> bool:
        """Return whether an offer counts that was read before."""
        return True

    def _check(self, offer: Offer) -> None:
        if offer.network != self._network:
            raise BadOffer(f"that is an offer of the network {offer.network}")


class PrivateOfferJudge(OfferJudge):
    """In a private network, where a member signs what it offers."""

    def __init__(self, name: PeerName, network: NetworkName, security: "TlsSecurity") -> None:
        super().__init__(name, network)
        self._security = security
        self._anchor = TrustAnchor(security.credentials.root)

    @property
    def knows_groups(self) -> bool:
        """Whether there are groups in this network."""
        return True

    @property
    def me(self) -> Identity:
        """What its certificate says of this peer at the moment."""
        return self._security.own.identity

    def write(self, offer: Offer) -> HeardOffer:
        """
        Write and sign an offer of this peer's.

        :raises BadOffer: when it is too long to be signed.
        """
        credentials, payload = self._security.credentials, write_offer(offer)
        if len(payload) > (room := room_for_payload(credentials.certificates)):
            raise BadOffer(
                f"that takes {len(payload):,} bytes, and {room:,} can be signed: name fewer peers,"
                " a group or @all, or give it a shorter name"
            )
        text = sign(payload, credentials)
        return HeardOffer(read_offer(payload), text, self._security.own)

    def read(self, text: str) -> HeardOffer:
        """
        Read an offer.

        :raises BadOffer: unless a member that counts has signed it, which it says it is from.
        """
        try:
            signed = SignedText.read(text)
            offer = read_offer(signed.payload)
            self._check(offer)
            signer = signed.signer(self._anchor, offer.issued)
        except BadStatement as error:
            raise BadOffer(str(error)) from None
        if signer.identity.name != offer.sender:
            raise BadOffer(f"{signer.identity.name} has signed an offer of {offer.sender}")
        heard = HeardOffer(offer, text, signer)
        if not self.counts(heard):
            raise BadOffer(f"{offer.sender} offers nothing any more: it is revoked")
        return heard

    def counts(self, heard: HeardOffer) -> bool:
        """Return whether who has signed an offer has not been revoked since."""
        assert heard.signer is not None
        return not self._security.revocations.is_revoked(heard.signer)


def offer_of(text: str) -> Offer:
    """
    Read what is offered, in whatever network, and whoever has written it.

    :raises BadOffer: when it is no offer.
    """
    try:
        payload = SignedText.read(text).payload
    except BadStatement:
        payload = text.encode(errors="replace")
    return read_offer(payload)
