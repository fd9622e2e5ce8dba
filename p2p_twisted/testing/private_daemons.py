"""A private network in virtual time: all its connections carry real TLS."""

import base64
from functools import partial
from pathlib import Path
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
from p2p_twisted.peer.settings import STATE_DIRECTORY, Settings
from p2p_twisted.registry.authority import Authority
from p2p_twisted.registry.authority_files import ISSUER_FILE, KeyPlace, open_authority
from p2p_twisted.registry.limits import REGISTRY_PORT
from p2p_twisted.registry.location import show_location
from p2p_twisted.registry.private_registry import PrivateParts, PrivateRegistry
from p2p_twisted.runtime.amounts import DAY_SECONDS
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
from p2p_twisted.trust.key_folder import KeyFolder
from p2p_twisted.trust.open_invites import OpenInvite
from p2p_twisted.trust.serial_number import SerialNumber
from p2p_twisted.wire.messages import Certified, Enroll
from p2p_twisted.wire.names import PeerName

_PLACE: Final = ("127.0.0.1", REGISTRY_PORT)
_SHOWN: Final = show_location(*_PLACE)


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
    :ivar keys: the registry's folder of keys: another one makes it another registry.
    :ivar root_key: where the key of the root is, if not in there.
    :ivar passed: how many seconds of all clocks have passed at once.
    :ivar ahead: of clocks that are wrong, by how many seconds.
    :ivar outcasts: peers that run, and have no part in the network any more.
    :ivar private: the part of each peer that has one, as it was when it last ran.
    :ivar tap: hears all that is on the wire.
    """

    admins: tuple[PeerName, ...] = ("s1",)
    groups: dict[PeerName, tuple[str, ...]] = field(factory=dict)
    keys: str = "p2pmeta.d"
    root_key: Path | None = None
    passed: float = 0.0
    ahead: dict[str, float] = field(factory=dict)
    outcasts: dict[PeerName, Peer] = field(factory=dict)
    private: dict[PeerName, PrivatePart] = field(factory=dict)
    tap: WireTap = field(init=False)
    _rng: Random = field(init=False)
    # Of the registry that was started last.
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

    def cast_out(self, name: PeerName) -> Peer:
        """Count a peer that runs among the others no more."""
        peer = self.outcasts[name] = self.peers.pop(name)
        del self.private[name]
        return peer

    def come_in(self, name: PeerName) -> None:
        """
        Have a peer that does not run come into the network, by an invite of its own.

        :raises NotLetIn: when the registry does not let it.
        """
        save_member(self._state_of(name), self._enroll(name))

    def put_back(self, name: PeerName, issued: float) -> None:
        """
        Give a peer that does not run another key, with a certificate as it may have had one once.

        :param issued: when, in seconds since 1970.
        """
        issuer = KeyFolder(OwnFolder(self.folder / self.keys)).load(ISSUER_FILE)
        assert issuer is not None
        key, serial = new_key(), SerialNumber.next_after(0, self._rng)
        chain = certify(issuer, key.public_key(), Identity(name), serial=serial, now=issued)
        member = PrivateMember(Credentials(key, chain), NETWORK, _PLACE)
        save_member(self._state_of(name), member)

    def days_left(self) -> float:
        """Return after how many days the first certificate of a peer will have ended."""
        shown = (part.security.credentials.certificate for part in self.private.values())
        first = min(each.not_valid_after_utc.timestamp() for each in shown)
        return (first - self.wall()) / DAY_SECONDS

    @override
    def erase(self, name: PeerName) -> None:
        """Lose the disk of a peer that does not run now; its key is put back from a backup."""
        state = self._state_of(name)
        member = load_member(state)
        super().erase(name)
        if member is not None:
            save_member(state, member)

    # How it works

    @override
    def _bury(self, name: str) -> None:
        if name in self.outcasts:
            self.peers[name] = self.outcasts.pop(name)
        super()._bury(name)

    @override
    def _forget(self) -> None:
        super()._forget()
        self.private.clear()
        self.tap.forget()
        if hasattr(self, "_parts"):
            del self._authority, self._parts

    @override
    def _private_parts(self, reactor: VirtualReactor, daemon: MultiService) -> PrivateParts:
        folder, date = OwnFolder(self.folder / self.keys), partial(self.date_of, REGISTRY)
        root_at = None if self.root_key is None else KeyPlace.at(self.root_key)
        opened = open_authority(folder, NETWORK, self._rng, date(), root_at)
        registry = PrivateRegistry(opened.authority, opened.own, folder, lambda: (_SHOWN,), ())
        self._authority = opened.authority
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

    def _state_of(self, name: PeerName) -> Path:
        return self.folder / name / STATE_DIRECTORY

    def _enroll(self, name: PeerName) -> PrivateMember:
        registry = self.network.processes.get(REGISTRY)
        if registry is None or not registry.is_awake:
            raise NotLetIn("the registry does not run")
        key, secret = new_key(), self._secret(name)
        request = base64.b64encode(make_request(key, name)).decode()
        asked = Enroll(name, secret.hex(), request)
        answering = self._parts.enrollment.answer(asked, None, _PLACE[0])
        answer = self.result(Deferred.fromCoroutine(answering))
        if not isinstance(answer, Certified):
            raise NotLetIn(str(answer))
        ders = [base64.b64decode(each) for each in answer.certificates]
        chain = tuple(x509.load_der_x509_certificate(each) for each in ders)
        return PrivateMember(Credentials(key, chain), NETWORK, _PLACE)

    def _secret(self, name: PeerName) -> bytes:
        now, roles = self.date_of(REGISTRY), [ADMIN] if name in self.admins else []
        expires, groups = now + DAY_SECONDS, self.groups.get(name, ())
        record = partial(OpenInvite, uses=1, expires=expires, roles=roles, groups=groups)
        return Invite.read(self._authority.invite([_SHOWN], record, now)).secret
