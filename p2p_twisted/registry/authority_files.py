"""Make a private network, or open what is kept of one."""

import json
from typing import Final

from attrs import frozen

from p2p_twisted.registry.authority import Authority
from p2p_twisted.registry.enrollment import RECORDS
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.trust.credentials import Credentials, new_key
from p2p_twisted.trust.issuing import make_issuer, make_root
from p2p_twisted.trust.key_folder import KeyFileFault, KeyFolder
from p2p_twisted.trust.serial_number import RandomBits, SerialNumber
from p2p_twisted.trust.trust_errors import TrustError
from p2p_twisted.wire.names import NetworkName

ROOT_FILE: Final = "root.pem"
ISSUER_FILE: Final = "issuer.pem"


@frozen
class OpenedAuthority:
    """
    What is kept of a private network's registry.

    :ivar own: what the registry answers with.
    :ivar is_new: whether the network was made just now.
    """

    authority: Authority
    own: Credentials
    is_new: bool


def open_authority(
    folder: OwnFolder, network: NetworkName, rng: RandomBits, now: float
) -> OpenedAuthority:
    """
    Read the issuer's key, and what was recorded, or make both; blocks.

    :param folder: opened by its owner.
    :param now: seconds since 1970.
    :raises KeyFileFault: when something of it cannot be used.
    """
    keys = KeyFolder(folder)
    issuer = keys.load(ISSUER_FILE)
    is_new = issuer is None
    if issuer is None:
        issuer = _make_issuer(keys, network, rng, now)
    authority = Authority(network, issuer, rng)
    if not is_new:
        _restore(authority, folder, now)
    own = authority.own(now, new_key())
    save_records(authority, folder)
    if is_new:
        # Last, so that a network that was not made to its end is made anew.
        keys.save(ISSUER_FILE, issuer)
    return OpenedAuthority(authority, own, is_new)


def save_records(authority: Authority, folder: OwnFolder) -> None:
    """
    Write down what an authority remembers; blocks.

    :raises KeyFileFault: when that cannot be done.
    """
    try:
        folder.replace(RECORDS, json.dumps(authority.to_json()).encode())
    except OSError as error:
        raise KeyFileFault(f"{folder.path / RECORDS} cannot be written: {error}") from None


def _make_issuer(keys: KeyFolder, network: NetworkName, rng: RandomBits, now: float) -> Credentials:
    root = keys.load(ROOT_FILE)
    if root is None:
        root = make_root(network, SerialNumber.next_after(0, rng), now)
        keys.save(ROOT_FILE, root)
    return make_issuer(root, network, SerialNumber.next_after(1, rng), now)


def _restore(authority: Authority, folder: OwnFolder, now: float) -> None:
    try:
        authority.restore(json.loads(folder.read(RECORDS)), now)
    except (OSError, ValueError, TypeError, KeyError, TrustError) as error:
        raise KeyFileFault(
            f"{folder.path / RECORDS} cannot be read ({error}): put it back from a backup"
        ) from None
