"""Where peers are, and what they are called."""

import ipaddress
from contextlib import nullcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p_twisted.wire.names import (
    BadName,
    PeerAddress,
    check_host,
    is_loopback,
    peer_name,
    plain_host,
)

REFUSED_HOSTS = [
    # Odd spellings of loopback, all of which connect there.
    *[
        "127.1",
        "127.0.1",
        "0",
        "1",
        "2130706433",
        "0x7f.1",
        "0x7f000001",
        "017700000001",
        "127.0.0.01",
    ],
    *[
        "0177.0.0.1",
        "127.000.000.001",
        "\uff11\uff12\uff17.0.0.1",
        "127.0.0.1\x00",
        "127.0.0.1\n",
        " 127.0.0.1",
    ],
    *[
        "127.0.0.1 ",
        "127.0.0.1.",
        "127.0.0.1:80",
        "127.0.0.1/8",
        "[::1]",
        "::ffff:127.0.0.1",
        "::127.0.0.1",
    ],
    *["0:0:0:0:0:0:0:1", "::0001", "::1%lo", "0::1", "::FFFF:7F00:1", "::ffff:7f00:1"],
    # Names.
    *[
        "localhost",
        "example.org",
        "metadata.google.internal",
        "s1",
        "",
        "a" * 5_000,
        "\ud800",
        "127.0.0.1@h",
    ],
    # Nobody, everybody, or somebody else's.
    *[
        "0.0.0.0",
        "0.0.0.1",
        "0.255.255.255",
        "255.255.255.255",
        "240.0.0.1",
        "224.0.0.1",
        "239.1.1.1",
    ],
    *["169.254.169.254", "169.254.0.1", "::", "ff02::1", "fe80::1", "fe80::1%eth0", "fd00::1%eth0"],
    *["64:ff9b::7f00:1", "2001:DB8::1", "2001:db8:0:0::1", "2001:0db8::1", "fe80::1%1", "::2"],
]
HOSTS = [
    *["127.0.0.1", "127.255.255.254", "::1", "10.0.0.1", "192.168.1.7", "172.16.0.1", "100.64.0.1"],
    *["8.8.8.8", "2001:db8::1", "2a00:1450:4001::8a", "fd00::1", "fdaa:bb::1"],
]


@pytest.mark.parametrize("host", REFUSED_HOSTS, ids=ascii)
def test_refused_host(host: str) -> None:
    """Only canonical IP literals that one peer could have pass."""
    with pytest.raises(BadName) as refusal:
        check_host(host)
    assert str(refusal.value).isprintable()


@pytest.mark.parametrize("host", HOSTS)
def test_host(host: str) -> None:
    """The addresses that peers have pass."""
    check_host(host)


@pytest.mark.parametrize("rest", ["0.0.0", "254.9.10", "255.255.255", "1.2", "01.2.3", "256.1.1"])
def test_every_network(rest: str) -> None:
    """Of IPv4, those addresses pass that the standard library takes for one host's."""
    for first in range(260):
        host = f"{first}.{rest}"
        try:
            address = ipaddress.IPv4Address(host)
        except ValueError:
            is_usable = False
        else:
            is_usable = first != 0 and not (
                address.is_multicast or address.is_reserved or address.is_link_local
            )
        with nullcontext() if is_usable else pytest.raises(BadName):
            check_host(host)


@given(host=st.text(st.characters(codec=None, categories=None)) | st.ip_addresses().map(str))
def test_any_host(host: str) -> None:
    """Nothing but BadName is raised."""
    try:
        check_host(host)
    except BadName:
        return
    assert is_loopback(host) in (True, False)


def test_plain_host() -> None:
    """An IPv4 address on a socket for both families is written as such."""
    assert plain_host("::ffff:10.0.0.1") == "10.0.0.1"
    for host in ("10.0.0.1", "::1", "fe80::1%eth0", ""):
        assert plain_host(host) == host


@pytest.mark.parametrize("typed", ["s1", "S1", " s1 ", "s1\n"])
def test_peer_name(typed: str) -> None:
    """A person may type capitals and spaces around it."""
    assert peer_name(typed) == "s1"


def test_peer_name_limits() -> None:
    """One to 31 characters."""
    assert peer_name("A" * 31) == "a" * 31
    assert peer_name("a-9-") == "a-9-"


@pytest.mark.parametrize(
    "typed",
    [
        *["", " ", "-", "-a", "a b", "a_b", "a.b", "a/b", "..", "a" * 32, "a\x00", "a\u200b"],
        # These become ASCII when their case is folded.
        *["\u017f1", "\u212a", "\u00e9", "\u0661", "\uff11", "\ud800", "a\u0301", "\u00df"],
    ],
    ids=ascii,
)
def test_refused_peer_name(typed: str) -> None:
    """Anything else is refused."""
    with pytest.raises(BadName):
        peer_name(typed)


def test_address_in_words() -> None:
    """An address reads as people write it."""
    assert str(PeerAddress("s1", "127.0.0.1", 9000)) == "s1@127.0.0.1:9000"
    assert str(PeerAddress("s1", "::1", 9000)) == "s1@[::1]:9000"
