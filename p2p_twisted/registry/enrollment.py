"""Answer who asks to be let into a private network, or to stay in it."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from p2p_twisted.registry.authority import Authority
from p2p_twisted.registry.limits import (
    DECISIONS_WAITING,
    RACES_LOST,
    WRONG_INVITES_PER_MINUTE,
)
from p2p_twisted.registry.private_lists import listed, only_admins
from p2p_twisted.registry.private_requests import decoded, record_of, refusal
from p2p_twisted.registry.record_keeping import RecordKeeper
from p2p_twisted.registry.refusals import no_store
from p2p_twisted.registry.shared_records import OutOfDate, SharedRecords
from p2p_twisted.registry.store import StoreFault
from p2p_twisted.runtime.background import background
from p2p_twisted.runtime.lock import Lock
from p2p_twisted.runtime.os_errors import in_words
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.runtime.watches import Watches
from p2p_twisted.trust.anchor import VerifiedCertificate
from p2p_twisted.trust.comparing import differing
from p2p_twisted.trust.credentials import Credentials
from p2p_twisted.trust.identity import REGISTRY, Identity
from p2p_twisted.trust.limits import STATEMENT_FRESH_SECONDS
from p2p_twisted.trust.statement import IssuerRevocation, Stop, sign_statement
from p2p_twisted.trust.trust_errors import StatementRefused, TrustError, UnknownInvite
from p2p_twisted.wire.host_limit import HostLimit
from p2p_twisted.wire.messages import (
    Bye,
    Certify,
    Enroll,
    Error,
    Invited,
    ListRecords,
    MakeInvite,
    Message,
    Revoked,
    Void,
)
from p2p_twisted.wire.names import MessageId, PeerName

_Decided = Enroll | Certify | MakeInvite | Void | Revoked
PrivateQuestion = _Decided | ListRecords
"""What is asked of a private network's registry alone."""

_TOO_EARLY: Final = (
    "by the registry's clock, {name} came in after that: one of the two clocks is wrong; set it,"
    " and say it again"
)
OPERATOR: Final = Identity(REGISTRY, [REGISTRY])
"""Whoever may use the registry's own key."""


