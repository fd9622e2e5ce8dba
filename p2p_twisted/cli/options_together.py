"""Refuse options that contradict each other, where one of them would be passed over in silence."""

import argparse
from typing import Final

from p2p_twisted.cli.peer_client import CommandFailed
from p2p_twisted.runtime.exit_status import Exit

_FORMS: Final = ("json", "dot", "mermaid")
_OF_REGISTRY: Final = ("network", "insecure_lan")
_ALL: Final = range(0)
"""What stands for all downloads among their numbers."""


def check_together(options: argparse.Namespace) -> None:
    """
    Look at the options of a verb together.

    :raises CommandFailed: when they cannot be meant.
    """
    forms = [f"--{form}" for form in _FORMS if getattr(options, form, False)]
    if len(forms) > 1:
        raise CommandFailed(Exit.USAGE, f"say one of {' and '.join(forms)}")
    numbers = getattr(options, "numbers", ())
    if len(numbers) > 1 and _ALL in numbers:
        raise CommandFailed(Exit.USAGE, "say all, or numbers, not both")
    # The doctor asks about a peer to be started, which need not be told where a registry is.
    if getattr(options, "registry", "") is None and options.verb_name != "doctor":
        for name in _OF_REGISTRY:
            if getattr(options, name, None):
                option = f"--{name.replace('_', '-')}"
                raise CommandFailed(
                    Exit.USAGE,
                    f"{option} is for --registry HOST:PORT: a running peer is in its network",
                )
