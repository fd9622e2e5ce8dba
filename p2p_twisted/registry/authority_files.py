"""Make a private network, or open what is kept of one."""

import json
from pathlib import Path
from random import SystemRandom
from typing import Final, Self

from attrs import frozen

from p2p_twisted.registry.authority import Authority
from p2p_twisted.registry.record_keeping import RECORDS
from p2p_twisted.runtime.amounts import DAY_SECONDS
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.trust.credentials import Credentials, key_hash, new_key
from p2p_twisted.trust.issuing import certify_issuer, make_issuer, make_root, network_of
from p2p_twisted.trust.key_folder import KeyFileFault, KeyFolder
from p2p_twisted.trust.limits import ISSUER_RENEWAL_DAYS
from p2p_twisted.trust.serial_number import RandomBits, SerialNumber
from p2p_twisted.trust.trust_errors import TrustError
from p2p_twisted.wire.names import NetworkName

ROOT_FILE: Final = "root.pem"
ISSUER_FILE: Final = "issuer.pem"
_SECOND_FILE: Final = "second.pem"


@frozen
class KeyPlace:
    """
    Where a key is, or is to be.

    :ivar name: of its file.
    """

    keys: KeyFolder
    name: str

    @classmethod
    def at(cls, path: Path) -> Self:
        """Return that of a file of one's own folder, which need not be there."""
        return cls(KeyFolder(OwnFolder(path.parent)), path.name)

    @property
    def path(self) -> Path:
        """Its file, for messages."""
        return self.keys.path_of(self.name)

    def load(self) -> Credentials | None:
        """Read it: see :meth:`KeyFolder.load`."""
        return self.keys.load(self.name)

    def save(self, credentials: Credentials) -> None:
        """Write it: see :meth:`KeyFolder.save`."""
        self.keys.save(self.name, credentials)


@frozen
class OpenedAuthority:
    """
    What is kept of a private network's registry.

    :ivar own: what the registry answers with.
    :ivar is_new: whether the network was made just now.
    :ivar ends: until when it can certify anybody, in seconds since 1970.
    """

    authority: Authority
    own: Credentials
    is_new: bool
    ends: float


def open_authority(
    folder: OwnFolder,
    network: NetworkName,
    rng: RandomBits,
    now: float,
    root_at: KeyPlace | None = None,
) -> OpenedAuthority:
    """
    Read the issuer's key, and what was recorded, or make both; blocks.

    Where the root's key is there, the issuer's certificate is renewed in the second of its years.
    Where it is said where that is, an issuer's key that is not there is made anew, for the records
    that are: then whoever has the old one can be shut out.

    :param folder: opened by its owner.
    :param now: seconds since 1970.
    :param root_at: where the root's key is, if not in that folder.
    :raises KeyFileFault: when something of it cannot be used.
    """
    finish_second(folder, network)
    keys = KeyFolder(folder)
    roots = root_at or KeyPlace(keys, ROOT_FILE)
    issuer = keys.load(ISSUER_FILE)
    is_made = issuer is None
    is_new = is_made and not _was_used(folder, root_at)
    if issuer is None:
        issuer = _make_issuer(roots, network, rng, now)
    elif root_at is not None and root_at.load() is None:
        raise KeyFileFault(f"{root_at.path} is not there: mount its disk, or leave --root-key away")
    elif (renewed := _renewed(issuer, roots.load(), network, rng, now)) is not None:
        issuer = renewed
        keys.save(ISSUER_FILE, issuer)
    if (named := network_of(issuer.root)) != network:
        raise KeyFileFault(
            f"{folder.path} has the keys of the private network {named}: say --network {named}, or"
            f" another --keys to make {network}"
        )
    authority = Authority(network, issuer, rng, roots.load())
    if not is_new:
        _restore(authority, folder, now)
    if is_made:
        # Which of them were used since the records were saved is not known.
        authority.invites.void_all()
    own = authority.own(now, new_key())
    save_records(authority, folder)
    if is_made:
        # Last, so that a network that was not made to its end is made anew.
        keys.save(ISSUER_FILE, issuer)
    ends = issuer.certificate.not_valid_after_utc.timestamp()
    return OpenedAuthority(authority, own, is_new, ends)


