"""An admin's verbs: what they ask for, and what they write."""

import argparse
import json
import time
from pathlib import Path
from typing import Any, cast

import pytest

from p2p_twisted.cli import admin_verbs
from p2p_twisted.cli.peer_client import CommandFailed, PeerClient
from p2p_twisted.console.admin_lines import date_text
from p2p_twisted.peer.qr_code import qr_rows
from p2p_twisted.registry.authority_files import KeyPlace
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.trust.invite import Invite
from p2p_twisted.trust.open_invites import OpenInvite, secret_hash
from p2p_twisted.trust.statement import RootStatement, read_any_statement
from tests.console.fake_admin import CODE
from tests.trust.private_network import PrivateNetwork

DATE = 1_800_000_000.0
NETWORK = PrivateNetwork()
REGISTRY = "3f2a91bc" * 2 + "0f1e"


class Client:
    """A peer of a network with as many members, told three at a time."""

    def __init__(self, members: int = 7) -> None:
        self.names = [f"s{number}" for number in range(members)]
        self.asked: list[tuple[Any, ...]] = []
        self.fault: CommandFailed | None = None

    def get(self, path: str, after: str | None = None, only: str | None = None) -> Any:
        if only is not None:
            self.asked.append((path, only))
            if self.fault is not None:
                raise self.fault
            return {"members": [only] if only in self.names else [], "more": 0}
        self.asked.append((path, after))
        if self.fault is not None:
            raise self.fault
        if path == "/v1/invites":
            invite = {"id": "3f2a91bc", "uses": 2, "expires": DATE, "admin": True, "groups": []}
            return {"invites": [invite], "more": 0}
        left = [name for name in self.names if name > (after or "")]
        some = [
            {
                "name": name,
                "expires": DATE,
                "admin": False,
                "groups": ["lab"],
                "registry": REGISTRY,
            }
            for name in left[:3]
        ]
        return {"members": some, "more": len(left) - len(some)}

    def ask(self, *asked: Any) -> Any:
        self.asked.append(asked)
        return {"code": CODE, "qr": list(qr_rows(CODE))}


def run(client: Client, verb: str, **options: Any) -> int:
    usual = {
        "json": False,
        "qr": False,
        "name": None,
        "invite": None,
        "issuer": None,
        "root_key": None,
        "since": 0,
        "anyway": False,
        "of_registry": None,
        "for_registry": False,
    }
    given = argparse.Namespace(**{**usual, **options})
    status: int = getattr(admin_verbs, verb)(cast(PeerClient, client), given)
    return status


def test_members(capsys: pytest.CaptureFixture[str]) -> None:
    """All are listed, though each answer has some."""
    client = Client()
    assert run(client, "members") == Exit.DONE
    lines = [f"s{number}  until {date_text(DATE)}  in lab  by {REGISTRY}" for number in range(7)]
    assert capsys.readouterr().out.splitlines() == [*lines, "7 members"]
    assert client.asked == [("/v1/members", after) for after in (None, "s2", "s5")]
    run(Client(), "members", json=True)
    told = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in told["members"]] == client.names


def test_members_by_the_registry(capsys: pytest.CaptureFixture[str]) -> None:
    """A registry is asked for those who have certificates, not for those who are registered."""
    client = Client(2)
    assert run(client, "members", of_registry="") == Exit.DONE
    assert client.asked == [("/v1/certified", None)]
    assert capsys.readouterr().out.endswith("2 members\n")


def test_none(capsys: pytest.CaptureFixture[str]) -> None:
    """A network without members is no fault."""
    assert run(Client(0), "members") == Exit.DONE
    assert capsys.readouterr().out == "0 members\n"


def test_invites(capsys: pytest.CaptureFixture[str]) -> None:
    """Open invites are listed by their ids."""
    run(Client(), "invites")
    shown = f"3f2a91bc  2 uses left  until {date_text(DATE)}  admin"
    assert capsys.readouterr().out.splitlines() == [shown, "1 open invite"]


