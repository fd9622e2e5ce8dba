"""What a peer in the background cannot do."""

from typing import Any

import pytest
from twisted.python.usage import Options, UsageError

from p2p_twisted.peer.own_options import read_results


def options(is_background: bool, **given: Any) -> Options:
    made = Options()
    made.parent = Options()
    made.parent["nodaemon"] = not is_background
    made.update({"results": None, "leave-at-end": False} | given)
    return made


@pytest.mark.parametrize("given", [{"results": "1"}, {"leave-at-end": True}])
def test_no_input(given: dict[str, Any]) -> None:
    """It reads no script, so it does not end with one, nor tell how its lines went."""
    with pytest.raises(UsageError, match=f"reads no input: leave --{next(iter(given))} away"):
        read_results(options(True, **given))
    read_results(options(False, **given))


def test_nothing_said() -> None:
    """By default it has none of that."""
    assert read_results(options(True)) is None
