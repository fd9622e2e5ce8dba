"""
Run twistd, and record when pushes arrive and downloads are published.

    python -m benchmarks.lab.stamps FILE -n p2ppeer --name s1
"""

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from twisted.scripts.twistd import run
from zope.interface import implementer

# As the daemon logs them.
_STAMPED: Final[Mapping[str, str]] = {
    "{holder} pushes {file}": "pushed",
    "saved {path}": "published",
}


def push_seconds(path: Path) -> float:
    """Return the seconds from the last push to the last publication."""
    at = dict(line.split() for line in path.read_text().splitlines())
    return float(at["published"]) - float(at["pushed"])


def main() -> None:
    """Run twistd with the rest of the command line."""
    file = Path(sys.argv.pop(1)).open("w", buffering=1, encoding="utf-8")  # noqa: SIM115

    @implementer(ILogObserver)
    def stamp(event: LogEvent) -> None:
        what = _STAMPED.get(event.get("log_format") or "")
        if what is not None:
            file.write(f"{what} {time.monotonic():.6f}\n")

    globalLogPublisher.addObserver(stamp)
    run()


if __name__ == "__main__":
    main()
