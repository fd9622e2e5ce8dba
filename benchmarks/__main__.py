"""
Print all tables of the data plane, one after the other; it takes about half an hour.

    python -m benchmarks --rivals /tmp/rivals/bin > tables.md
"""

import sys
import time
from types import ModuleType
from typing import Final

from benchmarks import (
    folder,
    holders,
    interruptions,
    library,
    page,
    private,
    push,
    swarm,
    typed,
    uplinks,
    wan,
)
from benchmarks.tables.options import parser

TABLES: Final[tuple[ModuleType, ...]] = (
    push,
    private,
    swarm,
    uplinks,
    wan,
    holders,
    folder,
    library,
    typed,
    interruptions,
    page,
)


def main() -> None:
    """Run all of them with the same options."""
    known = parser(__doc__)
    known.parse_args()
    for table in TABLES:
        began = time.monotonic()
        print(f"## {table.__name__}\n", flush=True)
        table.main(sys.argv[1:])
        print(f"({time.monotonic() - began:.0f} s)\n", flush=True)


if __name__ == "__main__":
    main()
