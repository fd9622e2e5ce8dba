"""Large contents of files, made once a test needs them: every worker imports all tests."""

from functools import lru_cache
from random import Random


@lru_cache(maxsize=2)
def random_content(seed: int | str, size: int) -> bytes:
    """Return so many bytes, the same ones each time."""
    return Random(seed).randbytes(size)