TERMS: dict[str, Any] = {"uses": 1, "seconds": 86_400, "admin": False, "groups": ["Lab"]}


def test_invite(capsys: pytest.CaptureFixture[str]) -> None:
    """The code is alone on its line, for scripts; with --qr its picture is below."""
    client = Client()
    run(client, "invite", **TERMS)
    assert client.asked == [
        ("POST", "/v1/invites", {**TERMS, "groups": ["lab"], "registry": False})
    ]
    assert capsys.readouterr().out == f"{CODE}\n"
    run(client, "invite", **TERMS, qr=True)
    code, *picture = capsys.readouterr().out.splitlines()
    assert code == CODE
    assert {len(line) for line in picture} == {len(qr_rows(CODE)) + 4}


@pytest.mark.parametrize("group", ["Staff Room", "Ä", ""])
def test_no_group(group: str) -> None:
    """What may not be a group's name is told before anything is asked, with what may."""
    client = Client()
    with pytest.raises(CommandFailed, match="is no name of a group: that has 1 to 31") as failed:
        run(client, "invite", uses=1, seconds=60, admin=False, groups=["lab", group], qr=False)
    assert (failed.value.code, client.asked) == (Exit.USAGE, [])


@pytest.mark.parametrize("name", ["", "a/b"])
def test_revoke_nobody(name: str) -> None:
    """So is what may not be a peer's."""
    client = Client()
    with pytest.raises(CommandFailed, match=r"p2p revoke takes|a peer's name has") as failed:
        run(client, "revoke", name=name)
    assert (failed.value.code, client.asked) == (Exit.USAGE, [])


def test_revoke(capsys: pytest.CaptureFixture[str]) -> None:
    """A peer is put out by its name, an invite taken back by its id."""
    client = Client()
    run(client, "revoke", name="anna", anyway=True)
    run(client, "revoke", invite="3f2a91bc")
    assert client.asked == [
        ("POST", "/v1/revocations/anna", {}),
        ("DELETE", "/v1/invites/3f2a91bc", {}),
    ]
    assert capsys.readouterr().out.splitlines() == [
        "anna was revoked",
        "nobody comes in by the invite 3f2a91bc any more",
    ]


def test_whole_code(capsys: pytest.CaptureFixture[str]) -> None:
    """The whole code of an invite does as well as its id, and is told to nobody."""
    client, made = Client(), Invite.make(bytes(16), ["127.0.0.1:9011"], NETWORK.rng)
    id_ = OpenInvite(secret_hash(made.secret), 1, 0.0).id
    run(client, "revoke", invite=made.to_text().upper())
    assert client.asked == [("DELETE", f"/v1/invites/{id_}", {})]
    assert capsys.readouterr().out == f"nobody comes in by the invite {id_} any more\n"


@pytest.mark.parametrize(("of_registry", "path"), [(None, "/v1/members"), ("", "/v1/certified")])
def test_revoke_unknown(of_registry: str | None, path: str) -> None:
    """Who is no member is perhaps mistyped: that has to be said again, more clearly."""
    client = Client()
    with pytest.raises(CommandFailed, match="the registry knows no member ana: p2p") as failed:
        run(client, "revoke", name="Ana", of_registry=of_registry)
    assert (failed.value.code, client.asked) == (Exit.NOT_FOUND, [(path, "ana")])
    run(client, "revoke", name="s3", of_registry=of_registry)
    assert client.asked[1:] == [(path, "s3"), ("POST", "/v1/revocations/s3", {})]


@pytest.mark.parametrize("code", [Exit.NO_NETWORK, Exit.REFUSED])
def test_revoke_without_a_registry(code: Exit) -> None:
    """Where the registry does not say, the name counts as it is."""
    client = Client()
    client.fault = CommandFailed(code, "x")
    run(client, "revoke", name="ana")
    assert client.asked[-1] == ("POST", "/v1/revocations/ana", {})
    client.fault = CommandFailed(Exit.DISK, "x")
    with pytest.raises(CommandFailed):
        run(client, "revoke", name="ana")


