"""Verbs are found by their names."""

from p2p_twisted.cli.talk import verb_of
from p2p_twisted.cli.talk_options import talk_verbs


def test_verbs() -> None:
    """Each verb that can be typed is there, in whichever module, and says what it is for."""
    for name in talk_verbs():
        verb = verb_of(name)
        assert (verb.__name__, bool(verb.__doc__)) == (name, True)
