"""
Compare the shipped daemons with common tools, and with what the machine can do.

The modules of this folder are commands: ``python -m benchmarks.push``. What they share is in rooms,
which import downwards: ``tables``; ``contenders`` and ``loads``; ``lab``. ``simulated`` is for the
overlay alone.
"""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
"""Where ``python -m benchmarks`` finds this package, wherever the installed one is."""
