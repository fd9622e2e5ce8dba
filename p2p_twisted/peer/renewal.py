"""Keep a peer's certificate good for as long as it runs."""

import base64
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

import attrs
from cryptography import x509
from twisted.application.internet import TimerService
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from typing_extensions import override

from p2p_twisted.peer.certificate_status import CertificateStatus
from p2p_twisted.peer.private_member import PrivateMember, save_member
from p2p_twisted.registry.client import RegistryClient
from p2p_twisted.registry.refusals import RegistryRefused, RegistryUnreachable
from p2p_twisted.runtime.alarm import Alarm
from p2p_twisted.runtime.amounts import DAY_SECONDS
from p2p_twisted.runtime.background import background
from p2p_twisted.runtime.reactor import Reactor
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.trust.anchor import TrustAnchor
from p2p_twisted.trust.certificate_request import make_request
from p2p_twisted.trust.credentials import Credentials, key_hash, new_key
from p2p_twisted.trust.tls import TlsSecurity
from p2p_twisted.trust.trust_errors import TrustError
from p2p_twisted.wire.messages import Certified, Certify

_LOOK_SECONDS: Final = 60.0
_SPREAD_SECONDS: Final = 60.0
_AGAIN_SECONDS: Final = 3_600.0
# Where the certificate does not count any more.
_SOON_SECONDS: Final = 20.0


class CertificateRenewal(TimerService):
    """
    Asks the registry for a certificate with a new key, once it is time, until it has one.

    :param state: the folder of the peer's own files.
    :param date: reads the time of day, in seconds since 1970.
    :param announce: is told what a person should know.
    :param rng: spreads out what many peers would do at one moment.
    """

    log = Logger()

    def __init__(
        self,
        reactor: Reactor,
        member: PrivateMember,
        security: TlsSecurity,
        *,
        client: RegistryClient,
        state: Path,
        offload: Offload,
        date: Callable[[], float],
        announce: Callable[[str], None],
        rng: Random,
    ) -> None:
        super().__init__(_LOOK_SECONDS, self.look)
        self.clock = reactor
        self._member = member
        self._security = security
        self._client = client
        self._state = state
        self._offload = offload
        self._date = date
        self._announce = announce
        self._rng = rng
        self._asks_again_at = 0.0
        self._asking = Alarm(reactor, self._ask)
        self._fault: str | None = None
        security.distrusted.watch(self._distrusted)

    def look(self) -> None:
        """Begin to renew, if it is time; end connections whose time has come."""
        now = self._date()
        self._security.cut(now)
        # Where it is longer the clock was ahead then, and somebody has set it right since.
        waits = 0 < self._asks_again_at - now <= 2 * _AGAIN_SECONDS
        is_due = self._security.own.is_due(now) or self._security.is_distrusted
        if is_due and not (waits or self._asking.is_set):
            # Not at once with all others that were started, or cut off, at this moment.
            spread = _SOON_SECONDS if self._security.is_distrusted else _SPREAD_SECONDS
            self._asking.set(self._rng.uniform(0.0, spread))

    def _distrusted(self, _event: None) -> None:
        """Ask another registry at once, whatever one has said before."""
        self._asks_again_at = 0.0
        self.look()

    @override
    def stopService(self) -> "Deferred[None]":
        self._asking.stop()
        stopped: Deferred[None] = super().stopService()
        return stopped

    def _ask(self) -> None:
        pause = _SOON_SECONDS if self._security.is_distrusted else _AGAIN_SECONDS
        self._asks_again_at = self._date() + pause * self._rng.uniform(0.5, 1.5)
        background(self.log, "renewing the certificate", self.renew())

    async def renew(self) -> None:
        """Have a new certificate, or say why there is none; raises nothing that is expected."""
        certificate, key = self._security.own, new_key()
        if self._security.is_distrusted:
            # Another registry knows us by our key alone.
            key = self._security.credentials.key
        request = base64.b64encode(make_request(key, certificate.identity.name)).decode()
        try:
            answer = await self._client.certify(Certify(request))
            credentials = Credentials(key, self._verified(answer, key_hash(key.public_key())))
            member = attrs.evolve(self._member, credentials=credentials)
            await self._offload(save_member, self._state, member)
        except (RegistryRefused, RegistryUnreachable, TrustError, ValueError) as error:
            self.log.warn("cannot renew the certificate: {why}", why=error)
            is_said, self._fault = self._fault == str(error), str(error)
            if self._security.is_distrusted and not is_said:
                self._announce(f"this peer's certificate does not count any more: {error}")
            elif certificate.is_ending(self._date()):
                days = max(0.0, certificate.expires - self._date()) / DAY_SECONDS
                self._announce(f"this peer's certificate ends in {days:.1f} days: {error}")
        else:
            self._member, self._fault = member, None
            self._security.use(credentials)

    def status(self) -> CertificateStatus:
        """Describe the certificate."""
        certificate = self._security.own
        identity = certificate.identity
        groups = tuple(sorted(identity.groups))
        fault = self._security.date_fault() or self._fault
        return CertificateStatus(identity.is_admin, groups, certificate.expires, fault)

    def _verified(self, answer: Certified, wanted: bytes) -> tuple[x509.Certificate, ...]:
        ders = [base64.b64decode(each) for each in answer.certificates]
        own, *signers = (x509.load_der_x509_certificate(each) for each in ders)
        root = self._member.credentials.root
        if key_hash(TrustAnchor(root).verify(own, signers, self._date()).key) != wanted:
            raise ValueError("the registry has certified another key")
        return (own, signers[0], root)