class Enrollment:
    """
    Gives certificates, each only once it is on the disk that it was given.

    :param folder: where that is kept.
    :param places: returns where invites say that registries are; raises TrustError if nowhere.
    :param offload: calls what blocks.
    :param clock: the reactor.
    :param date: reads the time of day, in seconds since 1970.
    :param cut: ends the connections of those that were revoked by then.
    :param own: returns what the registry itself shows, and signs with.
    :param shared: what other registries of the network know, too.
    :ivar revoked: tells those who watch whose certificates do not count any more.
    """

    log = Logger()

    def __init__(
        self,
        authority: Authority,
        folder: OwnFolder,
        *,
        places: Callable[[], Sequence[str]],
        offload: Offload,
        clock: IReactorTime,
        date: Callable[[], float],
        cut: Callable[[float], None],
        own: Callable[[], Credentials],
        shared: SharedRecords | None = None,
    ) -> None:
        self._authority = authority
        self._records = RecordKeeper(authority, folder, offload, shared, self._hear)
        self._places = places
        self._date = date
        self._cut = cut
        self._own = own
        # What the operator has said last, to be told to whoever asks while it is fresh.
        self._stop: tuple[float, str] | None = None
        self.revoked = Watches[PeerName]()
        self._keeping = Lock()
        self._clock = clock
        self._guesses = HostLimit(WRONG_INVITES_PER_MINUTE / 60, WRONG_INVITES_PER_MINUTE)

    def digest(self) -> str:
        """Return what tells whether somebody knows of the same revocations."""
        return self._authority.revocations.digest()

    def differing(self, asked: Revoked) -> list[Revoked]:
        """Return what to tell one that compares what it knows of revocations."""
        return differing(self._authority.revocations, asked)

    async def revoke(self, name: PeerName) -> Message:
        """
        Revoke a name in the registry's own name; peers hear of it when they renew their places.

        :raises RevocationsFull: when there are too many.
        """
        drafts = self._authority.revocations.drafts(name, self._date())
        texts = tuple(sign_statement(draft, self._own()) for draft in drafts)
        return await self.answer(Revoked(self.digest(), texts), OPERATOR, "")

    def stop_peers(self, id_: MessageId) -> None:
        """Have all peers that renew their places within two minutes end, and tell the others."""
        now = self._date()
        said = Stop(id_, int(now), self._authority.network)
        self._stop = now + STATEMENT_FRESH_SECONDS, sign_statement(said, self._own())

    def stop(self) -> str | None:
        """Return the statement by which all are to end, while there is one."""
        if self._stop is None or self._date() > self._stop[0]:
            return None
        return self._stop[1]

    def shown(self, certificate: VerifiedCertificate) -> None:
        """Hear which certificate was shown: it may tell something that is not recorded here."""
        if self._authority.is_news(certificate):
            background(self.log, "recording a certificate", self._learn(certificate))

    async def _learn(self, shown: VerifiedCertificate) -> None:
        async with self._keeping:
            is_alone = not self._records.is_shared
            if not is_alone:
                await self._recorded()
            if self._authority.learn(shown, self._date(), is_alone=is_alone):
                self.log.warn(
                    "{name} shows a certificate that is not recorded here: this registry was"
                    " restored from a backup. All invites are void: make new ones",
                    name=shown.identity.name,
                )
            await self._recorded()

    async def catch_up(self) -> None:
        """Know what other registries have decided, and tell them what they do not know."""
        if not self._keeping.is_taken:
            async with self._keeping:
                await self._recorded()

    async def _recorded(self) -> None:
        try:
            await self._records.catch_up(self._date())
            await self._records.keep()
        except OutOfDate:
            # It is tried again soon.
            pass
        except (OSError, StoreFault) as error:
            self.log.error("nothing can be recorded: {why}", why=in_words(error))

    async def answer(self, asked: PrivateQuestion, identity: Identity | None, host: str) -> Message:
        """
        Answer a request.

        :param identity: who asks, where it has shown a certificate.
        :param host: the IP address that it comes from.
        """
        if isinstance(asked, Revoked) and not asked.statements:
            return Bye("noted")
        if isinstance(asked, Enroll) and self._guesses.is_spent(host, self._clock.seconds()):
            return Error(
                "too many wrong invites came from this machine: try again in a minute", "later"
            )
        if isinstance(asked, ListRecords):
            # Nothing changes, so nothing is to be written down.
            return listed(self._authority, asked, identity, self._date())
        if self._keeping.waiting >= DECISIONS_WAITING:
            return Error("this registry has too much to do: try again in a minute", "later")
        async with self._keeping:
            for _race in range(RACES_LOST):
                try:
                    return await self._settled(asked, identity, host)
                except OutOfDate:
                    pass
        return Error("the registries have too much to do: try again in a minute", "later")

    async def _settled(self, asked: _Decided, identity: Identity | None, host: str) -> Message:
        """
        Decide by what all registries know, and keep what was decided.

        :raises OutOfDate: when another one has decided something meanwhile; this is undone then.
        """
        is_revocation = isinstance(asked, Revoked)
        try:
            await self._records.catch_up(self._date())
        except StoreFault as fault:
            if not is_revocation:
                return no_store(str(fault))
        before = self._authority.to_json()
        try:
            answer = self._decide(asked, identity)
            # Who is revoked is so at once, whoever else can be told of it.
            await self._records.keep(is_urgent=is_revocation)
        except TrustError as error:
            return self._refused(error, host)
        except (OSError, StoreFault, OutOfDate) as error:
            if not is_revocation:
                self._authority.restore(before, self._date())
            if isinstance(error, OutOfDate):
                raise
            self.log.error("nothing can be decided: {why}", why=in_words(error))
            if isinstance(error, StoreFault):
                return no_store(str(error))
            return Error("the registry cannot write to its disk: try again later", "later")
        return answer

    def _refused(self, error: TrustError, host: str) -> Error:
        if isinstance(error, UnknownInvite):
            self._guesses.take(host, self._clock.seconds())
        return refusal(error)

    def _hear(self, texts: Sequence[str]) -> None:
        """Learn revocations that another registry has stored; this one need not believe all."""
        with suppress(TrustError):
            self._revoke(texts, self._date())

    def _decide(self, asked: _Decided, identity: Identity | None) -> Message:
        now = self._date()
        match asked:
            case Enroll(name, secret, request, days):
                answer = self._authority.enroll(
                    name, bytes.fromhex(secret), decoded(request), now, days
                )
                self.log.info("{name} was let in", name=name)
                return answer
            case Certify(request) if identity is None:
                name, answer = self._authority.certify_anew(decoded(request), now)
                self.log.info("{name} was certified anew, by the key that it had before", name=name)
                return answer
            case _ if identity is None:
                raise TrustError("show a certificate of this network")
            case Certify(request):
                return self._authority.renew(identity, decoded(request), now)
            # Not whoever has stolen another one's key: it would make itself a third one's.
            case MakeInvite(registry=True) if identity is not OPERATOR:
                raise TrustError(
                    "another registry is invited where the first one runs: p2p invite"
                    " --for-registry --of-registry"
                )
            case MakeInvite() | Void() if not identity.is_admin:
                raise TrustError(only_admins(self._authority, "invite", identity, now))
            case MakeInvite():
                record = record_of(asked, identity.vouchers_to(self._authority.id, now), now)
                return Invited(self._authority.invite(self._places(), record, now))
            case Void(invite):
                self._authority.invites.void(invite)
                return Bye("noted")
            case Revoked(statements=texts):
                self._revoke(texts, now)
                return Bye("noted")

    def _revoke(self, texts: Sequence[str], now: float) -> None:
        """Learn revocations; those that do not count leave the others alone."""
        faults: list[TrustError] = []
        for text in texts:
            try:
                said = self._authority.revoke(text, now)
            except TrustError as error:
                faults.append(error)
                continue
            if isinstance(said, IssuerRevocation):
                self.log.warn("the registry {id} was revoked", id=said.issuer)
                if self._records.is_shared:
                    # It may have written any where all read them.
                    self._authority.invites.void_all()
                self._sign_anew(now)
            elif said is not None:
                self.log.info("{name} was revoked", name=said.name)
                self.revoked.tell(said.name)
                if self._authority.holders.holds(said.name):
                    faults.append(StatementRefused(_TOO_EARLY.format(name=said.name)))
        self._cut(now)
        if len(faults) == len(texts):
            raise faults[0]

    def _sign_anew(self, now: float) -> None:
        """Have what somebody had revoked count on, though its issuer was revoked itself."""
        if self._authority.id not in self._authority.revocations.issuers:
            for draft in self._authority.revocations.orphans():
                self._authority.revoke(sign_statement(draft, self._own()), now)
