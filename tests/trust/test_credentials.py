"""Keys with their certificates, as text and in files."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.trust.credentials import Credentials, key_hash, key_to_pem, new_key
from p2p_twisted.trust.key_folder import KeyFileFault, KeyFolder
from p2p_twisted.trust.limits import KEY_FILE_BYTES
from p2p_twisted.trust.trust_errors import BadCredentials
from tests.trust.private_network import PrivateNetwork

NETWORK = PrivateNetwork()
ANNA = NETWORK.let_in("anna")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[OwnFolder]:
    """Return an open folder of one's own."""
    folder = OwnFolder(tmp_path / "keys")
    folder.open()
    yield folder
    folder.close()


def pem(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def test_there_and_back() -> None:
    """What is written as text is read as it was: key, certificate, issuer's, root's."""
    read = Credentials.from_pem(ANNA.to_pem())
    assert read.certificates == ANNA.certificates
    assert pem(read.key) == pem(ANNA.key)
    assert read.root == NETWORK.root.certificate
    assert read.certificate == ANNA.certificate


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "damaged"),
        (b"-----BEGIN PRIVATE KEY-----\n", "damaged"),
        (ANNA.to_pem()[:300], "damaged"),
        (pem(ANNA.key), "damaged"),
        (ANNA.to_pem().replace(pem(ANNA.key), pem(new_key())), "do not belong together"),
        (
            ANNA.to_pem().replace(pem(ANNA.key), pem(ed25519.Ed25519PrivateKey.generate())),
            "P-256",
        ),
        (
            ANNA.to_pem().replace(pem(ANNA.key), pem(ec.generate_private_key(ec.SECP384R1()))),
            "P-256",
        ),
        (ANNA.to_pem() + ANNA.to_pem(), "more than 3 certificates"),
    ],
)
def test_no_credentials(text: bytes, why: str) -> None:
    """Anything else is refused, with the reason."""
    with pytest.raises(BadCredentials, match=why):
        Credentials.from_pem(text)


def test_hash_is_of_the_key_alone() -> None:
    """Two certificates of one key have one hash; another key has another."""
    assert key_hash(ANNA.key.public_key()) == key_hash(ANNA.certificate.public_key())
    assert len(key_hash(ANNA.key.public_key())) == 32
    assert key_hash(new_key().public_key()) != key_hash(ANNA.key.public_key())


def test_kept(folder: OwnFolder) -> None:
    """A file is this user's alone, is replaced as a whole, and is read as it was written."""
    keys = KeyFolder(folder)
    assert keys.load("peer.pem") is None
    before = os.umask(0)
    try:
        for each in (NETWORK.let_in("ben"), ANNA):
            keys.save("peer.pem", each)
    finally:
        os.umask(before)
    loaded = keys.load("peer.pem")
    assert loaded is not None
    assert loaded.certificates == ANNA.certificates
    assert folder.names() == ["peer.pem"]
    assert stat.S_IMODE((folder.path / "peer.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700


def test_key_without_certificate(folder: OwnFolder) -> None:
    """One is kept until it is removed; what is no key, or others could read, is replaced."""
    keys = KeyFolder(folder)
    first = keys.made_key("new.pem")
    assert key_to_pem(keys.made_key("new.pem")) == key_to_pem(first)
    assert stat.S_IMODE((folder.path / "new.pem").stat().st_mode) == 0o600
    (folder.path / "new.pem").chmod(0o644)
    second = keys.made_key("new.pem")
    assert key_to_pem(second) != key_to_pem(first)
    folder.replace("new.pem", b"nonsense")
    assert key_to_pem(keys.made_key("new.pem")) != key_to_pem(second)
    for _ in range(2):
        keys.remove("new.pem")
    assert folder.names() == []


def test_full_disk(folder: OwnFolder) -> None:
    """What cannot be written is said, and leaves the key that was there."""

    def no_space(_fd: int) -> None:
        raise OSError(28, "No space left on device")

    keys = KeyFolder(folder)
    keys.save("peer.pem", ANNA)
    with pytest.raises(KeyFileFault, match=r"peer\.pem cannot be written: the disk is full"):
        keys.save("peer.pem", NETWORK.let_in("ben"), no_space)
    loaded = keys.load("peer.pem")
    assert loaded is not None
    assert loaded.certificates == ANNA.certificates


def test_readable_by_others(folder: OwnFolder) -> None:
    """A key that others may read is not used, and the person is told what to do."""
    keys = KeyFolder(folder)
    keys.save("peer.pem", ANNA)
    for mode in (0o640, 0o604, 0o620):
        (folder.path / "peer.pem").chmod(mode)
        with pytest.raises(KeyFileFault, match=r"others may read .*chmod 600"):
            keys.load("peer.pem")


def test_links_and_others(folder: OwnFolder, tmp_path: Path) -> None:
    """No link is followed and no pipe waited for, to read or to write."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(ANNA.to_pem())
    elsewhere.chmod(0o600)
    (folder.path / "link.pem").symlink_to(elsewhere)
    os.mkfifo(folder.path / "pipe.pem", 0o600)
    keys = KeyFolder(folder)
    for name in ("link.pem", "pipe.pem"):
        with pytest.raises(KeyFileFault, match="cannot be read"):
            keys.load(name)
    before = elsewhere.read_bytes()
    keys.save("link.pem", NETWORK.let_in("ben"))
    assert elsewhere.read_bytes() == before


def test_encrypted(folder: OwnFolder) -> None:
    """An encrypted key is not damaged: it is said that none must be."""
    how = serialization.BestAvailableEncryption(b"secret")
    kind = serialization.PrivateFormat.PKCS8
    encrypted = ANNA.key.private_bytes(serialization.Encoding.PEM, kind, how)
    folder.replace("peer.pem", ANNA.to_pem().replace(pem(ANNA.key), encrypted))
    with pytest.raises(KeyFileFault, match=r"peer\.pem: its key is encrypted.*: decrypt it\Z"):
        KeyFolder(folder).load("peer.pem")


def test_damaged(folder: OwnFolder) -> None:
    """What is no key, or far too large for one, is said to be so."""
    keys = KeyFolder(folder)
    folder.replace("peer.pem", ANNA.to_pem()[:100])
    with pytest.raises(KeyFileFault, match=r"is no key: .*backup"):
        keys.load("peer.pem")
    folder.replace("peer.pem", ANNA.to_pem() + b"\n" * KEY_FILE_BYTES)
    with pytest.raises(KeyFileFault, match="too large"):
        keys.load("peer.pem")
