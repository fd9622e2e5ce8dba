"""Whom a certificate is for: a name, roles and groups, which it carries as DNS names."""

from collections.abc import Iterable
from typing import Any, Final, Self

import attrs

from p2p_twisted.trust.limits import GROUPS_OF_A_PEER
from p2p_twisted.trust.trust_errors import NotTrusted
from p2p_twisted.trust.voucher import Voucher
from p2p_twisted.wire.limits import PEER_NAME_CHARACTERS
from p2p_twisted.wire.names import BadName, PeerName, peer_name

ADMIN: Final = "admin"
"""The role of who may stop the network, invite and revoke."""

REGISTRY: Final = "registry"
"""The role, and the name, of a registry."""

_ZONE: Final = "p2p"
_NAME: Final = "peer"
_ROLE: Final = "role"
_GROUP: Final = "group"
_SINCE: Final = "since"
_VOUCHER: Final = "by"
_KINDS: Final = (_NAME, _ROLE, _GROUP, _SINCE, _VOUCHER)
_SINCE_DIGITS: Final = 12


def group_name(typed: str) -> str:
    """
    Read a group's name as a person typed it: it is spelled as a peer's is.

    :returns: it in lower case.
    :raises BadName: for what is none; the text says what one is.
    """
    try:
        return peer_name(typed)
    except BadName:
        raise BadName(
            f"{typed!r} is no name of a group: that has 1 to {PEER_NAME_CHARACTERS} letters a to z,"
            " digits and hyphens, and starts with a letter or digit, such as staff-room"
        ) from None


def _as_set(values: Iterable[str]) -> frozenset[str]:
    return frozenset(values)


def _valid_names(
    _instance: object, attribute: "attrs.Attribute[Any]", value: str | frozenset[str]
) -> None:
    for each in (value,) if isinstance(value, str) else value:
        if peer_name(each) != each:
            raise BadName(f"{attribute.name}: write {each!r} in lower case")


def _few(_instance: object, _attribute: "attrs.Attribute[Any]", groups: frozenset[str]) -> None:
    if len(groups) > GROUPS_OF_A_PEER:
        raise BadName(f"a peer may be in {GROUPS_OF_A_PEER} groups at most")


@attrs.frozen
class Identity:
    """
    Who somebody is, and what for.

    Roles and groups are spelled as names of peers are. Those that this version does not know
    are kept.

    :ivar since: when it came in by an invite, in seconds since 1970, whole ones; renewed
        certificates have it, too. 0 where that is when its certificate was issued.
    :ivar vouchers: on whose word it was let in, or renewed, besides that of its issuer.
    :ivar issuer: who says so, as :func:`issuer_id` calls it; empty where no certificate has.
    :raises BadName: for what may not be a name, and for too many groups.
    """

    name: PeerName = attrs.field(validator=_valid_names)
    roles: frozenset[str] = attrs.field(
        default=frozenset(), converter=_as_set, validator=_valid_names
    )
    groups: frozenset[str] = attrs.field(
        default=frozenset(), converter=_as_set, validator=[_valid_names, _few]
    )

    since: int = attrs.field(default=0, eq=False)
    vouchers: tuple[Voucher, ...] = attrs.field(default=(), eq=False)
    issuer: str = attrs.field(default="", eq=False)

    @property
    def is_admin(self) -> bool:
        """Whether it may stop the network, invite and revoke: a registry may, too."""
        return not self.roles.isdisjoint((ADMIN, REGISTRY))

    @property
    def is_registry(self) -> bool:
        """Whether it is a registry, and no peer."""
        return REGISTRY in self.roles and self.name == REGISTRY

    def vouchers_to(self, registry: str, now: float) -> tuple[Voucher, ...]:
        """Return on whose word a registry knows somebody who shows it a certificate now."""
        if self.issuer in ("", registry):
            return self.vouchers
        return (*self.vouchers, Voucher(self.issuer, int(now)))

    def dns_names(self) -> tuple[str, ...]:
        """Return what a certificate carries of it, in an order that is always the same."""
        named = [(self.name, _NAME)]
        named += [(role, _ROLE) for role in sorted(self.roles)]
        named += [(group, _GROUP) for group in sorted(self.groups)]
        named += [(str(self.since), _SINCE)] if self.since else []
        named += [(each.to_label(), _VOUCHER) for each in sorted(self.vouchers)]
        return tuple(f"{name}.{kind}.{_ZONE}" for name, kind in named)

    @classmethod
    def from_dns_names(cls, names: Iterable[str], issuer: str = "") -> Self:
        """
        Read what a certificate carries; kinds of names that are not known are passed over.

        :raises NotTrusted: unless that is one peer's name, and roles and groups.
        """
        found: dict[str, list[str]] = {each: [] for each in _KINDS}
        for name in names:
            label, _, suffix = name.partition(".")
            kind, _, zone = suffix.partition(".")
            if zone == _ZONE and kind in found:
                found[kind].append(label)
        if len(found[_NAME]) != 1:
            raise NotTrusted("the certificate names no peer, or several")
        try:
            return cls(
                found[_NAME][0],
                roles=found[_ROLE],
                groups=found[_GROUP],
                since=_since(found[_SINCE]),
                vouchers=tuple(map(Voucher.from_label, found[_VOUCHER])),
                issuer=issuer,
            )
        except BadName as error:
            raise NotTrusted(f"the certificate has a name that may not be one: {error}") from None


def _since(labels: list[str]) -> int:
    """
    Read since when somebody is in the network.

    :raises NotTrusted: when that is no date.
    """
    if not labels:
        return 0
    if len(labels) > 1 or not (labels[0].isdecimal() and len(labels[0]) <= _SINCE_DIGITS):
        raise NotTrusted("the certificate does not say since when its owner is in the network")
    return int(labels[0])
