"""The packets by which a registry is found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p_twisted.wire.beacon import QUESTION, Beacon, is_question, read_beacon, write_beacon
from p2p_twisted.wire.limits import BEACON_ADDRESSES, BEACON_BYTES

OPEN = Beacon("default", 9_011)
PRIVATE = Beacon("lab", 19_011, "0123456789abcdef")
LONGEST = Beacon("n" * 31, 65_535, "f" * 16)
AT = tuple(f"{number:04x}:{'2345:' * 6}6789" for number in range(BEACON_ADDRESSES))
LONGEST_AT = Beacon("n" * 31, 65_535, "f" * 16, AT)


@pytest.mark.parametrize("beacon", [OPEN, PRIVATE, LONGEST, LONGEST_AT])
def test_beacon(beacon: Beacon) -> None:
    """What a registry says is read as it was written, and is no question."""
    packet = write_beacon(beacon)
    assert read_beacon(packet) == beacon
    assert not is_question(packet)
    assert len(packet) < 128 or beacon.at


def test_on_the_wire() -> None:
    """It can be read and typed by a person; what has no value is left out."""
    assert write_beacon(OPEN) == b'P2P1 {"network":"default","port":9011,"role":"registry"}'
    assert QUESTION == b'P2P1 {"role":"newcomer"}'


def test_question() -> None:
    """A newcomer's is known, also with what a later version adds to it, and is no beacon."""
    for packet in (QUESTION, b'P2P1 {"role":"newcomer","wants":["lab"]}'):
        assert is_question(packet)
        assert read_beacon(packet) is None


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"P2P1",
        b"P2P1 ",
        b"P2P1 []",
        b"P2P1 {}",
        b'P2P2 {"role":"newcomer"}',
        b'p2p1 {"role":"newcomer"}',
        b'{"role":"newcomer"}',
        b'P2P1 {"role":"peer","network":"default","port":9000}',
        b'P2P1 {"role":"registry","network":"default"}',
        b'P2P1 {"role":"registry","network":"Default","port":9011}',
        b'P2P1 {"role":"registry","network":"a\\u001b[2J","port":9011}',
        b'P2P1 {"role":"registry","network":"default","port":25}',
        b'P2P1 {"role":"registry","network":"default","port":65536}',
        b'P2P1 {"role":"registry","network":"default","port":"9011"}',
        b'P2P1 {"role":"registry","network":"default","port":9011,"root":"01"}',
        b'P2P1 {"role":"registry","network":"\xff","port":9011}',
        b'P2P1 {"role":"registry","network":"a","port":9011,"at":"192.0.2.1"}',
        b'P2P1 {"role":"registry","network":"a","port":9011,"at":[1]}',
        b'P2P1 {"role":"registry","network":"a","port":9011,"at":[' + b'"",' * 8 + b'""]}',
        b"P2P1 " + b"[" * 500,
        b"P2P1 " + b'{"role":' * 60,
        QUESTION + b" " * (BEACON_BYTES + 1 - len(QUESTION)),
        b"P2P1 \xff\xfe{\x00",
    ],
)
def test_anything_else(packet: bytes) -> None:
    """Other versions, damaged and overlong packets are nothing."""
    assert read_beacon(packet) is None
    assert not is_question(packet)


@given(st.binary(max_size=600), st.booleans())
def test_any_bytes(noise: bytes, is_like: bool) -> None:
    """Whatever comes is read or is nothing."""
    packet = b"P2P1 " + noise if is_like else noise
    assert read_beacon(packet) is None or not is_question(packet)
