"""
Hash files with BLAKE3's own threads, as b3sum does: what ``benchmarks.library`` is compared with.

    python -m benchmarks.contenders.all_cores

It reads a folder from each line, and answers when that is hashed.
"""

import sys
from pathlib import Path

from blake3 import blake3


def hash_all(folder: Path) -> None:
    """Hash the files below a folder, mapped into memory, one after the other."""
    for path in folder.rglob("*"):
        if path.is_file():
            blake3(max_threads=blake3.AUTO).update_mmap(path).digest()


def main() -> None:
    """Hash the folders that standard input names."""
    print("ready", flush=True)
    for line in sys.stdin:
        hash_all(Path(line.rstrip("\n")))
        print("hashed", flush=True)


if __name__ == "__main__":
    main()
