"""Read what the options of a peer say."""

import os
from ipaddress import ip_address

from twisted.python.usage import Options, UsageError

from p2p_twisted.bandwidth.limits import TRANSFERS_AT_ONCE_MOST
from p2p_twisted.bandwidth.rates import BadRate, Slots, read_rate, written
from p2p_twisted.peer.stop_rule import StopRule
from p2p_twisted.registry.location import BadLocation, read_locations
from p2p_twisted.relay.limits import RELAY_SLOWEST_BYTES_PER_SECOND
from p2p_twisted.runtime.addresses import NO_ADDRESS, own_addresses
from p2p_twisted.runtime.amounts import whole_number
from p2p_twisted.trust.invite import ANY_PREFIX
from p2p_twisted.wire.names import BadName, check_host, plain_host


def read_registries(text: str) -> tuple[tuple[str, int], ...]:
    """
    Read where the registry listens, or several do.

    :raises UsageError: when it is none.
    """
    try:
        return read_locations(text)
    except BadLocation as error:
        if str(error):
            raise UsageError(f"--registry {text}: {error}") from None
        if ANY_PREFIX.match(text) and "@" in text:
            # It is a secret, and not repeated.
            raise UsageError("--registry takes HOST:PORT; an invite is for --join") from None
        raise UsageError(
            f"--registry takes HOST:PORT such as 127.0.0.1:9011, not {text!r}"
        ) from None


def read_host(option: str, text: str) -> str:
    """
    Read an IP address, in brackets or not, however it is spelled.

    :raises UsageError: when it is none that one peer could have.
    """
    typed = text.strip().removeprefix("[").removesuffix("]")
    try:
        host = plain_host(str(ip_address(typed)))
        check_host(host)
    except BadName as error:
        raise UsageError(f"--{option} {text}: {error}{_those_here(option)}") from None
    except ValueError:
        why = f"--{option} takes an IP address, not {text!r}{_those_here(option)}"
        raise UsageError(why) from None
    return host


def _those_here(option: str) -> str:
    if option != "interface":
        return ""
    has = " and ".join(own_addresses())
    return f"; this machine has {has}" if has else f"; {NO_ADDRESS}"


def read_transfers(text: str | None) -> Slots:
    """
    Read how many files to send and to receive at a time.

    :raises UsageError: when it is none.
    """
    if text is None:
        return Slots()
    most = whole_number(text, range(1, TRANSFERS_AT_ONCE_MOST + 1))
    if most is None:
        raise UsageError(
            f"--max-transfers takes a number from 1 to {TRANSFERS_AT_ONCE_MOST}, not {text!r}"
        )
    return Slots(most, most)


def read_relay(text: str | None) -> int | None:
    """
    Read how many bytes a second to relay; 0 for ``off``, ``None`` where nobody has said.

    :raises UsageError: when it is no rate, or too slow a one.
    """
    if text is None:
        return None
    if text.casefold() == "off":
        return 0
    try:
        rate = read_rate(text)
    except BadRate as error:
        raise UsageError(f"--relay: {error}; or off") from None
    if rate is None or rate < RELAY_SLOWEST_BYTES_PER_SECOND:
        least = written(RELAY_SLOWEST_BYTES_PER_SECOND)
        raise UsageError(f"--relay takes a rate from {least} on, such as 10M, or off, not {text!r}")
    return rate


def read_results(options: Options) -> int | None:
    """
    Read to which open file descriptor the results of a script's lines are written, if to any.

    :raises UsageError: when there is none of that number, or no script, as in the background.
    """
    in_background = options.parent is not None and not options.parent.get("nodaemon", True)
    for option in ("results", "leave-at-end"):
        if in_background and options[option]:
            raise UsageError(f"a peer in the background reads no input: leave --{option} away")
    if (text := options["results"]) is None:
        return None
    try:
        fd = int(text)
        os.fstat(fd)
    except (ValueError, OverflowError, OSError):
        raise UsageError(
            f"--results takes the number of an open file descriptor, not {text!r}"
        ) from None
    return fd


def read_stop(text: str | None, is_private: bool) -> StopRule | None:
    """
    Read whose ``Stop`` ends the peer; ``None`` where nobody has said.

    :raises UsageError: when it is no such rule, or none for this kind of network.
    """
    if text is None:
        return None
    try:
        rule = StopRule(text.lower())
    except ValueError:
        raise UsageError(f"--stop takes anyone, admins or never, not {text!r}") from None
    if rule is StopRule.ADMINS and not is_private:
        raise UsageError("an open network has no admins: say --stop anyone, or never")
    return rule
