"""The first moments of the ``p2p`` command."""

import sys
from importlib.abc import MetaPathFinder
from unittest import mock

import pytest
from typing_extensions import override

from p2p_twisted.cli import started

_MAIN = "p2p_twisted.cli.main"


class Interrupting(MetaPathFinder):
    """Imports nothing: somebody presses Ctrl-C."""

    @override
    def find_spec(self, fullname: str, *_: object) -> None:
        if fullname == _MAIN:
            raise KeyboardInterrupt


def test_interrupted() -> None:
    """Ctrl-C while the rest is being imported ends it as shells expect, and says nothing."""
    with mock.patch.dict(sys.modules), mock.patch.object(sys, "meta_path", [Interrupting()]):
        sys.modules.pop(_MAIN, None)
        assert started.started() == 130


def test_runs() -> None:
    """Otherwise it is the command."""
    argv = ["p2p", "no such verb"]
    with mock.patch.object(sys, "argv", argv), pytest.raises(SystemExit) as end:
        started.started()
    assert end.value.code == 2
