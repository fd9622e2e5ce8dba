"""
Remember which issuers were revoked, such as that of a registry whose machine was stolen.

Whoever has an issuer's key makes certificates of any name and date. So none that it has signed
counts any more, whatever it says. Others that were given on its word, by registries that believed
it, count where that was before it may have been in the wrong hands: their own dates are honest.
"""

import math
from collections.abc import Iterable

from attrs import frozen

from p2p_twisted.trust.anchor import VerifiedCertificate
from p2p_twisted.trust.limits import (
    ISSUER_DAYS,
    ISSUER_REVOKED_SINCE_DAYS,
    ISSUERS_REVOKED,
    STATEMENT_FRESH_SECONDS,
)
from p2p_twisted.trust.statement import IssuerId, IssuerRevocation, RootStatement
from p2p_twisted.trust.trust_errors import StatementRefused
from p2p_twisted.trust.voucher import Voucher
from p2p_twisted.wire.names import NetworkName

_DAY_SECONDS = 86_400
# Its certificate has ended by then, and with it all that it has signed.
_LIFE_SECONDS = ISSUER_DAYS * _DAY_SECONDS


@frozen
class _Revoked:
    said: IssuerRevocation
    text: str

    @property
    def rank(self) -> tuple[int, int]:
        """What decides between two of one issuer, in whatever order they come."""
        return self.said.issued, -self.said.since


class RevokedIssuers:
    """
    The issuers of one network that do not count.

    All dates are in seconds since 1970.
    """

    def __init__(self, network: NetworkName) -> None:
        self._network = network
        self._held: dict[IssuerId, _Revoked] = {}
        # By the clock, all certificates have ended of issuers that were revoked by then.
        self._over = -math.inf

    def __len__(self) -> int:
        return len(self._current())

    def __contains__(self, issuer: IssuerId) -> bool:
        return issuer in self._held

    def knows(self, text: str) -> bool:
        """Return whether a statement counts already."""
        return any(held.text == text for held in self._held.values())

    def vouches(self, issuer: IssuerId, at: float) -> bool:
        """Return whether somebody may be known on the word of an issuer, as it was at some time."""
        held = self._held.get(issuer)
        return held is None or int(at) < held.said.since

    def vouch_for(self, vouchers: Iterable[Voucher]) -> bool:
        """Return whether all count on whose word something was done."""
        return all(self.vouches(each.issuer, each.at) for each in vouchers)

    def is_revoked(self, certificate: VerifiedCertificate) -> bool:
        """Return whether a certificate does not count because of an issuer."""
        return certificate.issuer in self._held or not self.vouch_for(certificate.identity.vouchers)

    def add(self, statement: RootStatement, now: float, *, was_kept: bool) -> bool:
        """
        Have a statement count.

        :param was_kept: whether it has counted here before: then no clock speaks against it.
        :returns: whether that changes anything: only then is it worth passing on.
        :raises StatementRefused: when it does not count.
        """
        said = statement.said
        if said.network != self._network:
            raise StatementRefused("that is not a revocation of this network")
        if not was_kept and max(said.issued, said.since) > now + STATEMENT_FRESH_SECONDS:
            raise StatementRefused(
                f"the issuer {said.issuer} was revoked later than by this machine's clock:"
                " that clock is wrong, or the one of who has said it"
            )
        if said.since < said.issued - ISSUER_REVOKED_SINCE_DAYS * _DAY_SECONDS:
            raise StatementRefused(
                f"an issuer is revoked since {ISSUER_REVOKED_SINCE_DAYS} days ago at most"
            )
        held, new = self._held.get(said.issuer), _Revoked(said, statement.text)
        is_over = not was_kept and said.issued + _LIFE_SECONDS <= now
        if is_over or (held and held.rank >= new.rank):
            return False
        self._held[said.issuer] = new
        self.prune(now)
        return said.issuer in self._held

    def prune(self, now: float) -> None:
        """Tell no more of those whose certificates have ended; forget the oldest of too many."""
        self._over = now - _LIFE_SECONDS
        latest_first = sorted(self._held.items(), key=lambda item: item[1].rank, reverse=True)
        self._held = dict(latest_first[:ISSUERS_REVOKED])

    def _current(self) -> list[tuple[IssuerId, _Revoked]]:
        """Return those of which others are told."""
        return [each for each in self._held.items() if each[1].said.issued > self._over]

    def lines(self) -> list[str]:
        """Return what is the same for two that know the same."""
        return [f"issuer {issuer} {held.rank}\n" for issuer, held in self._current()]

    def texts(self) -> list[tuple[int, str]]:
        """Return the statements of which others are told, and when each was said."""
        return [(held.said.issued, held.text) for _, held in self._current()]

    def kept(self) -> list[tuple[int, str]]:
        """Return all statements, likewise: those, too, that are over by the clock."""
        return [(held.said.issued, held.text) for held in self._held.values()]
