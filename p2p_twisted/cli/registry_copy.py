"""``p2p registry copy``: give another store what one has."""

import argparse
import signal
import sys
from collections.abc import Coroutine, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import deferLater, react

from p2p_twisted.cli.command_parser import GuessingParser
from p2p_twisted.registry.authority_files import ISSUER_FILE
from p2p_twisted.registry.etcd_location import ETCD
from p2p_twisted.registry.roster import Put
from p2p_twisted.registry.store import Conflict, IRegistryStore, StoreFault, StoreTaken
from p2p_twisted.registry.store_option import (
    SQLITE,
    BadStore,
    EtcdAccess,
    make_store,
    read_store,
)
from p2p_twisted.runtime.amounts import count
from p2p_twisted.runtime.exit_status import Exit, after_signal
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.runtime.threads import inline
from p2p_twisted.trust.credentials import key_hash
from p2p_twisted.trust.key_folder import KeyFolder
from p2p_twisted.trust.trust_errors import TrustError
from p2p_twisted.wire.names import BadName, NetworkName, peer_name

_ACCESS: Final = {
    "etcd-ca": "the certificate that vouches for etcd's own, in PEM",
    "etcd-certificate": "a certificate to show to etcd, with its key, in PEM",
    "etcd-login": "a file with USER:PASSWORD for etcd",
}


def copy_registry(words: Sequence[str]) -> int:
    """Copy as the words behind ``p2p registry copy`` say; return the exit status."""
    options = _parser().parse_args(words)
    try:
        places = [_place(option, vars(options)[option]) for option in ("from", "to")]
        given = {name: vars(options)[name.replace("-", "_")] for name in _ACCESS}
        access = EtcdAccess.read({name: path for name, path in given.items() if path is not None})
        network, root = _network(options.network), _root(options.keys)
        if places[0] == places[1]:
            raise BadStore("--from and --to are one store: nothing is to be copied")
    except BadStore as error:
        sys.stderr.write(f"{error}\n")
        return Exit.USAGE
    status: list[int] = []

    async def copy(reactor: Any) -> None:
        stores = [
            make_store(place, access, network, reactor, lambda: inline, root=root)
            for place in places
        ]
        # Once the reactor runs, which has its own idea of what a signal means.
        await deferLater(reactor, 0)
        status.append(await _until_signal(reactor, copy_said(*stores)))

    try:
        react(lambda reactor: Deferred.fromCoroutine(copy(reactor)))
    except SystemExit:
        return status[0] if status else Exit.UNEXPECTED
    return Exit.UNEXPECTED


async def _until_signal(reactor: Any, saying: Coroutine[Any, Any, int]) -> int:
    """Copy, and say how that went; a signal ends it, once what is under way is closed."""
    noted: list[int] = []

    def note(number: int, _frame: object) -> None:
        noted.append(number)
        reactor.callFromThread(lambda: copying.cancel())

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, note)
    copying = Deferred.fromCoroutine(saying)
    try:
        return await copying
    except CancelledError:
        sys.stderr.write("not all is copied: the same command copies the rest\n")
        return after_signal(noted[0])


async def copy_said(source: IRegistryStore, target: IRegistryStore) -> int:
    """Copy, and say how that went; return the exit status."""
    try:
        new, there = await copied(source, target)
    except StoreTaken as fault:
        sys.stderr.write(f"{fault}: stop that registry first\n")
        return Exit.CONFLICT
    except Conflict as fault:
        sys.stderr.write(f"{fault}: the other store has another peer at one of the places\n")
        return Exit.CONFLICT
    except StoreFault as fault:
        sys.stderr.write(f"{fault}\n")
        return Exit.DISK
    print(f"copied {count(new, 'registration')}", f"{there} were there before", sep=", ")
    return Exit.DONE


async def copied(source: IRegistryStore, target: IRegistryStore) -> tuple[int, int]:
    """
    Copy the registrations of names that the target does not have.

    :returns: how many these are, and how many names were there before.
    :raises StoreFault: when a store cannot be used, or one of the places is another peer's in the
        target; some may be copied by then.
    """
    source.open()
    try:
        held = await source.load()
        target.open()
        try:
            there = {each.name for each in await target.load()}
            new = [Put(each) for each in held if each.name not in there]
            for some in _pieces(new, target.most_changes):
                await target.apply(some)
        finally:
            await target.close()
    finally:
        await source.close()
    return len(new), len(held) - len(new)


def _pieces(changes: Sequence[Put], most: int) -> Iterator[Sequence[Put]]:
    left = iter(changes)
    while some := list(islice(left, most)):
        yield some


def _place(option: str, text: str) -> Any:
    if not text.startswith((SQLITE, ETCD)):
        raise BadStore(f"--{option} takes sqlite:FILE or etcd://HOST:PORT, not {text!r}")
    try:
        place = read_store(text)
    except BadStore as error:
        raise BadStore(f"--{option} {error}") from None
    if option == "from" and isinstance(place, Path) and not place.exists():
        raise BadStore(f"there is no {place}")
    return place


def _network(text: str) -> NetworkName:
    """Read it as the registry does, or it would have nothing of what is copied."""
    try:
        return peer_name(text)
    except BadName:
        raise BadStore(
            f"--network takes letters a to z, digits and hyphens, at most 31, not {text!r}"
        ) from None


def _root(keys: Path | None) -> str:
    """Read what tells a private network from others of its name; nothing of an open one."""
    if keys is None:
        return ""
    try:
        own = KeyFolder(OwnFolder(keys)).load(ISSUER_FILE)
    except TrustError as error:
        raise BadStore(f"--keys: {error}") from None
    if own is None:
        raise BadStore(f"--keys: {keys} has no keys of a private network's registry")
    return key_hash(own.root.public_key()).hex()


def _parser() -> argparse.ArgumentParser:
    parser = GuessingParser(
        prog="p2p registry copy",
        description="Copy what one store of a registry has into another one, such as from"
        " sqlite:p2pmeta.db to etcd://HOST:PORT. No registry may use the first meanwhile.",
        allow_abbrev=False,
    )
    for option in ("from", "to"):
        parser.add_argument(f"--{option}", metavar="STORE", required=True, help=f"copy {option}")
    parser.add_argument(
        "--network", metavar="NAME", default="default", help="the network (default: default)"
    )
    parser.add_argument(
        "--keys",
        metavar="DIR",
        type=Path,
        help="where a private network's registry keeps its keys: p2pmeta.d",
    )
    for name, what in _ACCESS.items():
        parser.add_argument(f"--{name}", metavar="FILE", type=Path, help=what)
    return parser
