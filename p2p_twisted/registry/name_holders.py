"""Remember to whom the names of a private network belong, and who had them before."""

from collections.abc import Mapping
from typing import Any, Final, Self

import attrs

from p2p_twisted.registry.freed_names import FreedNames
from p2p_twisted.registry.limits import NAMES_KEPT, REGISTERED
from p2p_twisted.registry.name_holder import NameHolder
from p2p_twisted.trust.anchor import VerifiedCertificate
from p2p_twisted.trust.identity import REGISTRY
from p2p_twisted.trust.revocations import RevocationList
from p2p_twisted.trust.revoked_issuers import RevokedIssuers
from p2p_twisted.trust.statement import Revocation
from p2p_twisted.trust.trust_errors import TrustError
from p2p_twisted.trust.voucher import Voucher
from p2p_twisted.wire.messages import MemberRecord
from p2p_twisted.wire.names import PeerName

_FORMER_MOST: Final = 3
"""Keys that a member has had before and that are good still: it makes another one in ten days."""


class NameHeld(TrustError):
    """Somebody has a certificate for the name, which is still good."""


class NameHolders:
    """
    A name belongs to whoever has a certificate for it that is good and was not revoked.

    Names whose certificates have ended are anybody's, but are forgotten only where there are too
    many: the clock of this machine may be wrong. All dates are in seconds since 1970.

    :param own: the registry's own issuer: who has its certificate needs none by an earlier key.
    """

    def __init__(self, own: str) -> None:
        self._own = own
        self._held: dict[PeerName, NameHolder] = {}
        # Earlier keys of the same names, the first ones first: a thief cannot push them out.
        self._former: dict[PeerName, tuple[NameHolder, ...]] = {}
        self._freed = FreedNames()

    def check_free(self, name: PeerName, key: str, now: float) -> None:
        """
        Make sure that a name may be given to who has a key.

        :raises NameHeld: when it may not.
        """
        if name == REGISTRY:
            raise NameHeld("registry is the registry's own name: choose another one")
        holder = self._held.get(name)
        # Who did not hear the answer may ask again with its key.
        if holder is not None and holder.expires > now and holder.key != key:
            raise NameHeld(
                f"the name {name} is taken: choose another one, or have an admin revoke it first"
            )

    def newcomer(self, name: PeerName, invite: str) -> NameHolder | None:
        """Return who came by an invite and has not shown its certificate yet, if anybody."""
        holder = self._held.get(name)
        return holder if holder is not None and holder.invite == invite else None

    def is_news(self, name: PeerName, holder: NameHolder) -> bool:
        """Return whether somebody has a name that it is not known to have, or for longer."""
        held = self._held.get(name)
        if held is None:
            # Whoever has stolen another registry makes up as many as it likes.
            return len(self._held) < REGISTERED
        return held.expires < holder.expires or (not held.is_met and held.key == holder.key)

    def holds(self, name: PeerName) -> bool:
        """Return whether somebody has a name."""
        return name in self._held

    def met(self, name: PeerName, key: str) -> None:
        """Hear that somebody has shown its certificate: so it need not be given again."""
        held = self._held.get(name)
        if held is not None and held.certificate and held.key == key:
            self._held[name] = attrs.evolve(held, invite="", certificate="")

    def hold(self, name: PeerName, holder: NameHolder, now: float) -> None:
        """Give a name; where there are too many, those that ended first are forgotten."""
        before = self._held.get(name)
        if before is not None and before.since == holder.since and not holder.came_by:
            # It is renewed.
            holder = attrs.evolve(holder, came_by=before.came_by)
        if before is not None and before.key != holder.key and before.issuer != self._own:
            self._remember(name, before, now)
        self._held[name] = holder
        too_many = len(self._held) - NAMES_KEPT
        if too_many > 0:
            ended = [known for known, each in self._held.items() if each.expires <= now]
            ended.sort(key=lambda known: self._held[known].expires)
            for known in ended[:too_many]:
                self._forget(known)

    def free(self, said: Revocation, by: VerifiedCertificate, now: float) -> NameHolder | None:
        """
        Take a name from whoever got it before it was revoked, and return that one.

        :param by: who has said so: if it should not count later, the name is given back.
        """
        name, before = said.name, said.cutoff
        holder = self._held.get(name)
        if holder is None or holder.since >= before:
            return None
        word = (Voucher(by.issuer, said.issued), *by.identity.vouchers)
        self._freed.add(name, (*self._former.pop(name, ()), holder), word, now)
        return self._held.pop(name)

    def known(
        self, key: str, issuers: RevokedIssuers, now: float
    ) -> tuple[PeerName, NameHolder] | None:
        """
        Find who was seen to have a key while the issuer counted that has certified it.

        :param key: its hash, in hexadecimal digits.
        """
        if not issuers:
            return None
        for name, each in self._held.items():
            is_current = each.key == key and each.expires > now
            # Whoever has stolen another one may have written what it likes where all read it.
            if is_current and each.is_met and each.issuer != self._own and each.counts(issuers):
                return name, each
        return None

    def disown(self, revocations: RevocationList) -> None:
        """
        Take names from those who were first seen when their issuer did not count any more.

        Each is given back to who had it before, if that counts.
        """
        issuers = revocations.issuers
        for name, each in tuple(self._held.items()):
            if not each.counts(issuers):
                del self._held[name]
                former = [of for of in self._former.pop(name, ()) if of.counts(issuers)]
                if former:
                    self._former[name], self._held[name] = tuple(former[:-1]), former[-1]
        self.give_back(revocations)

    def give_back(self, revocations: RevocationList) -> None:
        """Have names again belong to those from whom they were taken by what does not count."""
        for name, several in self._freed.returned(revocations).items():
            if name not in self._held:
                *former, self._held[name] = several
                self._former[name] = tuple(former[:_FORMER_MOST])

    def _remember(self, name: PeerName, before: NameHolder, now: float) -> None:
        """Keep an earlier key, while it is good and there are not too many."""
        known = (*self._former.get(name, ()), before)
        if len(known) > _FORMER_MOST:
            known = tuple(each for each in known if each.expires > now)
        self._former[name] = known[:_FORMER_MOST]

    def _forget(self, name: PeerName) -> None:
        self._held.pop(name, None)
        self._former.pop(name, None)

    def members(self, now: float, after: str, most: int) -> tuple[list[MemberRecord], int]:
        """
        List those whose certificates are good, by name.

        :param after: those that come after this one.
        :returns: ``most`` of them at most, and how many there are.
        """
        good = (name for name, each in self._held.items() if each.expires > now)
        names = sorted(name for name in good if name > after)
        return [self._member(name, self._held[name]) for name in names[:most]], len(names)

    def member(self, name: PeerName, now: float) -> MemberRecord | None:
        """Describe who has a name, if its certificate is good."""
        held = self._held.get(name)
        return None if held is None or held.expires <= now else self._member(name, held)

    def admins(self, now: float) -> list[PeerName]:
        """List the admins among them, by name."""
        held = self._held.items()
        return sorted(name for name, each in held if each.is_admin and each.expires > now)

    def _member(self, name: PeerName, of: NameHolder) -> MemberRecord:
        return MemberRecord(name, float(int(of.expires)), of.is_admin, of.groups, of.issuer)

    def to_json(self) -> dict[str, Any]:
        """Write what :meth:`restored` reads."""
        former = self._former.items()
        return {
            "holders": {name: each.to_json() for name, each in self._held.items()},
            "former": {name: [each.to_json() for each in several] for name, several in former},
            "freed": self._freed.to_json(),
        }

    def restored(self, kept: Mapping[str, Any], *, is_own: bool) -> Self:
        """
        Read what was written down, perhaps by a version that knew less.

        :param is_own: whether all of that is this registry's own: others do not write whose names
            were taken.
        :raises ValueError, TypeError, KeyError, NotTrusted: when it was not.
        """
        made, held, former = type(self)(self._own), kept["holders"], kept.get("former", {})
        made._held = {str(name): NameHolder.from_json(each) for name, each in held.items()}
        made._former = {
            str(name): tuple(map(NameHolder.from_json, each)) for name, each in former.items()
        }
        made._freed = FreedNames.from_json(kept.get("freed", ())) if is_own else self._freed
        return made
