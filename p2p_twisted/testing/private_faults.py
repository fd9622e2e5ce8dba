"""Random faults of private networks: peers that may come no more, and clocks that are wrong."""

from collections.abc import Callable
from functools import partial
from typing import Final

from attrs import define
from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure
from typing_extensions import override

from p2p_twisted.peer_errors import PeerError
from p2p_twisted.runtime.amounts import DAY_SECONDS
from p2p_twisted.testing.faults import Faults
from p2p_twisted.testing.private_daemons import NotLetIn, PrivateDaemons
from p2p_twisted.wire.names import PeerName

_LONG_AGO: Final = 31 * DAY_SECONDS
_FIRST_DAYS: Final = 8.5
"""So that certificates are soon to be renewed."""

_MOST_DAYS: Final = 4.0
_PATIENCE_DAYS: Final = 0.1
"""After which peers try once more to have a certificate renewed."""

_LEFT_DAYS: Final = 8.0
"""So many are left to each certificate: its peer may be away, and has to be there to renew it."""

_WRONG_SECONDS: Final = (-40 * DAY_SECONDS, -3_600.0, 3_600.0, 40 * DAY_SECONDS)
_RETRY_SECONDS: Final = 5.0


@define(eq=False)
class PrivateFaults(Faults):
    """
    Causes those, too, in a :class:`PrivateDaemons`.

    Admins are neither revoked, nor are their clocks wrong.
    """

    @property
    def _world(self) -> PrivateDaemons:
        assert isinstance(self.daemons, PrivateDaemons)
        return self.daemons

    @override
    def begin(self) -> None:
        self._pass(_FIRST_DAYS)

    @override
    def end(self) -> None:
        super().end()
        self._world.ahead.clear()
        self._pass(_PATIENCE_DAYS)

    @override
    def _kinds(self) -> list[tuple[Callable[[], None], int]]:
        return [
            *super()._kinds(),
            (self._pass_days, 6),
            (self._set_clock, 3),
            (partial(self._strike, self._revoke), 4),
            (partial(self._strike, self._expire), 3),
        ]

    def _pass_days(self) -> None:
        days = self.rng.uniform(0.1, _MOST_DAYS)
        if self._world.days_left() - days > _LEFT_DAYS:
            self._pass(days)

    def _pass(self, days: float) -> None:
        self._note(f"{days:.1f} days pass")
        self._world.passed += days * DAY_SECONDS

    def _set_clock(self) -> None:
        name = self.rng.choice(self._others(self.names))
        ahead = self._world.ahead[name] = self.rng.choice(_WRONG_SECONDS)
        self._note(f"the clock of {name} is {ahead / 3_600:+.0f} hours ahead")
        self._later(self.rng.uniform(5.0, 60.0), partial(self._set_right, name))

    def _set_right(self, name: PeerName) -> None:
        self._note(f"the clock of {name} is right")
        self._world.ahead.pop(name, None)

    def _revoke(self, name: PeerName) -> None:
        """Revoke a peer, which goes on trying; later it is invited again."""
        if name not in self._world.admins and self._say_revoked(name):
            self._cast_out(name)

    def _expire(self, name: PeerName) -> None:
        """Have a peer come back after long, with what it had then; later it is invited again."""
        if name not in self._world.admins:
            self._note(f"{name} comes back after {_LONG_AGO / DAY_SECONDS:.0f} days")
            self._world.crash(name)
            self._world.put_back(name, self._world.wall() - _LONG_AGO)
            self._world.start(name)
            self._cast_out(name)

    def _cast_out(self, name: PeerName) -> None:
        self._world.cast_out(name)
        self._undo_later(name, partial(self._invite, name))

    def _invite(self, name: PeerName) -> None:
        """Let a peer in again, as soon as that can be done."""
        if name in self._world.outcasts:
            self._world.crash(name)
        try:
            self._world.come_in(name)
        except NotLetIn as error:
            self._note(f"{name} is not let in: {error}")
            self._away[name] = lambda: None
            self._say_revoked(name)
            self._later(_RETRY_SECONDS, partial(self._invite, name))
        else:
            self._note(f"{name} is invited again")
            self._away.pop(name, None)
            self.restart(name, False)

    def _say_revoked(self, name: PeerName) -> bool:
        """Have an admin revoke a peer, if one can; return whether it has."""
        for admin in self._world.admins:
            peer = self._world.peers[admin] if admin in self.present() else None
            # Otherwise it would be said some time later.
            if peer is not None and peer.status().neighbors:
                self._note(f"{admin} revokes {name}")
                revoking = Deferred.fromCoroutine(peer.admin.revoke(name))
                revoking.addErrback(self._unheard)
                return True
        return False

    def _unheard(self, failure: Failure) -> None:
        failure.trap(PeerError, CancelledError)
        self._note(str(failure.value))

    def _others(self, names: list[PeerName]) -> list[PeerName]:
        return [name for name in names if name not in self._world.admins]