@pytest.mark.parametrize("given", [{}, {"invite": ""}, {"name": "anna", "invite": "3f2a91bc"}])
def test_one_of_them(given: dict[str, str]) -> None:
    """One of them is to be said, and nothing is done without."""
    client = Client()
    with pytest.raises(CommandFailed, match="--registry and an id: one of them") as failed:
        run(client, "revoke", **given)
    assert failed.value.code == Exit.USAGE
    assert client.asked == []


@pytest.fixture
def root_key(tmp_path: Path) -> KeyPlace:
    """Return where the key of a network's root is."""
    place = KeyPlace.at(tmp_path / "stick" / "root.pem")
    place.save(NETWORK.root)
    return place


def test_revoke_a_registry(root_key: KeyPlace, capsys: pytest.CaptureFixture[str]) -> None:
    """The root says it on this machine: no daemon gets to see its key."""
    client = Client()
    before = int(time.time())
    run(client, "revoke", issuer=REGISTRY.upper(), root_key=str(root_key.path), since=3_600)
    *_listed, (method, path, body) = client.asked
    assert (method, path) == ("POST", "/v1/statements")
    heard = read_any_statement(body["statement"], NETWORK.anchor)
    assert isinstance(heard, RootStatement)
    assert (heard.said.issuer, heard.said.network) == (REGISTRY, "default")
    assert heard.said.since == heard.said.issued - 3_600
    assert 0 <= heard.said.issued - before < 60
    until = date_text(heard.said.since)
    assert f"whom another one had met before {until} is" in capsys.readouterr().out


def test_no_such_registry(root_key: KeyPlace) -> None:
    """One that has certified no member is perhaps mistyped; where nobody can tell, it counts."""
    mistyped = {"issuer": "0" * 20, "root_key": str(root_key.path)}
    client = Client()
    with pytest.raises(CommandFailed, match="no member is known whom a registry 0000") as failed:
        run(client, "revoke", **mistyped)
    assert failed.value.code == Exit.NOT_FOUND
    assert [path for path, _ in client.asked] == ["/v1/members"] * 3
    run(client, "revoke", **mistyped, anyway=True)
    assert client.asked[-1][1] == "/v1/statements"
    for code in (Exit.NO_NETWORK, Exit.REFUSED):
        client = Client()
        client.fault = CommandFailed(code, "x")
        run(client, "revoke", **mistyped)
        assert client.asked[-1][1] == "/v1/statements"


def test_not_revoked(root_key: KeyPlace, tmp_path: Path) -> None:
    """What is missing, or the wrong key, is told before anything is asked."""
    client, given = Client(), {"issuer": REGISTRY, "root_key": str(root_key.path)}
    KeyPlace.at(tmp_path / "issuer.pem").save(NETWORK.issuer)
    for wrong, why, code in (
        ({"issuer": "3f2a"}, "is no id of a registry", Exit.USAGE),
        ({"root_key": None}, "say --root-key FILE, too", Exit.USAGE),
        ({"root_key": str(tmp_path / "x.pem")}, "x.pem is not there: mount its disk", Exit.DISK),
        ({"root_key": str(tmp_path / "issuer.pem")}, "is not the key of a root", Exit.USAGE),
        ({"name": "anna"}, "one of them", Exit.USAGE),
        ({"invite": "3f2a91bc"}, "one of them", Exit.USAGE),
    ):
        with pytest.raises(CommandFailed, match=why) as failed:
            run(client, "revoke", **{**given, **wrong})
        assert failed.value.code == code
    root_key.path.chmod(0o644)
    with pytest.raises(CommandFailed, match="others may read the key") as failed:
        run(client, "revoke", **given)
    assert (failed.value.code, client.asked) == (Exit.DISK, [])
