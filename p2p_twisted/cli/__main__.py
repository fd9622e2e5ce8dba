"""``python -m p2p_twisted.cli``: the ``p2p`` command."""

import sys

from p2p_twisted.cli.started import started

sys.exit(started())
