"""Settings of all tests."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# Time depends on the machine, and what fails must fail again.
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")

# Simulated networks are of very many objects that stay: to look through them as often as
# Python does takes a third of the time.
gc.set_threshold(100_000)


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path) -> Iterator[None]:
    """Let what tests write to the working directory not land in the source's."""
    before = Path.cwd()
    os.chdir(tmp_path)
    yield
    os.chdir(before)
