"""Refuse an option that would have no effect, since another one is not there."""

from twisted.python.usage import UsageError

from p2p_twisted.runtime.restart import was_given


def refuse_alone(option: str, needed: str) -> None:
    """
    Refuse an option on the command line; a configuration may say it for when the other one is.

    :param needed: the option without which it has no effect.
    :raises UsageError: when it is given.
    """
    if was_given(f"--{option}"):
        raise UsageError(f"--{option} has no effect without --{needed}: say both, or neither")
