"""What becomes of options that are repeated."""

import argparse
from typing import Any


class Once(argparse.Action):
    """Keeps the value of an option that names one of several, and refuses another one."""

    def __call__(self, parser: Any, namespace: Any, value: Any, option: Any = None) -> None:
        """Keep it."""
        if getattr(namespace, self.dest) is not None:
            parser.error(f"{option} takes one: say another one in a command of its own")
        setattr(namespace, self.dest, value)


def joined_by(separator: str) -> type[argparse.Action]:
    """Make what keeps each value of an option that is repeated, as the daemons read several."""

    class JoinedValues(argparse.Action):
        def __call__(self, _parser: Any, namespace: Any, value: Any, _option: Any = None) -> None:
            before = getattr(namespace, self.dest, None)
            joined = value if before is None else f"{before}{separator}{value}"
            setattr(namespace, self.dest, joined)

    return JoinedValues
