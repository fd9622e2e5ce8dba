"""When a registry says where it is."""

from p2p_twisted.registry.beacon_pace import BeaconPace
from p2p_twisted.registry.limits import BEACON_EVERY_SECONDS


def a_pace() -> BeaconPace:
    """Return one of a registry that has said so at 100 s."""
    pace = BeaconPace(100.0)
    assert pace.is_asked(100.0)
    pace.sent(100.0)
    return pace


def test_by_itself() -> None:
    """It does so every half a minute, though nobody asks."""
    assert a_pace().due == 100.0 + BEACON_EVERY_SECONDS


def test_asked() -> None:
    """A question is answered at once."""
    pace = a_pace()
    assert not pace.is_asked(110.0)
    pace.asked(110.0)
    assert pace.due == 110.0
    assert pace.is_asked(110.0)


def test_flood() -> None:
    """A thousand questions a second have it answer five times a second."""
    pace, answers = a_pace(), []
    for thousandth in range(10_000):
        now = 101.0 + thousandth / 1_000
        pace.asked(now)
        if pace.due <= now:
            answers.append(now)
            pace.sent(now)
    assert [round(answer, 1) for answer in answers] == [101 + each / 5 for each in range(50)]


def test_soon() -> None:
    """One that comes right after an answer, and may be too late for it, has another answer."""
    pace = a_pace()
    pace.asked(100.05)
    pace.asked(100.15)
    assert pace.due == 100.2
