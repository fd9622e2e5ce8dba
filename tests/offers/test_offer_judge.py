"""Who is believed in what it offers, and who is not."""

import pytest
from msgspec.structs import replace
from twisted.internet.task import Clock

from p2p_twisted.offers.offer import BadOffer, Offer, write_offer
from p2p_twisted.offers.offer_judge import OfferJudge, PrivateOfferJudge
from p2p_twisted.trust.credentials import Credentials
from p2p_twisted.trust.limits import STATEMENT_CHARACTERS
from p2p_twisted.trust.revocations import RevocationList
from p2p_twisted.trust.signed_text import room_for_payload, sign
from p2p_twisted.trust.statement import Revocation, Stop, sign_statement
from p2p_twisted.trust.tls import TlsSecurity
from p2p_twisted.wire.messages import Gossip
from tests.offers.made_offers import NOW, an_offer
from tests.trust.private_network import DAY, PrivateNetwork

NETWORK = PrivateNetwork(now=NOW - DAY)
ANNA = NETWORK.let_in("anna", admin=True, groups=["lab"], now=NOW - DAY)
BEN = NETWORK.let_in("ben", now=NOW - DAY)


def judge(of: Credentials = BEN, name: str = "ben") -> tuple[PrivateOfferJudge, RevocationList]:
    """Return a member's judge, and the revocations that it knows of."""
    revocations = RevocationList("default")
    security = TlsSecurity(of, revocations, Clock(), date=lambda: float(NOW))
    return PrivateOfferJudge(name, "default", security), revocations


class TestOpen:
    """In an open network."""

    def test_believes_everybody(self) -> None:
        offer = an_offer()
        heard = OfferJudge("ben", "default").read(write_offer(offer).decode())
        assert (heard.offer.sender, heard.signer) == ("anna", None)

    @pytest.mark.parametrize("text", ["", "{}", "a.b.c.d", "\ud800", '{"kind":"stop"}', "[" * 900])
    def test_takes_no_nonsense(self, text: str) -> None:
        with pytest.raises(BadOffer):
            OfferJudge("ben", "default").read(text)

    def test_takes_none_of_another_network(self) -> None:
        with pytest.raises(BadOffer, match="network other"):
            OfferJudge("ben", "default").read(write_offer(an_offer(network="other")).decode())


class TestPrivate:
    """In a private network."""

    def test_believes_who_has_signed_it(self) -> None:
        anna, _ = judge(ANNA, "anna")
        written = anna.write(an_offer())
        heard = judge()[0].read(written.text)
        assert (heard.offer, heard.text) == (written.offer, written.text)
        assert heard.signer is not None
        assert heard.signer.identity.groups == {"lab"}
        assert anna.me.is_admin

    def test_takes_none_that_nobody_has_signed(self) -> None:
        with pytest.raises(BadOffer, match="not a signed statement"):
            judge()[0].read(write_offer(an_offer()).decode())

    def test_takes_none_in_another_name(self) -> None:
        with pytest.raises(BadOffer, match="ben has signed an offer of anna"):
            judge()[0].read(sign(write_offer(an_offer()), BEN))

    def test_takes_none_of_a_stranger(self) -> None:
        stranger = PrivateNetwork(now=NOW - DAY).let_in("anna", now=NOW - DAY)
        with pytest.raises(BadOffer, match="not of this network"):
            judge()[0].read(sign(write_offer(an_offer()), stranger))

    def test_takes_none_that_was_changed(self) -> None:
        signed = sign(write_offer(an_offer()), ANNA)
        other = sign(write_offer(an_offer(size=6)), ANNA)
        with pytest.raises(BadOffer, match="not said by whom"):
            judge()[0].read(".".join([other.split(".")[0], *signed.split(".")[1:]]))

    def test_takes_none_of_another_network(self) -> None:
        with pytest.raises(BadOffer, match="network other"):
            judge()[0].read(sign(write_offer(an_offer(network="other")), ANNA))

    def test_takes_nothing_else_that_was_signed(self) -> None:
        for said in (Stop("0" * 32, NOW, "default"), Revocation("carl", NOW, "default")):
            with pytest.raises(BadOffer):
                judge()[0].read(sign_statement(said, ANNA))

    def test_takes_none_from_before_its_signer_came(self) -> None:
        with pytest.raises(BadOffer, match="not of this network"):
            judge()[0].read(sign(write_offer(an_offer(issued=NOW - 3 * DAY)), ANNA))

    def test_takes_none_of_who_was_revoked(self) -> None:
        member, revocations = judge()
        heard = member.read(sign(write_offer(an_offer(sender="ben")), BEN))
        assert member.counts(heard)
        NETWORK.revoke("ben", ANNA, revocations, NOW + 1)
        assert not member.counts(heard)
        with pytest.raises(BadOffer, match="revoked"):
            member.read(heard.text)

    def test_fits_a_broadcast(self) -> None:
        """What is just not too long is read, and may be broadcast; one more is refused."""
        anna, _ = judge(ANNA, "anna")
        to = [f"{number:031}" for number in range(8)]
        room = room_for_payload(ANNA.certificates) - len(write_offer(an_offer(name="n", to=to)))
        heard = anna.write(an_offer(name="n" * (room + 1), to=to))
        assert STATEMENT_CHARACTERS - 8 < len(heard.text) <= STATEMENT_CHARACTERS
        assert judge()[0].read(heard.text) == heard
        assert Gossip("0" * 32, "offer", "anna", 0, 120, text=heard.text)
        with pytest.raises(BadOffer, match="can be signed: name fewer peers"):
            anna.write(an_offer(name="n" * (room + 2), to=to))

    def test_calls_it_the_same_wherever_it_is_written(self) -> None:
        offer: Offer = judge(ANNA, "anna")[0].write(an_offer()).offer
        assert replace(offer, id="") == replace(an_offer(), id="")
