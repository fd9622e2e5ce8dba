"""What a registry knows of the invites that it has made: never their secrets."""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from typing import Any, Final, Self

import attrs

from p2p_twisted.trust.invite import Invite
from p2p_twisted.trust.limits import INVITE_DAYS, INVITE_USES, INVITES_KEPT
from p2p_twisted.trust.trust_errors import (
    BadInvite,
    InviteRefused,
    NoSuchInvite,
    TooManyInvites,
    UnknownInvite,
)
from p2p_twisted.trust.voucher import Voucher

_DAY_SECONDS: Final = 86_400
_ID_DIGITS: Final = 8


def secret_hash(secret: bytes) -> str:
    """Return the hash of a secret of an invite: as it has 80 random bits, none needs to be slow."""
    return hashlib.sha256(secret).hexdigest()


def _as_set(values: Iterable[str]) -> frozenset[str]:
    return frozenset(values)


@attrs.frozen
class OpenInvite:
    """
    An invite as its registry remembers it.

    :ivar secret_hash: of its secret, in hexadecimal digits.
    :ivar uses: how many more it lets in.
    :ivar expires: until when, in seconds since 1970.
    :ivar roles: of whoever comes by it.
    :ivar groups: likewise.
    :ivar vouchers: on whose word it was made, where another registry has certified who asked.
    """

    secret_hash: str
    uses: int
    expires: float
    roles: frozenset[str] = attrs.field(default=frozenset(), converter=_as_set)
    groups: frozenset[str] = attrs.field(default=frozenset(), converter=_as_set)
    vouchers: tuple[Voucher, ...] = ()

    def to_json(self) -> list[Any]:
        """Write what :meth:`from_json` reads."""
        return [
            self.secret_hash,
            self.uses,
            self.expires,
            sorted(self.roles),
            sorted(self.groups),
            [each.to_label() for each in self.vouchers],
        ]

    @classmethod
    def from_json(cls, kept: Sequence[Any]) -> Self:
        """
        Read what was written down, perhaps by a version that knew less.

        :raises ValueError, TypeError, NotTrusted: when it was not.
        """
        secret, uses, expires, roles, groups, *more = kept
        [labels] = more or [()]
        return cls(
            secret,
            uses=uses,
            expires=expires,
            roles=roles,
            groups=groups,
            vouchers=tuple(map(Voucher.from_label, labels)),
        )

    @property
    def id(self) -> str:
        """What people call it by: it lets nobody in."""
        return self.secret_hash[:_ID_DIGITS]

    def is_open(self, now: float) -> bool:
        """Return whether it lets anybody in."""
        return self.uses > 0 and now < self.expires


def invite_id(typed: str) -> str:
    """Return what an invite is called, of which somebody may have typed the whole code."""
    try:
        return secret_hash(Invite.read(typed).secret)[:_ID_DIGITS]
    except BadInvite:
        return typed


class OpenInvites:
    """
    The invites of one network, by the hashes of their secrets.

    Those that have ended are remembered for a while, so that who comes late is told why.
    """

    def __init__(self, kept: Iterable[OpenInvite] = ()) -> None:
        self._kept = {each.secret_hash: each for each in kept}

    def all(self) -> tuple[OpenInvite, ...]:
        """Return them, in the order in which they were made."""
        return tuple(self._kept.values())

    def add(self, invite: OpenInvite, now: float) -> None:
        """
        Let an invite count; those that ended long ago are forgotten, and others if need be.

        :param now: seconds since 1970.
        :raises TooManyInvites: when too many are open, or it would be open too long, or for too
            many.
        """
        if not 1 <= invite.uses <= INVITE_USES:
            raise TooManyInvites(f"an invite lets in from 1 to {INVITE_USES:,} peers")
        if not now < invite.expires <= now + INVITE_DAYS * _DAY_SECONDS:
            raise TooManyInvites(f"an invite is for {INVITE_DAYS} days at most")
        self._make_room(now)
        self._kept[invite.secret_hash] = invite

    def find(self, secret: bytes, now: float) -> OpenInvite:
        """
        Return the invite that lets in who has the secret.

        :param now: seconds since 1970.
        :raises UnknownInvite: when nobody has the secret.
        :raises InviteRefused: when it lets nobody in any more.
        """
        digest = secret_hash(secret)
        # Nobody can choose a hash that begins as another: so looking it up tells nothing.
        held = self._kept.get(digest)
        if held is None or not hmac.compare_digest(held.secret_hash, digest):
            raise UnknownInvite("this registry does not know that invite: ask for a new one")
        if now >= held.expires:
            raise InviteRefused("this invite has expired: ask for a new one")
        if held.uses < 1:
            raise InviteRefused("this invite is used up: ask for a new one")
        return held

    def spend(self, secret: bytes, now: float) -> OpenInvite:
        """
        Let somebody in who has the secret.

        :returns: the invite, with one use less; :meth:`give_back` undoes it.
        :raises InviteRefused: as :meth:`find` does.
        """
        held = self.find(secret, now)
        spent = self._kept[held.secret_hash] = attrs.evolve(held, uses=held.uses - 1)
        return spent

    def give_back(self, digest: str) -> None:
        """Undo :meth:`spend` where nobody came in after all; what was voided stays so."""
        held = self._kept.get(digest)
        if held is not None:
            self._kept[digest] = attrs.evolve(held, uses=held.uses + 1)

    def open(self, now: float) -> tuple[OpenInvite, ...]:
        """Return those that let somebody in, in the order of their ids."""
        return tuple(
            sorted((each for each in self.all() if each.is_open(now)), key=lambda each: each.id)
        )

    def void(self, id_: str) -> None:
        """
        Let nobody in by an invite any more, and forget it.

        :raises NoSuchInvite: when none is called so.
        """
        digests = [digest for digest, each in self._kept.items() if each.id == id_]
        if not digests:
            raise NoSuchInvite(f"there is no invite {id_}: p2p invites lists those that are open")
        for digest in digests:
            del self._kept[digest]

    def forget(self, digest: str) -> None:
        """Forget the invite of a secret's hash, if there is one: nobody comes in by it any more."""
        self._kept.pop(digest, None)

    def void_all(self) -> None:
        """Forget all invites: a registry that was restored cannot know which were used up."""
        self._kept.clear()

    def _make_room(self, now: float) -> None:
        long_ago = now - INVITE_DAYS * _DAY_SECONDS
        self._kept = {
            digest: each for digest, each in self._kept.items() if each.expires > long_ago
        }
        ended = [digest for digest, each in self._kept.items() if not each.is_open(now)]
        for digest in ended[: max(0, len(self._kept) - INVITES_KEPT + 1)]:
            del self._kept[digest]
        if len(self._kept) >= INVITES_KEPT:
            raise TooManyInvites(
                f"{INVITES_KEPT:,} invites are open, which is the most: revoke some of them"
            )
