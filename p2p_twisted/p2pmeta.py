"""``twistd -n p2pmeta``: the registry."""

import os
import sys
import time
from functools import partial
from random import SystemRandom
from typing import Any, Final

from twisted.application.service import IService, MultiService
from twisted.python.usage import UsageError
from typing_extensions import override

from p2p_twisted.api.kept_log import KeptLog
from p2p_twisted.api.service import Api, ApiService
from p2p_twisted.api.socket_index import Suffix
from p2p_twisted.peer.coming_in import conceal_invite, read_code
from p2p_twisted.recording.event_options import EventOptions
from p2p_twisted.registry.authority_files import ISSUER_FILE
from p2p_twisted.registry.beacon_service import BeaconService
from p2p_twisted.registry.etcd_location import EtcdLocation
from p2p_twisted.registry.joining_private import CannotJoin
from p2p_twisted.registry.limits import REGISTRY_PORT
from p2p_twisted.registry.liveness import Checker
from p2p_twisted.registry.own_places import read_listen, read_ports
from p2p_twisted.registry.private_registry import (
    PrivateParts,
    PrivateRegistry,
    become_second,
    open_private,
)
from p2p_twisted.registry.registry import Registry
from p2p_twisted.registry.rules import Policy
from p2p_twisted.registry.service import RegistryService
from p2p_twisted.registry.store_option import (
    SQLITE,
    BadStore,
    EtcdAccess,
    StorePlace,
    check_store,
    is_safe,
    make_shared_records,
    make_store,
    read_store,
)
from p2p_twisted.runtime.exit_code import CannotStart
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.runtime.listening import check_free
from p2p_twisted.runtime.lone_option import refuse_alone
from p2p_twisted.runtime.os_errors import in_words
from p2p_twisted.runtime.process_setup import collect_seldom, prepare
from p2p_twisted.runtime.service_manager import writes_to_journal
from p2p_twisted.runtime.threads import WorkerPool
from p2p_twisted.runtime.twistd import WorkerService, expanded
from p2p_twisted.trust.trust_errors import TrustError
from p2p_twisted.wire.dialing import BoundDialer
from p2p_twisted.wire.firewall import USUAL_PORTS
from p2p_twisted.wire.names import BadName, peer_name

USUAL_LISTEN: Final = f"tcp:{REGISTRY_PORT}:interface=127.0.0.1"
_LISTEN_TO_ALL: Final = f"tcp:{REGISTRY_PORT}"
_STDOUT: Final = 1


def _network(text: str) -> str:
    try:
        return peer_name(text)
    except BadName:
        raise UsageError(
            f"--network takes letters a to z, digits and hyphens, at most 31, not {text!r}"
        ) from None


def _store(text: str) -> StorePlace:
    try:
        return read_store(text)
    except BadStore as error:
        raise UsageError(f"--store {error}") from None


class Options(EventOptions):
    """Options of ``p2pmeta``."""

    has_prompt = False
    synopsis = "[options]"

    optParameters = [
        [
            "listen",
            None,
            None,
            f"Where to listen: HOST:PORT, or an endpoint string. Without it, {_LISTEN_TO_ALL} where"
            f" other machines are let in, and else {USUAL_LISTEN}.",
        ],
        [
            "ports",
            None,
            f"{USUAL_PORTS[0]}-{USUAL_PORTS[-1]}",
            "Ports to give to the peers of each host.",
        ],
        [
            "store",
            None,
            f"{SQLITE}p2pmeta.db",
            "Where to remember the peers: sqlite:FILE, etcd://HOST:PORT,HOST:PORT/PREFIX for"
            " several registries, or memory: to forget them at the end.",
        ],
        ["etcd-ca", None, None, "The certificate that vouches for etcd's own, in PEM."],
        ["etcd-certificate", None, None, "A certificate to show to etcd, with its key, in PEM."],
        ["etcd-login", None, None, "A file with USER:PASSWORD for etcd."],
        ["network", None, "default", "The name of the network."],
        [
            "keys",
            None,
            "p2pmeta.d",
            "Where the keys of a private network are, and what belongs to them.",
        ],
        [
            "join",
            None,
            None,
            "Be another registry of a private network, by an invite of one.",
        ],
        [
            "root-key",
            None,
            None,
            "Where the key of its root is, if not there: only to make the network, and once in"
            " two years.",
        ],
    ]
    optFlags = [
        ["private", None, "Let in only who has an invite, and encrypt everything."],
        ["insecure-lan", None, "Let other machines in, though nothing is encrypted."],
        ["allow-advertise", None, "Believe peers that say under which address to reach them."],
    ]

    @override
    def stem(self) -> str:
        return "p2pmeta"

    @override
    def postOptions(self) -> None:
        # Here and not one by one, so that the defaults are read as well.
        if self["listen"] is None:
            lets_in = self["private"] or self["insecure-lan"]
            self["listen"] = _LISTEN_TO_ALL if lets_in else USUAL_LISTEN
        self["listen"] = read_listen(self["listen"])
        self["ports"] = read_ports(self["ports"])
        self["store"] = _store(self["store"])
        self._read_etcd()
        self["network"] = _network(self["network"])
        self["keys"] = expanded("keys", self["keys"]).absolute()
        if self["root-key"] is not None:
            self["root-key"] = expanded("root-key", self["root-key"]).absolute()
        super().postOptions()
        if self["join"] is not None and not self["private"]:
            raise UsageError("say --private together with --join")
        if not self["private"]:
            self._check_open()
        self["opened"] = self._open_private() if self["private"] else None

    def _check_open(self) -> None:
        """Run no open network in the place of a private one: somebody has forgotten an option."""
        if os.path.exists(self["keys"] / ISSUER_FILE):
            raise UsageError(
                f"{self['keys']} has the keys of a private network: say --private to run its"
                " registry, or run that of an open one in another directory"
            )
        for option in ("keys", "root-key"):
            refuse_alone(option, "private")

    def _read_etcd(self) -> None:
        """Read what is needed to be let in by etcd."""
        paths = {
            option: expanded(option, self[option])
            for option in ("etcd-ca", "etcd-certificate", "etcd-login")
            if self[option] is not None
        }
        if paths and not isinstance(self["store"], EtcdLocation):
            raise UsageError(f"--{next(iter(paths))} is for --store etcd://HOST:PORT")
        try:
            self["etcd-access"] = EtcdAccess.read(paths)
        except BadStore as error:
            raise UsageError(str(error)) from None

    def _open_private(self) -> "PrivateRegistry":
        if self["insecure-lan"]:
            raise UsageError("say --private or --insecure-lan, not both")
        if not is_safe(self["store"], self["etcd-access"]):
            raise UsageError(
                "who may change what is in etcd may let anybody into a private network: have the"
                " connections to it encrypted, and say --etcd-ca FILE"
            )
        try:
            if not os.path.exists(self["keys"] / ISSUER_FILE):
                # Before anything is made, or an invite used up.
                check_free(self["listen"])
                check_store(self["store"])
            if self["join"] is not None:
                become_second(self["keys"], self["network"], read_code(self["join"]))
                conceal_invite(self["join"], ["P2P_REGISTRY_JOIN"])
            parts = self["keys"], self["network"], self["listen"], self["root-key"]
            opened = open_private(*parts, is_read_by_others=writes_to_journal(_STDOUT))
        except (CannotJoin, CannotStart) as error:
            sys.stderr.write(f"{error}\n")
            raise SystemExit(error.exit) from None
        except (OSError, TrustError) as error:
            sys.stderr.write(f"{in_words(error)}\n")
            raise SystemExit(Exit.DISK) from None
        for line in opened.lines:
            sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
        return opened


