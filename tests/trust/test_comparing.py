"""Two who compare what they know of revocations."""

from itertools import pairwise

from p2p_twisted.trust.comparing import differing, telling
from p2p_twisted.trust.limits import REVOCATIONS, REVOCATIONS_AT_ONCE
from p2p_twisted.trust.revocations import RevocationList
from p2p_twisted.trust.statement import Revocation, Statement
from p2p_twisted.wire.codec import decode, encode
from p2p_twisted.wire.messages import Revoked
from tests.trust.private_network import NOW, PrivateNetwork

NETWORK = PrivateNetwork()
ANNA = NETWORK.let_in("anna", admin=True)
# As long as a real one, without the cost of a signature.
LENGTH = 1_400


def full() -> RevocationList:
    """Return a list with all that fits into one."""
    known, signer = RevocationList("default"), NETWORK.verified(ANNA)
    for number in range(REVOCATIONS):
        said = Revocation(f"s{number}", int(NOW) - number, "default")
        text = f"{number}.".ljust(LENGTH, "x")
        known.add(Statement(said, signer, text), NOW)
    return known


def test_all_of_it() -> None:
    """All of a long list is told, a part at a time, in the order in which it was said."""
    known, told, asked = full(), list[str](), Revoked("0" * 64)
    while True:
        lines = differing(known, asked)
        assert sum(len(encode(line)) for line in lines) < 500_000
        for line in lines:
            assert decode(encode(line)) == line
            told += line.statements
            assert line.after == len(told)
        assert [line.more for line in lines[:-1]] == [False] * (len(lines) - 1)
        if not lines[-1].more:
            break
        asked = Revoked("0" * 64, after=lines[-1].after)
    assert tuple(told) == known.texts()
    assert len(told) == REVOCATIONS
    assert all(int(a.split(".")[0]) > int(b.split(".")[0]) for a, b in pairwise(told))


def test_nothing_to_tell() -> None:
    """Who knows the same, or tells something itself, is told nothing; nor who has heard all."""
    known = full()
    assert differing(known, Revoked(known.digest())) == []
    assert differing(known, Revoked("0" * 64, ("x",))) == []
    assert differing(known, Revoked("0" * 64, after=REVOCATIONS)) == []
    assert differing(RevocationList("default"), Revoked("0" * 64)) == []
    assert telling(known, []) == []


def test_some() -> None:
    """What is told beyond that says how many it was, and ends."""
    [line] = telling(full(), ["a", "b"])
    assert (line.statements, line.after, line.more) == (("a", "b"), 2, False)
    assert REVOCATIONS_AT_ONCE < REVOCATIONS
