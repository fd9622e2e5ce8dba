"""Come into a private network by an invite, before a reactor runs: every call here blocks."""

import base64
import binascii
import socket
import sys
import time
from collections.abc import Callable, Sequence
from typing import Final

from attrs import frozen
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL

from p2p_twisted.registry.blocking_tls import BlockingTls
from p2p_twisted.registry.lan_search import places_of_root
from p2p_twisted.registry.location import BadLocation, read_location, show_location, show_locations
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.trust.anchor import TrustAnchor
from p2p_twisted.trust.certificate_request import make_request
from p2p_twisted.trust.credentials import Credentials, key_hash, p256
from p2p_twisted.trust.identity import REGISTRY
from p2p_twisted.trust.invite import Invite
from p2p_twisted.trust.limits import CERTIFICATE_DAYS
from p2p_twisted.trust.trust_errors import CertificateExpired, CertificateNotYetValid, NotTrusted
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.limits import DIAL_SECONDS
from p2p_twisted.wire.messages import PROTOCOL, Certified, Enroll, Error, Hello, Message
from p2p_twisted.wire.names import NetworkName, PeerName, is_loopback


class CannotJoin(Exception):
    """
    A network does not let this peer in; the text says why, for people.

    :ivar exit: the exit code.
    """

    def __init__(self, why: str, exit_: Exit = Exit.REFUSED) -> None:
        super().__init__(why)
        self.exit = exit_


class _AnotherIsThere(CannotJoin):
    """What answers is no registry that the invite is for: perhaps that one has another address."""


@frozen
class _Newcomer:
    name: PeerName
    key: ec.EllipticCurvePrivateKey
    days: int


@frozen
class Joined:
    """
    A part in a private network.

    :ivar registry: where its registry answered.
    """

    credentials: Credentials
    network: NetworkName
    registry: tuple[str, int]


def join(
    invite: Invite,
    name: PeerName,
    key: ec.EllipticCurvePrivateKey,
    read: "_Reader | None" = None,
    search: Callable[[bytes], Sequence[tuple[str, int]]] = places_of_root,
    *,
    days: int = CERTIFICATE_DAYS,
) -> Joined:
    """
    Have the first registry that answers let this peer in, within 3 s for each.

    :param key: who asks again because the answer was lost asks with the same.
    :param read: makes sure that certificates are what was asked for; without it, a peer's.
    :param search: finds, by the hash of their root's key, registries that the invite's network may
        have on this LAN; asked where none is at the addresses that the invite names.
    :param days: for how many the certificate is to be good; an earlier registry gives 30.
    :raises CannotJoin: when none does.
    """
    who = _Newcomer(name, key, days)
    try:
        places = [read_location(place) for place in invite.places]
    except BadLocation:
        raise CannotJoin(
            "this invite has a typing error behind @: HOST:PORT belongs there", Exit.USAGE
        ) from None
    try:
        return _join_at_any(places, invite, who, read or _accepted_peer)
    except CannotJoin as fault:
        is_gone = fault.exit == Exit.NO_NETWORK or isinstance(fault, _AnotherIsThere)
        is_near = all(is_loopback(host) for host, _port in places)
        found = [] if not is_gone or is_near else search(invite.root_hash)
        if not (found := [place for place in found if place not in places]):
            raise
    sys.stderr.write(f"found a registry of the invite's network at {show_locations(found)}\n")
    return _join_at_any(found, invite, who, read or _accepted_peer)


def _join_at_any(
    places: Sequence[tuple[str, int]],
    invite: Invite,
    who: _Newcomer,
    read: "_Reader",
) -> Joined:
    unreached: list[str] = []
    others: list[_AnotherIsThere] = []
    for host, port in places:
        try:
            return _join_at(host, port, invite, who, read)
        except _AnotherIsThere as error:
            others.append(error)
        except OSError as error:
            unreached.append(f"{show_location(host, port)} ({_why_unreached(error)})")
    if others:
        raise others[0]
    raise CannotJoin(
        f"no registry can be reached at {' or '.join(unreached)}: is it on, and in this network?",
        Exit.NO_NETWORK,
    )