def makeService(options: Options, reactor: Any = None) -> IService:
    """Build the registry; nothing is opened before it starts."""
    if reactor is None:
        from twisted.internet import reactor

    prepare(reactor)
    reactor.callWhenRunning(collect_seldom)
    daemon = MultiService()
    options.add_services(daemon, reactor)
    private = _private(options, reactor, daemon)
    registry = _registry(options, reactor, daemon, private)
    network = options["network"]
    service = RegistryService(
        reactor,
        registry,
        network,
        options["listen"],
        allows_lan=bool(options["insecure-lan"]),
        security=private.security if private else None,
        enrollment=private.enrollment if private else None,
    )

    def make_api(log: KeptLog) -> Api:
        from p2p_twisted.api.registry_admin import RegistryAdmin
        from p2p_twisted.api.registry_routes import RegistryApi

        return RegistryApi(
            reactor=reactor,
            registry=registry,
            network=network,
            address=lambda: service.address,
            leave=reactor.stop,
            log=log,
            admin=RegistryAdmin(private.enrollment if private else None),
        )

    api = ApiService(reactor, make_api, network, Suffix.REGISTRY, options.web_access())
    options.add_recording(daemon, reactor, "registry", api)
    service.setServiceParent(daemon)
    root = private.root if private else None
    BeaconService(reactor, network, root, lambda: service.address).setServiceParent(daemon)
    api.setServiceParent(daemon)
    return daemon


def _private(options: Options, reactor: Any, daemon: MultiService) -> PrivateParts | None:
    """Make what a private network's registry has, if this is one."""
    opened: PrivateRegistry | None = options["opened"]
    if opened is None:
        return None
    at = options["store"], options["etcd-access"], options["network"], reactor
    shared = make_shared_records(*at, opened.root)
    records = _in_order(reactor, daemon, "records")
    return PrivateParts.of(opened, reactor, daemon, records, shared=shared)


def _registry(
    options: Options, reactor: Any, daemon: MultiService, private: PrivateParts | None
) -> Registry:
    """Make what decides, and its store."""
    at = options["store"], options["etcd-access"], options["network"], reactor
    root = options["opened"].root if private else ""
    dialer = BoundDialer(reactor, "", private.security) if private else reactor
    return Registry(
        reactor,
        make_store(*at, partial(_in_order, reactor, daemon, "store"), root=root),
        Checker(dialer, options["network"]),
        policy=Policy(options["ports"], believes_advertised=bool(options["allow-advertise"])),
        rng=SystemRandom(),
        date=time.time,
    )


def _in_order(reactor: Any, daemon: MultiService, what: str) -> WorkerPool:
    """Return a thread of its own: so changes are stored in the order in which they were decided."""
    pool = WorkerPool(reactor, f"p2pmeta-{what}", threads=1)
    WorkerService(reactor, pool).setServiceParent(daemon)
    return pool
