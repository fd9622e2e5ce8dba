"""Decide whether a signed stop is to be obeyed."""

from p2p_twisted.trust.limits import STATEMENT_FRESH_SECONDS, STOPS_REMEMBERED
from p2p_twisted.trust.revocations import RevocationList
from p2p_twisted.trust.statement import Statement, Stop
from p2p_twisted.trust.trust_errors import StatementRefused
from p2p_twisted.wire.names import MessageId, NetworkName


class StopGuard:
    """
    Lets each stop of an admin through once, while it is fresh.

    All dates are in seconds since 1970.

    :param started: when this peer began; a stop from before is none of its business.
    """

    def __init__(self, network: NetworkName, started: float) -> None:
        self._network = network
        self._started = started
        # When each was issued.
        self._obeyed: dict[MessageId, int] = {}

    def check(
        self,
        statement: Statement,
        revocations: RevocationList,
        now: float,
        by_anyone: bool = False,
    ) -> Stop:
        """
        Decide about a statement.

        :param by_anyone: whether any member may have signed it, not only an admin.
        :returns: what is to be obeyed.
        :raises StatementRefused: when it is not.
        """
        stop, signer = statement.said, statement.signer.identity
        if not isinstance(stop, Stop) or stop.network != self._network:
            raise StatementRefused("that is not a stop of this network")
        if not (signer.is_admin or by_anyone):
            raise StatementRefused(
                f"only an admin may stop this network, and {signer.name} is none"
            )
        if revocations.is_revoked(statement.signer):
            raise StatementRefused(f"{signer.name} may not stop this network: it is revoked")
        if abs(stop.issued - now) > STATEMENT_FRESH_SECONDS:
            raise StatementRefused(
                f"{signer.name} has stopped this network {abs(stop.issued - now):.0f} s from now"
                " by this machine's clock: the message is an old one, or one of the clocks is wrong"
            )
        if stop.issued < int(self._started):
            raise StatementRefused("the network was stopped before this peer started")
        self._remember(stop, now)
        return stop

    def _remember(self, stop: Stop, now: float) -> None:
        self._obeyed = {
            known: issued
            for known, issued in self._obeyed.items()
            if issued + STATEMENT_FRESH_SECONDS >= now
        }
        if stop.id in self._obeyed:
            raise StatementRefused("the network was stopped with that message already")
        if len(self._obeyed) >= STOPS_REMEMBERED:
            raise StatementRefused("the network was stopped too often to tell old from new")
        self._obeyed[stop.id] = stop.issued