def join_as_registry(
    invite: Invite, network: NetworkName, key: ec.EllipticCurvePrivateKey
) -> Joined:
    """
    Have a registry make this one another issuer of its network.

    :raises CannotJoin: when none does, or it is another network.
    """
    joined = join(invite, REGISTRY, key, _accepted_issuer)
    if joined.network != network:
        raise CannotJoin(
            f"that is the network {joined.network}: say --network {joined.network}, and have"
            " another invite made",
            Exit.USAGE,
        )
    return joined


def _why_unreached(error: OSError) -> str:
    match error:
        case TimeoutError():
            return "it does not answer"
        case ConnectionRefusedError():
            return "nothing listens there"
        case _:
            return error.strerror or str(error)


def _join_at(
    host: str,
    port: int,
    invite: Invite,
    who: _Newcomer,
    read: "_Reader",
) -> Joined:
    with socket.create_connection((host, port), timeout=DIAL_SECONDS) as link:
        tls = BlockingTls(link)
        where = show_location(host, port)
        try:
            tls.shake_hands()
            anchor = _checked(tls.certificates(), invite, where)
            hello = tls.receive()
            if not isinstance(hello, Hello) or hello.protocol != PROTOCOL:
                raise CannotJoin(f"what answers at {where} is no registry of this version")
            request = base64.b64encode(make_request(who.key, who.name)).decode()
            tls.send(Enroll(who.name, invite.secret.hex(), request, who.days))
            answer = tls.receive()
        except (SSL.Error, ProtocolError) as error:
            why = error if isinstance(error, ProtocolError) else "it does not encrypt"
            raise _AnotherIsThere(
                f"what answers at {where} is no registry of a private network ({why})"
            ) from None
        if isinstance(answer, Error):
            raise CannotJoin(answer.reason, _EXITS.get(answer.code, Exit.REFUSED))
        credentials = _accepted(answer, who.key, anchor, where, read)
        return Joined(credentials, hello.network, (host, port))


_EXITS: Final = {"taken": Exit.CONFLICT, "later": Exit.NO_NETWORK}


def _checked(sent: list[x509.Certificate], invite: Invite, where: str) -> TrustAnchor:
    """Make sure, before the secret is sent, that this is the registry that made the invite."""
    try:
        anchor = TrustAnchor.named(sent, invite.root_hash)
        if anchor.verify(sent[0], sent[1:], time.time()).identity.is_registry:
            return anchor
        why = "it is a peer, no registry"
    except (CertificateExpired, CertificateNotYetValid) as error:
        raise CannotJoin(
            f"the clock of this machine, or of the registry at {where}, is wrong: {error}: set it"
        ) from None
    except NotTrusted as error:
        why = str(error)
    raise _AnotherIsThere(f"the registry at {where} is not to be trusted: {why}")


_Reader = Callable[[TrustAnchor, tuple[x509.Certificate, ...]], ec.EllipticCurvePublicKey]
"""Makes sure that certificates are what was asked for, and returns whose key the first is for."""


def _accepted_peer(
    anchor: TrustAnchor, certificates: tuple[x509.Certificate, ...]
) -> ec.EllipticCurvePublicKey:
    return anchor.verify(certificates[0], certificates[1:], time.time()).key


def _accepted_issuer(
    anchor: TrustAnchor, certificates: tuple[x509.Certificate, ...]
) -> ec.EllipticCurvePublicKey:
    issuer = certificates[0]
    try:
        issuer.verify_directly_issued_by(anchor.root)
        may_sign = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (InvalidSignature, TypeError, ValueError, x509.ExtensionNotFound):
        may_sign = False
    if not may_sign:
        raise NotTrusted("it is no issuer's")
    return p256(issuer.public_key())


def _accepted(
    answer: Message,
    key: ec.EllipticCurvePrivateKey,
    anchor: TrustAnchor,
    where: str,
    read: "_Reader",
) -> Credentials:
    try:
        if not isinstance(answer, Certified):
            raise ValueError(answer.verb)
        ders = [base64.b64decode(each) for each in answer.certificates]
        certificates = tuple(x509.load_der_x509_certificate(each) for each in ders)
        if key_hash(read(anchor, certificates)) != key_hash(key.public_key()):
            raise ValueError("another key")
    except (ValueError, binascii.Error, NotTrusted) as error:
        raise CannotJoin(f"the registry at {where} gave no certificate: {error}") from None
    return Credentials(key, (*certificates[:-1], anchor.root))
