"""
Remember whose certificates do not count any more.

A list tells others of the latest revocation of each name until the last certificate that it speaks
of has ended anyway. It goes on to count here, as the clock by which that has ended may be wrong: it
is forgotten only where there are too many. Two peers with one digest tell the same; where digests
differ, each adds what the other has.

Of those that a later one of the same name has replaced, the first few are remembered: where the
later one was a thief's, who had stolen a registry, they count again.

Nothing counts that a revoked admin has signed, as nobody knows when it did. So whoever revokes an
admin signs anew what that one had revoked: those who have not heard of it yet then believe it. A
registry does the same where an issuer was revoked, for all admins that this one had certified.
"""

import hashlib
import math
from collections.abc import Iterable, Iterator

from attrs import frozen

from p2p_twisted.runtime.amounts import DAY_SECONDS
from p2p_twisted.trust.anchor import VerifiedCertificate
from p2p_twisted.trust.identity import REGISTRY
from p2p_twisted.trust.limits import (
    CERTIFICATE_DAYS,
    REVOCATIONS,
    REVOCATIONS_REPLACED,
    STATEMENT_FRESH_SECONDS,
)
from p2p_twisted.trust.revoked_issuers import RevokedIssuers
from p2p_twisted.trust.statement import Revocation, RootStatement, Statement
from p2p_twisted.trust.trust_errors import RevocationsFull, StatementRefused
from p2p_twisted.wire.names import NetworkName, PeerName

# A registry that had not heard of it yet may have renewed the certificate until it ended.
_LIFE_SECONDS = 2 * CERTIFICATE_DAYS * DAY_SECONDS

_NO_REGISTRY = "a registry is no member: nobody can revoke it by that name"


@frozen
class _Held:
    cutoff: int
    issued: int
    signer: VerifiedCertificate
    text: str

    @property
    def rank(self) -> tuple[int, int, PeerName]:
        """What decides between two of one name, in whatever order they come."""
        return self.cutoff, self.issued, self.signer.identity.name

    def counts(self, issuers: RevokedIssuers) -> bool:
        """Return whether it was said while all counted on whose word its signer was known."""
        is_good = issuers.vouches(self.signer.issuer, self.issued)
        return is_good and issuers.vouch_for(self.signer.identity.vouchers)


