"""Read where etcd is, and how to be let in: what an operator says."""

import re
from pathlib import Path
from typing import Any, Final

import attrs
from OpenSSL import SSL, crypto
from twisted.internet.ssl import (
    Certificate,
    PrivateCertificate,
    optionsForClientTLS,
    platformTrust,
    trustRootFromCertificates,
)
from twisted.web.iweb import IPolicyForHTTPS
from zope.interface import implementer

from p2p_twisted.registry.etcd_client import EtcdLogin
from p2p_twisted.registry.location import BadLocation, read_location

ETCD: Final = "etcd://"
_PORT: Final = 2_379
_PREFIX: Final = "p2p_twisted"
_IN_PEM: Final = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


@attrs.frozen
class EtcdLocation:
    """
    Where the members of a cluster are, and what all keys of ours begin with.

    :ivar members: the host and the port of each.
    """

    members: tuple[tuple[str, int], ...]
    prefix: str


def read_etcd(text: str) -> EtcdLocation:
    """
    Read ``etcd://HOST:PORT,HOST:PORT/PREFIX``; ports and prefix may be left out.

    :raises BadLocation: for anything else.
    """
    hosts, _, prefix = text.removeprefix(ETCD).partition("/")
    members = tuple(read_location(host, _PORT) for host in hosts.split(","))
    prefix = prefix.strip("/") or _PREFIX
    if not prefix.isascii() or not prefix.isprintable() or "?" in prefix:
        raise BadLocation
    return EtcdLocation(members, prefix)


def read_login(path: Path) -> EtcdLogin:
    """
    Read a file that has ``USER:PASSWORD``.

    :raises OSError, ValueError: when it has not; the text says why.
    """
    user, colon, password = path.read_text("utf-8").strip().partition(":")
    if not user or not colon:
        raise ValueError(f"{path} must have USER:PASSWORD")
    return EtcdLogin(user, password)


def read_policy(authority: Path | None, certificate: Path | None) -> IPolicyForHTTPS | None:
    """
    Read what connections to etcd are encrypted with.

    :param authority: has the certificates of who may vouch for etcd's own: one, or several, as
        while one takes the place of another.
    :param certificate: has a certificate and its key, for an etcd that wants to see one.
    :returns: ``None`` where they are not encrypted.
    :raises OSError, ValueError: when a file cannot be used; the text says why.
    """
    if authority is None and certificate is None:
        return None
    path, trust, own = authority or certificate, platformTrust(), None
    try:
        if authority is not None:
            # Where there is none, to read the whole file says what is wrong with it.
            content = authority.read_bytes()
            found = _IN_PEM.findall(content) or [content]
            trust = trustRootFromCertificates([Certificate.loadPEM(each) for each in found])
        if certificate is not None:
            path, own = certificate, PrivateCertificate.loadPEM(certificate.read_bytes())
    except (SSL.Error, crypto.Error):
        raise ValueError(f"{path} has no certificate in PEM, or no key that fits") from None
    return _Policy(trust, own)


@implementer(IPolicyForHTTPS)
@attrs.frozen
class _Policy:
    """Trusts one authority, and shows a certificate where there is one."""

    _trust: Any
    _own: PrivateCertificate | None

    def creatorForNetloc(self, hostname: bytes, port: int) -> Any:
        """Make what encrypts a connection to a member."""
        name = hostname.decode("ascii").strip("[]")
        return optionsForClientTLS(name, trustRoot=self._trust, clientCertificate=self._own)