def save_second(folder: OwnFolder, network: NetworkName, issuer: Credentials) -> None:
    """
    Write down what another registry has made this one; blocks.

    Its invite is used up by then: so after a crash it has all, or is made that by
    :func:`finish_second`.

    :raises KeyFileFault: when that cannot be done.
    """
    KeyFolder(folder).save(_SECOND_FILE, issuer)
    finish_second(folder, network)


def finish_second(folder: OwnFolder, network: NetworkName) -> None:
    """
    Go on with what a crash has cut short while a registry became another one; blocks.

    :raises KeyFileFault: when that cannot be done.
    """
    keys = KeyFolder(folder)
    issuer = keys.load(_SECOND_FILE)
    if issuer is None:
        return
    if ISSUER_FILE not in folder.names():
        save_records(Authority(network, issuer, SystemRandom()), folder)
        # Last, as it alone makes it a registry.
        keys.save(ISSUER_FILE, issuer)
    keys.remove(_SECOND_FILE)


def save_records(authority: Authority, folder: OwnFolder) -> None:
    """
    Write down what an authority remembers; blocks.

    :raises KeyFileFault: when that cannot be done.
    """
    try:
        folder.replace(RECORDS, json.dumps(authority.to_json()).encode())
    except OSError as error:
        raise KeyFileFault(f"{folder.path / RECORDS} cannot be written: {error}") from None


def _was_used(folder: OwnFolder, root_at: KeyPlace | None) -> bool:
    """
    Return whether a network without an issuer's key was made to its end.

    :raises KeyFileFault: when it was, and the root's key is not given: made anew it would be
        another network.
    """
    try:
        kept = json.loads(folder.read(RECORDS))
        was_used = any(kept[each] for each in ("holders", "invites", "revocations"))
    except FileNotFoundError:
        return False
    except (OSError, ValueError, TypeError, KeyError):
        was_used = True
    if was_used and (root_at is None or root_at.load() is None):
        raise KeyFileFault(
            f"{folder.path / ISSUER_FILE} is not there, but {RECORDS} of its network is: put it"
            " back from a backup, say --root-key FILE with the key of the network's root to have"
            " another one made, or another --keys to make a new network"
        )
    return was_used


def _make_issuer(roots: KeyPlace, network: NetworkName, rng: RandomBits, now: float) -> Credentials:
    root = roots.load()
    if root is None:
        root = make_root(network, SerialNumber.next_after(0, rng), now)
        roots.save(root)
    return make_issuer(root, network, SerialNumber.next_after(1, rng), now)


def _renewed(
    issuer: Credentials, root: Credentials | None, network: NetworkName, rng: RandomBits, now: float
) -> Credentials | None:
    """
    Have the root certify an issuer's key again, so that what it has signed stays good.

    :raises KeyFileFault: when it is another network's root.
    """
    if root is None:
        return None
    if key_hash(root.key.public_key()) != key_hash(issuer.root.public_key()):
        raise KeyFileFault("the root's key is that of another network: say the right --root-key")
    ends = issuer.certificate.not_valid_after_utc.timestamp()
    begun = [each.certificate.not_valid_before_utc.timestamp() <= now for each in (root, issuer)]
    # It was renewed by a clock that was ahead where only the root's certificate has begun.
    if begun != [True, False] and now < ends - ISSUER_RENEWAL_DAYS * DAY_SECONDS:
        return None
    serial, key = SerialNumber.next_after(1, rng), issuer.key
    chain = certify_issuer(root, key.public_key(), network, serial=serial, now=now)
    return Credentials(key, chain)


def _restore(authority: Authority, folder: OwnFolder, now: float) -> None:
    try:
        authority.restore(json.loads(folder.read(RECORDS)), now)
    except (OSError, ValueError, TypeError, KeyError, TrustError) as error:
        raise KeyFileFault(
            f"{folder.path / RECORDS} cannot be read ({error}): put it back from a backup"
        ) from None
