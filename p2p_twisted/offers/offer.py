"""
An offer: what one peer pushes to others.

It is written as JSON, which says what is offered, by whom, to whom and until when. Whatever that
text says, its hash is what the offer is called: nobody can say something else by the same name.

Who withdraws it shows the key that fits its lock, which nobody else has.
"""

from collections.abc import Collection, Iterable
from typing import Annotated, Final

import msgspec
from blake3 import blake3

from p2p_twisted.offers.limits import INTO_BYTES, OFFER_CHARACTERS, OFFER_DAYS, RECIPIENTS
from p2p_twisted.runtime.amounts import DAY_SECONDS
from p2p_twisted.wire.messages import Size
from p2p_twisted.wire.names import (
    BadName,
    FileId,
    MessageId,
    NetworkName,
    PeerName,
    check_component,
    check_path,
    peer_name,
)

EVERYBODY: Final = "@all"
"""Means every peer of a network."""

USUAL_DAYS: Final = 7
"""How long an offer lasts, unless its sender says otherwise."""

_ID_BYTES: Final = 16

Second = Annotated[int, msgspec.Meta(ge=0, le=100_000_000_000)]
"""A date, in whole seconds since 1970."""

Recipient = Annotated[str, msgspec.Meta(pattern=r"^@?[a-z0-9][a-z0-9-]{0,30}\Z")]
"""A peer's name, ``@`` and a group's of a private network, or :data:`EVERYBODY`."""


def check_into(folder: str) -> None:
    """
    Check a folder in which offers are to land, below the downloads.

    :raises BadName: when it may not be used.
    """
    if folder.startswith("/"):
        raise BadName(f"{folder} starts with a slash")
    for each in folder.split("/"):
        if each.startswith(".") and each not in (".", ".."):
            raise BadName(f"{each} is hidden, as its name starts with a dot")
    check_path(folder)
    if len(folder.encode()) > INTO_BYTES:
        raise BadName(f"a folder in which offers land has at most {INTO_BYTES} bytes")


class BadOffer(Exception):
    """A text is no offer, or none that counts; the text says why, for people."""


class Offer(
    msgspec.Struct, frozen=True, tag_field="kind", tag="offer", omit_defaults=True, kw_only=True
):
    """
    What one peer offers to others.

    :ivar id: what it is called; :func:`read_offer` knows, and it is not written.
    :ivar name: what it is to be called where it lands: one component of a path.
    :ivar size: in bytes, of a folder with all that is in it.
    :ivar sender: who offers it.
    :ivar to: whom it is meant for.
    :ivar issued: when it was offered.
    :ivar until: when it ends.
    :ivar lock: what the key that withdraws it hashes to: see :func:`lock_of`.
    :ivar into: the folder in which it is to land, below where the receiver has offers land.
    """

    id: str = ""
    file_id: FileId
    name: str
    size: Size
    is_folder: bool = False
    sender: PeerName
    to: Annotated[tuple[Recipient, ...], msgspec.Meta(min_length=1, max_length=RECIPIENTS)]
    issued: Second
    until: Second
    network: NetworkName
    lock: MessageId
    into: str | None = None

    def __post_init__(self) -> None:
        check_component(self.name)
        if self.into is not None:
            check_into(self.into)
        if not 0 < self.until - self.issued <= OFFER_DAYS * DAY_SECONDS:
            raise ValueError(f"an offer may last {OFFER_DAYS} days, and has to last a second")

    def is_for(self, name: PeerName, groups: Collection[str]) -> bool:
        """Return whether a peer is meant, which is in some groups; its sender never is."""
        if name == self.sender:
            return False
        meant = {EVERYBODY, name, *(f"@{group}" for group in groups)}
        return not meant.isdisjoint(self.to)


class Withdrawal(
    msgspec.Struct, frozen=True, tag_field="kind", tag="withdrawal", forbid_unknown_fields=True
):
    """
    The end of an offer before its time.

    :ivar offer: what the offer is called.
    :ivar key: what fits its lock.
    """

    offer: MessageId
    key: MessageId

    def ends(self, offer: Offer) -> bool:
        """Return whether it ends an offer."""
        return self.offer == offer.id and lock_of(self.key) == offer.lock


_DECODER: Final = msgspec.json.Decoder(Offer)
_WITHDRAWAL: Final = msgspec.json.Decoder(Withdrawal)


def write_offer(offer: Offer) -> bytes:
    """Write an offer; others call it what :func:`read_offer` does of that."""
    return msgspec.json.encode(msgspec.structs.replace(offer, id=""))


def read_offer(payload: bytes) -> Offer:
    """
    Read an offer that somebody has written.

    :raises BadOffer: when it is none.
    """
    try:
        if len(payload) > OFFER_CHARACTERS:
            raise BadOffer(f"an offer has at most {OFFER_CHARACTERS:,} characters")
        offer = _DECODER.decode(payload)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise BadOffer(f"that is no offer: {error}") from None
    return msgspec.structs.replace(offer, id=_hashed(payload))


def read_withdrawal(text: str) -> Withdrawal | None:
    """Read the end of an offer; ``None`` where a text is something else."""
    try:
        return _WITHDRAWAL.decode(text.encode())
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return None


def write_withdrawal(withdrawal: Withdrawal) -> str:
    """Write the end of an offer."""
    return msgspec.json.encode(withdrawal).decode()


def read_recipient(typed: str) -> str:
    """
    Read whom an offer is for as a person typed it: see :data:`Recipient`.

    :raises BadName: when it is nobody.
    """
    try:
        if typed.startswith("@"):
            return f"@{peer_name(typed[1:])}"
        return peer_name(typed)
    except BadName:
        raise BadName(
            f"an offer is for peers by their names, for @ and a group's, or for {EVERYBODY}, not"
            f" for {typed!r}"
        ) from None


def read_recipients(typed: Iterable[str], me: PeerName, has_groups: bool) -> tuple[Recipient, ...]:
    """
    Read all whom an offer is for.

    :param me: offers it.
    :param has_groups: whether there are groups in the network.
    :raises BadName: when that is nobody, or too many.
    """
    recipients = tuple(dict.fromkeys(map(read_recipient, typed)))
    groups = [each for each in recipients if each.startswith("@") and each != EVERYBODY]
    if groups and not has_groups:
        raise BadName(
            f"groups such as {groups[0]} are of private networks: name peers, or {EVERYBODY}"
        )
    if not 1 <= len(recipients) <= RECIPIENTS:
        raise BadName(f"say whom it is for: {RECIPIENTS} names at most, or {EVERYBODY}")
    if recipients == (me,):
        raise BadName("that is this peer itself: name another one")
    return recipients


def lock_of(key: MessageId) -> MessageId:
    """Return the lock that a key fits, whose owner alone can then withdraw an offer."""
    return _hashed(key.encode())


def _hashed(content: bytes) -> MessageId:
    return blake3(content).digest(_ID_BYTES).hex()
