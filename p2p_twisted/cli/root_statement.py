"""Say with the key of a network's root that a registry does not count any more."""

import re
from pathlib import Path
from typing import Final

from p2p_twisted.cli.peer_client import CommandFailed
from p2p_twisted.registry.authority_files import KeyPlace
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.trust.issuing import network_of
from p2p_twisted.trust.key_folder import KeyFileFault
from p2p_twisted.trust.statement import IssuerRevocation, sign_statement

_ID: Final = re.compile("[0-9a-f]{20}")


def revoked_registry(issuer: str, root_key: str | None, since: int, now: float) -> str:
    """
    Sign; blocks.

    :param issuer: what the registry is called, as a person typed it.
    :param root_key: the file of the root's key, if that was said.
    :param since: from when on it may have been stolen, in seconds since 1970.
    :param now: likewise.
    :raises CommandFailed: when it is no id, or there is no such key.
    """
    if _ID.fullmatch(issuer.lower()) is None:
        raise CommandFailed(
            Exit.USAGE,
            f"{issuer!r} is no id of a registry, which has 20 digits: p2p members shows by which"
            " one each member was certified",
        )
    if root_key is None:
        raise CommandFailed(
            Exit.USAGE, "only the root may revoke a registry: say --root-key FILE, too"
        )
    path = Path(root_key).expanduser().absolute()
    try:
        root = KeyPlace.at(path).load()
    except KeyFileFault as fault:
        raise CommandFailed(Exit.DISK, str(fault)) from None
    if root is None:
        raise CommandFailed(Exit.DISK, f"{path} is not there: mount its disk")
    if root.certificate != root.root:
        raise CommandFailed(Exit.USAGE, f"{path} is not the key of a root, but one that it signed")
    network = network_of(root.root)
    return sign_statement(IssuerRevocation(issuer.lower(), since, int(now), network), root)
