"""
The code by which somebody new comes into a private network.

It is ``p2p1-``, 45 characters of base32 and ``@`` with where registries are::

    16 bytes  of the SHA-256 of the root's public key: they tell the right registry from others
    10 bytes  of a secret: they tell the registry who was invited
     2 bytes  of the SHA-256 of all these: they tell a typing error from everything worse

A person may leave its hyphens and case away, break it into groups, and take ``0`` for ``o`` and
``1`` for ``l``.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Sequence
from typing import Any, Final, Self

import attrs

from p2p_twisted.trust.limits import INVITE_PLACES
from p2p_twisted.trust.serial_number import RandomBits
from p2p_twisted.trust.trust_errors import BadInvite

INVITE_VARIABLE: Final = "P2P_INVITE"
"""Of the environment: where an invite may be, too."""

ROOT_HASH_BYTES: Final = 16
SECRET_BYTES: Final = 10
_CHECK_BYTES: Final = 2
_CHARACTERS: Final = 45
_PREFIX: Final = "p2p1"
ANY_PREFIX: Final = re.compile(r"p2p[0-9]+", re.IGNORECASE)
"""What an invite of any version begins with."""

INVITE_IN: Final = re.compile(r"\bp2p[0-9]+-[a-z0-9]{20,}", re.IGNORECASE | re.ASCII)
"""Finds an invite in what a person typed for something else; it need not be whole."""

_PADDING: Final = "==="
_AROUND: Final = "\"'`<>\u2018\u2019\u201c\u201d"
_LOOK_ALIKE: Final = str.maketrans("01", "ol")
_PLACE: Final = re.compile(r"[A-Za-z0-9._:\[\]-]{1,255}")


def _valid_places(
    _instance: object, _attribute: "attrs.Attribute[Any]", places: tuple[str, ...]
) -> None:
    if not places:
        raise BadInvite("this invite does not say where the registry is: @HOST:PORT belongs there")
    if len(places) > INVITE_PLACES:
        raise BadInvite(f"an invite names {INVITE_PLACES} registries at most")
    for place in places:
        if _PLACE.fullmatch(place) is None:
            raise BadInvite("this invite has a typing error behind @: HOST:PORT belongs there")


@attrs.frozen
class Invite:
    """
    A permission to come in, for whoever has it.

    :ivar root_hash: how the hash of the root's public key begins, 16 bytes.
    :ivar secret: 10 bytes; not shown where the invite is logged.
    :ivar places: ``HOST:PORT`` of registries, to be tried in this order.
    """

    root_hash: bytes
    secret: bytes = attrs.field(repr=False)
    places: tuple[str, ...] = attrs.field(validator=_valid_places)

    @classmethod
    def make(cls, root_hash: bytes, places: Sequence[str], rng: RandomBits) -> Self:
        """
        Make a new one.

        :param rng: makes the secret, so it must be unpredictable.
        :raises BadInvite: for no place, or too many, or one that is none.
        """
        secret = rng.getrandbits(8 * SECRET_BYTES).to_bytes(SECRET_BYTES, "big")
        return cls(root_hash[:ROOT_HASH_BYTES], secret, tuple(places))

    @classmethod
    def read(cls, typed: str) -> Self:
        """
        Read what a person has typed or pasted.

        :raises BadInvite: when it is no invite; the text says whether it has a typing error.
        """
        # Mail and chat break long words, and put them between what is no part of them.
        code, at, places = "".join(typed.split()).strip(_AROUND).partition("@")
        prefix = ANY_PREFIX.match(code)
        if prefix is None:
            raise BadInvite(f"that is no invite: one begins with {_PREFIX}-")
        if prefix[0].lower() != _PREFIX:
            raise BadInvite(f"this version reads invites that begin with {_PREFIX}-: upgrade it")
        content = _decoded(code[prefix.end() :])
        secret = content[ROOT_HASH_BYTES:]
        return cls(content[:ROOT_HASH_BYTES], secret, tuple(places.split(",")) if at else ())

    def to_text(self) -> str:
        """Write what :meth:`read` reads."""
        content = self.root_hash + self.secret
        code = base64.b32encode(content + _check(content)).decode().rstrip("=").lower()
        return f"{_PREFIX}-{code}@{','.join(self.places)}"


def _decoded(code: str) -> bytes:
    code = code.replace("-", "").lower().translate(_LOOK_ALIKE)
    if len(code) != _CHARACTERS:
        many = "too many" if len(code) > _CHARACTERS else "too few"
        raise BadInvite(f"this invite has a typing error: it has {many} characters")
    try:
        decoded = base64.b32decode(code.upper() + _PADDING)
    except (binascii.Error, ValueError):
        raise BadInvite("this invite has a typing error: it has a wrong character") from None
    content, check = decoded[:-_CHECK_BYTES], decoded[-_CHECK_BYTES:]
    is_whole = base64.b32encode(decoded).decode().rstrip("=") == code.upper()
    if not (is_whole and hmac.compare_digest(_check(content), check)):
        raise BadInvite("this invite has a typing error: compare it once more, or paste it")
    return content


def _check(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()[:_CHECK_BYTES]
