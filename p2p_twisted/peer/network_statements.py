"""What admins have said to the whole private network, at one of its peers."""

import json
from collections.abc import Callable
from typing import Final

from twisted.logger import Logger

from p2p_twisted.peer_errors import NotAllowed
from p2p_twisted.runtime.background import background
from p2p_twisted.runtime.lock import Lock
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.runtime.token_bucket import TokenBucket
from p2p_twisted.trust.anchor import TrustAnchor
from p2p_twisted.trust.statement import (
    IssuerRevocation,
    Revocation,
    Said,
    Statement,
    Stop,
    read_any_statement,
    read_statement,
    sign_statement,
)
from p2p_twisted.trust.stop_guard import StopGuard
from p2p_twisted.trust.tls import TlsSecurity
from p2p_twisted.trust.trust_errors import BadStatement, StatementRefused, TrustError
from p2p_twisted.wire.names import MessageId, NetworkName, PeerName

STOP_THIS: Final = "stop this network"
"""What only an admin may, in words."""

_FILE: Final = "revocations.json"
_COMPLAINTS_PER_SECOND: Final = 1 / 60
_COMPLAINTS_AT_ONCE: Final = 5


class NetworkStatements:
    """
    Judges what is said, and signs what this peer says itself.

    :param folder: where revocations are kept.
    :param offload: calls what blocks.
    :param date: reads the time of day, in seconds since 1970.
    :ivar revocations: those that this peer has heard of.
    """

    log = Logger()

    def __init__(
        self,
        network: NetworkName,
        security: TlsSecurity,
        *,
        folder: OwnFolder,
        offload: Offload,
        date: Callable[[], float],
    ) -> None:
        self._network = network
        self._security = security
        self.revocations = security.revocations
        self._folder = folder
        self._offload = offload
        self._date = date
        self._keeping = Lock()
        self._anchor = TrustAnchor(security.credentials.root)
        self._stops = StopGuard(network, date())
        # Any member may say what does not count, as often as it likes.
        self._complaints = TokenBucket(_COMPLAINTS_PER_SECOND, _COMPLAINTS_AT_ONCE)

    def load(self) -> None:
        """Read what was kept; blocks. What cannot be read is heard again from a neighbor."""
        try:
            texts = json.loads(self._folder.read(_FILE))
            for text in texts:
                self._recall(str(text))
            self._security.check_own()
        except FileNotFoundError:
            return
        except (OSError, ValueError, TypeError) as error:
            self.log.warn("{file} is passed over: {error}", file=_FILE, error=error)

    # What this peer says

    def check_admin(self, what: str) -> None:
        """
        Check that this peer may do what only an admin may.

        :raises NotAllowed: when it may not.
        """
        me = self._security.own.identity
        if not me.is_admin:
            raise NotAllowed(f"only an admin may {what}, and {me.name} is none")

    def sign_stop(self, id_: MessageId, by_anyone: bool = False) -> str:
        """
        Write that the network is to stop.

        :param by_anyone: whether any member may say so, not only an admin.
        :raises NotAllowed: when this peer may not.
        """
        stop = Stop(id_, int(self._date()), self._network)
        if by_anyone:
            return sign_statement(stop, self._security.credentials)
        return self._signed(stop, STOP_THIS)

    def revoke(self, name: PeerName) -> tuple[str, ...]:
        """
        Revoke all certificates of a name so far: here at once, and wherever this is published.

        :returns: what others are to hear.
        :raises NotAllowed: when this peer is no admin, or that cannot be done.
        """
        try:
            drafts = self.revocations.drafts(name, self._date())
            # What it signs does not count any more once it has revoked itself.
            counting = drafts[:1] if name == self._security.own.identity.name else drafts
            texts = tuple(self._signed(draft, "revoke") for draft in counting)
            for text in texts:
                self._learn(text)
        except TrustError as error:
            raise NotAllowed(str(error)) from None
        return texts

    def publish(self, text: str) -> None:
        """
        Have it count here what the root has said; others are to hear it, too.

        :raises NotAllowed: when it does not count.
        """
        try:
            self._learn(text)
        except TrustError as error:
            raise NotAllowed(str(error)) from None

    # What others say

    def stopped_by(self, text: str, by_anyone: bool = False) -> PeerName | None:
        """
        Return who stops the network by a statement; ``None`` where that is not to be obeyed.

        :param by_anyone: whether any member may say so, not only an admin.
        """
        try:
            statement = read_statement(text, self._anchor)
            self._stops.check(statement, self.revocations, self._date(), by_anyone)
        except (BadStatement, StatementRefused) as error:
            self._complain("not stopping", error)
            return None
        return statement.signer.identity.name

    def hear(self, text: str) -> bool:
        """Learn a revocation, if it is one; return whether it is new."""
        try:
            return self._learn(text)
        except (BadStatement, StatementRefused) as error:
            self._complain("a revocation does not count", error)
            return False

    def _signed(self, said: Said, what: str) -> str:
        self.check_admin(what)
        return sign_statement(said, self._security.credentials)

    def _complain(self, what: str, why: TrustError) -> None:
        if self._complaints.take(self._date()):
            self.log.warn("{what}: {why}", what=what, why=why)

    def _learn(self, text: str) -> bool:
        said = self._add(text, was_kept=False)
        if said is None:
            return False
        if isinstance(said, IssuerRevocation):
            self.log.warn("the registry {id} was revoked", id=said.issuer)
            self._security.cut_issuer()
        else:
            self._security.cut(self._date())
        background(self.log, "keeping revocations", self._keep())
        return True

    def _add(self, text: str, *, was_kept: bool) -> Said | IssuerRevocation | None:
        """Have a revocation count; return what it says, if that is new."""
        if self.revocations.knows(text):
            return None
        statement = read_any_statement(text, self._anchor)
        if not self.revocations.add(statement, self._date(), was_kept=was_kept):
            return None
        if isinstance(statement, Statement) and isinstance(statement.said, Revocation):
            by = statement.signer.identity.name
            self.log.info("{name} was revoked by {by}", name=statement.said.name, by=by)
        return statement.said

    def _recall(self, text: str) -> None:
        try:
            self._add(text, was_kept=True)
        except TrustError as error:
            self.log.warn("a revocation in {file} is passed over: {why}", file=_FILE, why=error)

    async def _keep(self) -> None:
        try:
            # One after the other, so that the latest is what stays.
            async with self._keeping:
                content = json.dumps(self.revocations.kept()).encode()
                await self._offload(self._folder.replace, _FILE, content)
        except OSError as error:
            self.log.error("revocations are not written down: {error}", error=error)
