"""Offers of anna's, as others read and hear them."""

import msgspec

from p2p_twisted.offers.offer import Offer, lock_of, read_offer, write_offer
from p2p_twisted.offers.offer_book import HeardOffer

NOW = 1_800_000_000
KEY = "5" * 32


def an_offer(**changed: object) -> Offer:
    """Return an offer of anna's, as others read it."""
    said: dict[str, object] = {
        "kind": "offer",
        "file_id": "a" * 64,
        "name": "slides.pdf",
        "size": 5,
        "sender": "anna",
        "to": ["@all"],
        "issued": NOW,
        "until": NOW + 3_600,
        "network": "default",
        "lock": lock_of(KEY),
    }
    return read_offer(msgspec.json.encode({**said, **changed}))


def heard(**said: object) -> HeardOffer:
    """Return an offer as it is heard in an open network."""
    offer = an_offer(**said)
    return HeardOffer(offer, write_offer(offer).decode())