class RevocationList:
    """
    The revocations of one network that still mean anything.

    All dates are in seconds since 1970.
    """

    def __init__(self, network: NetworkName) -> None:
        self._network = network
        self._held: dict[PeerName, _Held] = {}
        # The first ones first: a thief, who comes later, cannot push them out.
        self._replaced: dict[PeerName, tuple[_Held, ...]] = {}
        # By the clock, all certificates have ended of which revocations up to then speak.
        self._over = -math.inf
        self.issuers = RevokedIssuers(network)

    def is_revoked(self, certificate: VerifiedCertificate) -> bool:
        """Return whether a certificate of this network does not count."""
        is_named = self.is_cut(certificate.identity.name, certificate.since)
        return is_named or self.issuers.is_revoked(certificate)

    def is_cut(self, name: PeerName, since: float) -> bool:
        """Return whether who came in at some time by some name was revoked."""
        held = self._held.get(name)
        return held is not None and since < held.cutoff

    def knows(self, text: str) -> bool:
        """Return whether a statement is in the list: it need not be verified again."""
        return any(held.text == text for _, held in self._all()) or self.issuers.knows(text)

    def drafts(self, name: PeerName, now: float) -> tuple[Revocation, ...]:
        """
        Write what is to be signed to revoke a name, so that what it has revoked itself stays so.

        :raises RevocationsFull: when there are too many.
        :raises StatementRefused: for a registry.
        """
        first, drafts = self.draft(name, now), []
        for revoked, held in self._current():
            if held.signer.identity.name == name != revoked:
                issued = max(first.issued, held.issued + 1)
                drafts.append(Revocation(revoked, issued, self._network, held.cutoff))
        return (first, *drafts)

    def orphans(self) -> tuple[Revocation, ...]:
        """Write what is to be signed anew, as who had signed it is not believed any more."""
        return tuple(
            Revocation(name, held.issued + 1, self._network, held.cutoff)
            for name, held in self._current()
            if self.issuers.is_revoked(held.signer)
        )

    def draft(self, name: PeerName, now: float) -> Revocation:
        """
        Write what is to be signed, so that it speaks of all certificates of a name so far.

        :raises RevocationsFull: when there are too many.
        """
        if name == REGISTRY:
            raise StatementRefused(_NO_REGISTRY)
        self.prune(now)
        if len(self._current()) >= self._names_most() and name not in self._held:
            raise RevocationsFull(
                f"{REVOCATIONS:,} names are revoked, which is the most: make a new network"
            )
        # Certificates have whole seconds: one of this very second must be older than it is.
        return Revocation(name, int(now) + 1, self._network)

    def issuable_at(self, name: PeerName, now: float) -> float:
        """Return when to issue a certificate of a name, so that it counts: now, or soon."""
        held = self._held.get(name)
        return now if held is None else max(now, held.cutoff)

    def add(
        self, statement: Statement | RootStatement, now: float, *, was_kept: bool = False
    ) -> bool:
        """
        Have a statement count, if it is one of an admin's, or the root's.

        :param was_kept: whether it has counted here before: then no clock speaks against it.
        :returns: whether that changes anything: only then is it worth passing on.
        :raises StatementRefused: when it does not count.
        """
        if isinstance(statement, RootStatement):
            return self._add_issuer(statement, now, was_kept)
        said = statement.said
        if not isinstance(said, Revocation) or said.network != self._network:
            raise StatementRefused("that is not a revocation of this network")
        if said.name == REGISTRY:
            raise StatementRefused(_NO_REGISTRY)
        signer = statement.signer.identity
        if not signer.is_admin:
            raise StatementRefused(f"only an admin may revoke, and {signer.name} is none")
        if self.is_revoked(statement.signer):
            raise StatementRefused(f"{signer.name} may not revoke any more: it is revoked itself")
        if not was_kept and max(said.issued, said.cutoff) > now + STATEMENT_FRESH_SECONDS:
            raise StatementRefused(
                f"{signer.name} says when it is later than by this machine's clock:"
                " one of the two is wrong"
            )
        held, new = self._held.get(said.name), _held(statement, said)
        is_over = not was_kept and said.cutoff + _LIFE_SECONDS <= now
        if is_over or (held and held.rank >= new.rank):
            return False
        self._hold(said.name, new)
        self.prune(now)
        return said.name in self._held

    def _hold(self, name: PeerName, new: _Held) -> None:
        if held := self._held.get(name):
            replaced = (*self._replaced.get(name, ()), held)
            self._replaced[name] = replaced[:REVOCATIONS_REPLACED]
        self._held[name] = new

    def _add_issuer(self, statement: RootStatement, now: float, was_kept: bool) -> bool:
        """Have an issuer count no more, nor what it may have had said since it was stolen."""
        is_new = self.issuers.add(statement, now, was_kept=was_kept)
        if is_new:
            counting = [each for each in self._all() if each[1].counts(self.issuers)]
            self._held, self._replaced = {}, {}
            for name, held in counting:
                self._hold(name, held)
            self.prune(now)
        return is_new

    def prune(self, now: float) -> None:
        """Tell no more of certificates that have all ended, and forget the oldest of too many."""
        self.issuers.prune(now)
        self._over = now - _LIFE_SECONDS
        latest_first = sorted(self._held.items(), key=_by_date, reverse=True)
        self._held = dict(latest_first[: self._names_most()])
        self._replaced = {name: each for name, each in self._replaced.items() if name in self._held}

    def _all(self) -> Iterator[tuple[PeerName, _Held]]:
        """Yield those that are kept, of each name in the order in which they have come."""
        for name, held in self._held.items():
            for each in (*self._replaced.get(name, ()), held):
                yield name, each

    def _current(self) -> list[tuple[PeerName, _Held]]:
        """Return those of which others are told."""
        return [each for each in self._held.items() if each[1].cutoff > self._over]

    def _names_most(self) -> int:
        """Return how many names may be revoked: two that compare count issuers as well."""
        return REVOCATIONS - len(self.issuers)

    def digest(self) -> str:
        """Return what is the same for two lists that say the same, signed by the same."""
        lines = [f"{name} {held.rank}\n" for name, held in self._current()]
        lines = sorted([*lines, *self.issuers.lines()])
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def texts(self) -> tuple[str, ...]:
        """
        Return the statements, for a peer with another digest.

        They come in the order in which they were said: so one that learns them all in this order
        hears what an admin has revoked before it hears that this one was revoked.
        """
        return _in_order(self._current(), self.issuers.texts())

    def counting(self) -> tuple[str, ...]:
        """Return the statements that count, those, too, that are over by the clock."""
        return _in_order(self._held.items(), self.issuers.kept())

    def kept(self) -> tuple[str, ...]:
        """
        Return all statements, to be kept on disk: those, too, that others have replaced.

        They come in the order in which they were said, as those of :meth:`texts` do.
        """
        return _in_order(self._all(), self.issuers.kept())


def _in_order(
    names: Iterable[tuple[PeerName, _Held]], issuers: Iterable[tuple[int, str]]
) -> tuple[str, ...]:
    dated = [(held.issued, held.text) for _, held in names]
    return tuple(text for _, text in sorted([*dated, *issuers]))


def _held(statement: Statement, said: Revocation) -> _Held:
    return _Held(said.cutoff, said.issued, statement.signer, statement.text)


def _by_date(item: tuple[PeerName, _Held]) -> tuple[int, PeerName]:
    name, held = item
    return held.cutoff, name
