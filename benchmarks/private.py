"""
Measure one file in a private network, beside the same limit and rivals that encrypt.

    python -m benchmarks.private --sizes 512,2048 --rivals /tmp/rivals/bin
"""

from collections.abc import Sequence
from functools import partial
from typing import Final

from benchmarks import push
from benchmarks.contenders.commands import Scp, Wormhole
from benchmarks.contenders.contender import Contender, Limit, OursPrivate
from benchmarks.contenders.encrypted import NginxTlsVerified, RsyncBySsh

RIVALS: Final[tuple[type[Contender], ...]] = (Limit, NginxTlsVerified, RsyncBySsh, Scp, Wormhole)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the tables."""
    push.main(arguments, __doc__, partial(push.tables, our=OursPrivate, rivals=RIVALS))


if __name__ == "__main__":
    main()
