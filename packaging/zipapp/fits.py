#!/usr/bin/env python3
"""
Say in a sentence that a zipapp does not fit the Python that runs it.

shiv runs this before anything else is imported: it gives it ``site_packages``, where the archive
has been unpacked. The compiled parts in it are for one version of Python and one kind of machine.
"""

import sys
import sysconfig
from pathlib import Path

COMPILED = "blake3/blake3{}"


def fault(site_packages: Path) -> str | None:
    """Return what is wrong, or ``None``."""
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    if (site_packages / COMPILED.format(suffix)).exists():
        return None
    made_for = [path.name for path in site_packages.glob(COMPILED.format(".*"))]
    return (
        f"this archive was made for another Python or machine ({', '.join(made_for)}), and does not"
        f" run with {sys.executable} ({suffix}): run it with the right one, or install the wheel"
    )


if __name__ == "__main__" and (wrong := fault(globals()["site_packages"])):
    sys.exit(wrong)
