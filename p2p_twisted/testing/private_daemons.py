"""A private network in virtual time: all its connections carry real TLS."""

import base64
from functools import partial
from random import Random
from typing import Final

from attrs import define, field
from cryptography import x509
from twisted.application.service import MultiService
from twisted.internet.defer import Deferred
from typing_extensions import override

from p2p_twisted.peer.peer import Peer
from p2p_twisted.peer.private_member import PrivateMember, load_member, save_member
from p2p_twisted.peer.private_part import PrivatePart, private_part
from p2p_twisted.peer.settings import Settings
from p2p_twisted.registry.authority import Authority
from p2p_twisted.registry.authority_files import open_authority
from p2p_twisted.registry.limits import REGISTRY_PORT
from p2p_twisted.registry.location import show_location
from p2p_twisted.registry.private_registry import PrivateParts, PrivateRegistry
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.runtime.threads import inline
from p2p_twisted.testing.daemons import NETWORK, REGISTRY, VirtualDaemons
from p2p_twisted.testing.tls_records import WireTap
from p2p_twisted.testing.virtual_reactor import VirtualReactor
from p2p_twisted.trust.certificate_request import make_request
from p2p_twisted.trust.credentials import Credentials, new_key
from p2p_twisted.trust.identity import ADMIN, Identity
from p2p_twisted.trust.invite import Invite
from p2p_twisted.trust.issuing import certify
from p2p_twisted.trust.open_invites import OpenInvite
from p2p_twisted.trust.serial_number import SerialNumber
from p2p_twisted.wire.messages import Certified, Enroll
from p2p_twisted.wire.names import PeerName

_PLACE: Final = ("127.0.0.1", REGISTRY_PORT)
_SHOWN: Final = show_location(*_PLACE)
_INVITE_SECONDS: Final = 86_400.0
_KEYS: Final = "p2pmeta.d"


class NotLetIn(Exception):
    """The registry does not let a peer in; the text says why."""


@define(eq=False)
class PrivateDaemons(VirtualDaemons):
    """
    Runs the daemons of a private network; the registry has to run when a peer first starts.

    Keys, certificates and encryption are real, but for who lets peers in: the registry is asked
    directly, as a peer's own way blocks. So the same seed does not give the same bytes.

    :ivar admins: who may invite and revoke.
    :ivar groups: which groups peers are in that come in from now on.
    :ivar passed: how many seconds of all clocks have passed at once.
    :ivar ahead: of clocks that are wrong, by how many seconds.
    :ivar outcasts: peers that run, and have no part in the network any more.
    :ivar private: the part in the network of each peer, when it last ran.
    :ivar tap: hears all that is on the wire.
    """

    admins: tuple[PeerName, ...] = ("s1",)
    groups: dict[PeerName, tuple[str, ...]] = field(factory=dict)
    passed: float = 0.0
    ahead: dict[str, float] = field(factory=dict)
    outcasts: dict[PeerName, Peer] = field(factory=dict)
    private: dict[PeerName, PrivatePart] = field(factory=dict)
    tap: WireTap = field(init=False)
    _rng: Random = field(init=False)
    _authority: Authority = field(init=False)
    _parts: PrivateParts = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._rng = Random(self.network.seed)
        self.tap = self.network.tap = WireTap()

    @override
    def wall(self) -> float:
        return super().wall() + self.passed

    @override
    def date_of(self, name: str) -> float:
        return self.wall() + self.ahead.get(name, 0.0)

    @property
    def registry_runs(self) -> bool:
        """Whether the registry can let anybody in."""
        return REGISTRY in self._services and self.network.processes[REGISTRY].is_awake

    def cast_out(self, name: PeerName) -> Peer:
        """Count a peer that runs among the others no more."""
        peer = self.outcasts[name] = self.peers.pop(name)
        return peer

    def come_in(self, name: PeerName) -> None:
        """
        Have a peer that does not run come into the network, by an invite of its own.

        :raises NotLetIn: when the registry does not let it.
        """
        state = Settings(name, self.folder / name, self.folder / name / "Downloads").state
        save_member(state, self._enroll(name))

    def certify(self, name: PeerName, at: float) -> Credentials:
        """Make a key of a peer with a certificate of some date, which the registry forgets."""
        key, rng = new_key(), self._rng
        serial, issuer = SerialNumber.next_after(0, rng), self._authority._issuer
        chain = certify(issuer, key.public_key(), Identity(name), serial=serial, now=at)
        return Credentials(key, chain)

    # How it works

    @override
    def _bury(self, name: str) -> None:
        if name in self.outcasts:
            self.peers[name] = self.outcasts.pop(name)
        super()._bury(name)

    @override
    def _private_parts(self, reactor: VirtualReactor, daemon: MultiService) -> PrivateParts:
        folder, date = OwnFolder(self.folder / _KEYS), partial(self.date_of, REGISTRY)
        opened = open_authority(folder, NETWORK, self._rng, date())
        self._authority = opened.authority
        registry = PrivateRegistry(opened.authority, opened.own, folder, (_SHOWN,), ())
        self._parts = PrivateParts.of(registry, reactor, daemon, inline, date)
        return self._parts

    @override
    def _private_part(self, settings: Settings, reactor: VirtualReactor) -> PrivatePart | None:
        member = load_member(settings.state)
        if member is None:
            member = self._enroll(settings.name)
            save_member(settings.state, member)
        date = partial(self.date_of, settings.name)
        part = private_part(member, reactor, settings.state, inline, date)
        assert part is not None
        self.private[settings.name] = part
        return part

    def _enroll(self, name: PeerName) -> PrivateMember:
        key = new_key()
        request = base64.b64encode(make_request(key, name)).decode()
        asked = Enroll(name, self._secret(name).hex(), request)
        answering = self._parts.enrollment.answer(asked, None, "127.0.0.1")
        answer = self.result(Deferred.fromCoroutine(answering))
        if not isinstance(answer, Certified):
            raise NotLetIn(str(answer))
        ders = [base64.b64decode(each) for each in answer.certificates]
        chain = tuple(x509.load_der_x509_certificate(each) for each in ders)
        return PrivateMember(Credentials(key, chain), NETWORK, _PLACE)

    def _secret(self, name: PeerName) -> bytes:
        expires = self.date_of(REGISTRY) + _INVITE_SECONDS
        roles, groups = [ADMIN] if name in self.admins else [], self.groups.get(name, ())
        record = partial(OpenInvite, uses=1, expires=expires, roles=roles, groups=groups)
        code = self._authority.invite([_SHOWN], record, self.date_of(REGISTRY))
        return Invite.read(code).secret
