"""Registries on a real etcd."""

from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.epollreactor import EPollReactor
from twisted.trial.unittest import SynchronousTestCase
from typing_extensions import override

from p2p_twisted.registry.etcd import EtcdStore
from p2p_twisted.registry.etcd_client import EtcdClient, EtcdLogin
from p2p_twisted.registry.etcd_keys import Keyspace
from p2p_twisted.registry.etcd_location import read_policy
from p2p_twisted.registry.roster import Change, Forget, Put
from p2p_twisted.registry.store import StoreFault
from p2p_twisted.trust.credentials import new_key
from tests.process.daemons import scratch_folder, wait_until
from tests.process.etcd_members import NEEDS_ETCD, EtcdMembers
from tests.registry import store_contract
from tests.registry.builders import crowd, registration
from tests.wire.ends import dismantle

_TURN_SECONDS = 0.01


class OnReactor(SynchronousTestCase):
    """A test whose reactor works while the test waits."""

    @override
    def setUp(self) -> None:
        self.reactor = EPollReactor()
        self.addCleanup(dismantle, self.reactor)
        # Where names are looked up.
        pool = self.reactor.getThreadPool()
        pool.start()
        self.addCleanup(pool.stop)

    @override
    def successResultOf(self, deferred: Any) -> Any:
        self.until(lambda: deferred.called)
        return super().successResultOf(deferred)

    @override
    def failureResultOf(self, deferred: Any, *kinds: Any) -> Any:
        self.until(lambda: deferred.called)
        return super().failureResultOf(deferred, *kinds)

    def until(self, condition: Any) -> None:
        """Let the reactor work until something is so."""
        ticking: Any = reactor

        def is_so() -> bool:
            self.reactor.iterate(_TURN_SECONDS)
            # Twisted's TLS sends what it has by a timer of the global one.
            ticking.runUntilCurrent()
            return bool(condition())

        wait_until(is_so, "what was waited for")


@NEEDS_ETCD
@pytest.mark.slow
class RealEtcdStoreTests(OnReactor, store_contract.StoreContract):
    """The store's contract, on one member that all tests share, and what needs a real one."""

    members: ClassVar[EtcdMembers]
    _numbers = count()

    @override
    @classmethod
    def setUpClass(cls) -> None:
        cls.members = EtcdMembers()
        cls.addClassCleanup(cls.members.end)

    @override
    def setUp(self) -> None:
        super().setUp()
        self.prefix = f"test{next(self._numbers)}"

    def make(self) -> EtcdStore:
        return self.open("a")

    def open(self, own: str, ports: Any = None) -> EtcdStore:
        """Open the store of one registry of those that this test has."""
        places = tuple(("127.0.0.1", port) for port in ports or self.members.ports)
        client = EtcdClient(self.reactor, places)
        store = EtcdStore(self.reactor, client, Keyspace.of(self.prefix, "default"), own)
        store.open()
        self.addCleanup(lambda: self.successResultOf(store.close()))
        self.kept(store)
        return store

    def test_others(self) -> None:
        """What one registry stores, another one hears of; what it stores then is no race."""
        one, other = self.open("a"), self.open("b")
        heard: list[Change] = []

        def hear(change: Change) -> bool:
            heard.append(change)
            return True

        other.follow(hear)
        self.successResultOf(one.apply([Put(registration("s1"))]))
        self.until(lambda: heard)
        self.assertEqual(heard, [Put(registration("s1", expires=0.0))])
        self.successResultOf(other.apply([Put(registration("s1", 9001))]))
        self.successResultOf(other.catch_up())
        self.assertEqual(len(heard), 1)

    def test_a_member_is_away(self) -> None:
        """Another member is asked, and what is wrong is told where there is none."""
        store = self.open("a", [1, *self.members.ports])
        self.successResultOf(store.apply([Put(registration("s1"))]))
        self.assertEqual(len(self.kept(store)), 1)
        nowhere = EtcdClient(self.reactor, (("127.0.0.1", 1),))
        alone = EtcdStore(self.reactor, nowhere, Keyspace("x/"), "a")
        self.assertIsNone(alone.fault)
        fault = self.failureResultOf(alone.load(), StoreFault)
        self.assertIn("127.0.0.1:1 cannot be reached", str(fault.value))
        self.assertIn("127.0.0.1:1 cannot be reached", str(alone.fault))
        self.successResultOf(alone.close())

    def test_compacted(self) -> None:
        """Where etcd has forgotten what happened, what there is is read."""
        one, other = self.open("a"), self.open("b")
        self.successResultOf(one.apply([Put(held) for held in crowd(3)]))
        self.successResultOf(one.apply([Forget("s1")]))
        client = EtcdClient(self.reactor, (("127.0.0.1", self.members.ports[0]),))
        found = self.successResultOf(
            Deferred.fromCoroutine(client.call("/v3/kv/range", {"key": "YQ=="}))
        )
        compacting = client.call("/v3/kv/compaction", {"revision": found["header"]["revision"]})
        self.successResultOf(Deferred.fromCoroutine(compacting))
        self.successResultOf(Deferred.fromCoroutine(client.close()))
        heard: list[Change] = []

        def hear(change: Change) -> bool:
            heard.append(change)
            return True

        other.follow(hear)
        self.until(lambda: len([each for each in heard if isinstance(each, Put)]) == 2)
        self.assertEqual({each.name for each in heard}, {"s0", "s2"})
        self.successResultOf(other.catch_up())


