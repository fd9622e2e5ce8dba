"""The key of a network's root, which is needed once in two years and may lie elsewhere."""

import base64
import shutil
from pathlib import Path
from random import Random

import pytest
from cryptography import x509

from p2p_twisted.registry import listening_place
from p2p_twisted.registry.authority_files import (
    ROOT_FILE,
    KeyPlace,
    OpenedAuthority,
    open_authority,
)
from p2p_twisted.registry.private_registry import open_private
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.trust.anchor import TrustAnchor
from p2p_twisted.trust.credentials import new_key
from p2p_twisted.trust.identity import Identity
from p2p_twisted.trust.key_folder import KeyFileFault
from p2p_twisted.trust.limits import ISSUER_DAYS, ISSUER_RENEWAL_DAYS
from p2p_twisted.trust.trust_errors import CertificateExpired, TrustError
from tests.registry.enrolling import request
from tests.trust.private_network import DAY, NOW

LATER = NOW + (ISSUER_DAYS - ISSUER_RENEWAL_DAYS + 1) * DAY
BEN = Identity("ben")


class Machine:
    """The registry's machine, and a disk on which the root's key is."""

    def __init__(self, folder: Path) -> None:
        self.keys = OwnFolder(folder / "keys")
        self.keys.open()
        self.disk = folder / "disk"
        self.disk.mkdir(mode=0o700)
        self.key = self.disk / "root.pem"

    def start(self, now: float = NOW, has_disk: bool = True) -> OpenedAuthority:
        """Start the registry, with the disk or without it."""
        where = KeyPlace.at(self.key) if has_disk else None
        return open_authority(self.keys, "default", Random(now), now, where)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def renewed(opened: OpenedAuthority, now: float) -> list[x509.Certificate]:
    """Have somebody's certificate renewed."""
    answer = opened.authority.renew(BEN, request("ben"), now)
    ders = [base64.b64decode(each) for each in answer.certificates]
    return [x509.load_der_x509_certificate(each) for each in ders]


def test_elsewhere(machine: Machine) -> None:
    """It is written where it was said to be, nowhere else, and the registry runs without it."""
    made = machine.start()
    assert machine.key.stat().st_mode & 0o077 == 0
    assert ROOT_FILE not in machine.keys.names()
    shutil.rmtree(machine.disk)
    again = machine.start(has_disk=False)
    assert not again.is_new
    assert again.own.root == made.own.root
    with pytest.raises(KeyFileFault, match=r"root\.pem is not there: mount its disk"):
        machine.start()


def test_renewed(machine: Machine) -> None:
    """In the second year the issuer is certified again; what it has signed stays good."""
    made = machine.start()
    anchor = TrustAnchor(made.own.root)
    assert machine.start(LATER - 2 * DAY).ends == made.ends
    own, *signers = renewed(machine.start(LATER, has_disk=False), LATER)
    again = machine.start(LATER)
    assert again.ends > made.ends
    new_own, *new_signers = renewed(again, LATER)
    for each in (own, new_own):
        for chain in (signers, new_signers):
            assert anchor.verify(each, chain, LATER).identity == BEN
    # It lasts, without the disk, too.
    assert machine.start(LATER + DAY, has_disk=False).ends == again.ends


def test_lost(machine: Machine) -> None:
    """Without the root's key the network goes on until the issuer's certificate ends."""
    made = machine.start()
    shutil.rmtree(machine.disk)
    last = made.ends - DAY
    own, *signers = renewed(machine.start(last, has_disk=False), last)
    assert TrustAnchor(made.own.root).verify(own, signers, last).expires == made.ends
    with pytest.raises(CertificateExpired, match="make a new issuer, or network"):
        made.authority.own(made.ends + 1, new_key())


def test_of_another_network(machine: Machine, tmp_path: Path) -> None:
    """The key of another network's root certifies nothing."""
    machine.start()
    (tmp_path / "other").mkdir()
    other = Machine(tmp_path / "other")
    other.start()
    shutil.copy2(other.key, machine.key)
    with pytest.raises(KeyFileFault, match="the root's key is that of another network"):
        machine.start(LATER)


def test_what_is_said(machine: Machine, tmp_path: Path) -> None:
    """Who makes the network hears where the key is; a year before the end, what to do."""

    def said(now: float, root_key: Path | None = None) -> tuple[str, ...]:
        listen = "tcp:9011:interface=127.0.0.1"
        opened = open_private(tmp_path / "new", "default", listen, root_key, lambda: now)
        opened.folder.close()
        return opened.lines

    made = f"the key of its root is {machine.key}: keep it elsewhere, and a copy of it"
    first = said(NOW, machine.key)
    assert made in first
    machine.key.rename(tmp_path / "away.pem")
    [again] = said(NOW)
    # It is called the same at each start, as p2p revoke --registry takes it.
    id_ = again.rpartition(" registry ")[2]
    assert len(id_) == 20
    assert first[0].endswith(f"back them up; registry {id_}")
    [_, ending] = said(LATER)
    assert "from 364 days on: start it once with --root-key FILE, the key of the" in ending
    assert len(said(LATER, tmp_path / "away.pem")) == 1


def test_read_by_others(tmp_path: Path) -> None:
    """Where others read what the operator is told, as in a journal, there is no invite in it."""
    for folder, is_read in (("told", False), ("read", True)):
        listen = "tcp:9011:interface=127.0.0.1"
        keys = tmp_path / folder
        opened = open_private(keys, "default", listen, date=lambda: NOW, is_read_by_others=is_read)
        opened.folder.close()
        assert ("p2p1-" in " ".join(opened.lines)) is not is_read
        assert len(opened.authority.invites.all()) == (0 if is_read else 2)
        assert any("p2p invite --of-registry" in line for line in opened.lines) is is_read


def test_no_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where others do not reach the registry, no invite is made that it would refuse then."""
    addresses: list[str] = []
    monkeypatch.setattr(listening_place, "own_addresses", lambda: addresses)
    opened = open_private(tmp_path / "keys", "default", "tcp:9012", date=lambda: NOW)
    opened.folder.close()
    _made, said = opened.lines
    assert "no address" in said
    assert "--listen tcp:9012:interface=127.0.0.1" in said
    assert opened.authority.invites.all() == ()
    with pytest.raises(TrustError, match="no address"):
        opened.places()
    # It may have been started before its network was up.
    addresses.append("192.0.2.7")
    assert opened.places() == ("192.0.2.7:9012",)