@NEEDS_ETCD
@pytest.mark.slow
class LetInTests(OnReactor):
    """An etcd that wants TLS, a certificate and a user."""

    def test_let_in(self) -> None:
        """Who has all of these is let in, and stays so when etcd does not know its token."""
        authority, both, certificate, key = write_certificates(scratch_folder(self))
        strange, *_ = write_certificates(scratch_folder(self), "strangers")
        members = EtcdMembers(
            1,
            "--client-cert-auth",
            f"--trusted-ca-file={authority}",
            f"--cert-file={certificate}",
            f"--key-file={key}",
            scheme="https",
        )
        self.addCleanup(members.end)
        bundle = scratch_folder(self) / "bundle"
        bundle.write_bytes(strange.read_bytes() + authority.read_bytes())
        places, policy = (("127.0.0.1", members.ports[0]),), read_policy(bundle, both)
        self.make_user(EtcdClient(self.reactor, places, policy=policy))
        login = EtcdLogin("registry", "secret")
        client = EtcdClient(self.reactor, places, policy=policy, login=login)
        store = EtcdStore(self.reactor, client, Keyspace.of("p2p", "default"), "a")
        self.assertEqual(self.successResultOf(store.load()), ())
        store.follow(lambda _change: True)
        self.successResultOf(store.catch_up())
        client._token = "forgotten.1"
        self.successResultOf(store.apply([Put(registration("s1"))]))
        self.successResultOf(store.close())
        for others, words in (
            ({"policy": policy}, "permission denied"),
            ({"login": login}, "If it wants TLS, say --etcd-ca"),
            ({"policy": read_policy(strange, both), "login": login}, "is --etcd-ca right?"),
            ({"policy": policy, "login": EtcdLogin("registry", "guess")}, "authentication failed"),
            ({"policy": read_policy(authority, None)}, "is --etcd-certificate right?"),
        ):
            stranger: Any = EtcdClient(self.reactor, places, **others)
            outside = EtcdStore(self.reactor, stranger, Keyspace.of("p2p", "default"), "z")
            fault = self.failureResultOf(outside.load(), StoreFault)
            self.assertIn(words, str(fault.value))
            self.successResultOf(outside.close())
        # Twisted gives OpenSSL what it has deprecated.
        self.flushWarnings()

    def make_user(self, root: EtcdClient) -> None:
        """Let one user read and write below a prefix."""
        everything = {"permType": "READWRITE", "key": "cDJwLw==", "range_end": "cDJwMA=="}
        for path, question in (
            ("user/add", {"name": "root", "password": "root"}),
            ("role/add", {"name": "root"}),
            ("user/grant", {"user": "root", "role": "root"}),
            ("user/add", {"name": "registry", "password": "secret"}),
            ("role/add", {"name": "p2p"}),
            ("role/grant", {"name": "p2p", "perm": everything}),
            ("user/grant", {"user": "registry", "role": "p2p"}),
            ("enable", {}),
        ):
            asked = Deferred.fromCoroutine(root.call(f"/v3/auth/{path}", question))
            self.successResultOf(asked)
        self.successResultOf(Deferred.fromCoroutine(root.close()))


def write_certificates(folder: Path, issuer: str = "tests") -> tuple[Path, Path, Path, Path]:
    """
    Write a certificate for 127.0.0.1 and its key, which etcd and registries may use.

    :returns: the authority, both together, the certificate, the key.
    """
    signer, own = new_key(), new_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)])
    begin = datetime.now(UTC) - timedelta(hours=1)
    authority = (
        x509.CertificateBuilder(name, name, signer.public_key(), 1)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(signer, hashes.SHA256())
    )
    certificate = (
        x509.CertificateBuilder(name, x509.Name([]), own.public_key(), 2)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=True
        )
        .sign(signer, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    key = own.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    contents = {
        "authority": authority.public_bytes(pem),
        "both": certificate.public_bytes(pem) + key,
        "certificate": certificate.public_bytes(pem),
        "key": key,
    }
    for file, content in contents.items():
        (folder / file).write_bytes(content)
    at = {file: folder / file for file in contents}
    return at["authority"], at["both"], at["certificate"], at["key"]
