"""Names are bytes where they reach the system, whatever the locale of the process is."""

import os
import subprocess
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

SAVE = r"""
import os, sys
from p2p_twisted.storage.content import WholeContent
from p2p_twisted.storage.inbox import Inbox
from p2p_twisted.storage.published import Published
from p2p_twisted.wire.chunks import content_id

assert sys.getfilesystemencoding() == "ascii", sys.getfilesystemencoding()
inbox = Inbox(sys.argv[1])
content = WholeContent(content_id(b"x"), b"x")
folder = inbox.make_folder("\u65e5", 255)
for name in (f"{folder}/caf\u00e9/\u65e5.txt", "caf\u00e9.txt"):
    for _twice in range(2):
        part = inbox.open_part(name, content)
        part.write(0, memoryview(b"x"))
        part.publish()
        part.close()
    assert inbox.exists(name)
    assert inbox.find_same(name, content.file_id) == name
    assert Published.at(name, name, inbox.native_path(name)) is not None
    inbox.discard(name, content.file_id)
part = inbox.open_part("\u65e5.txt", content)
spared = {inbox.part_path("\u65e5.txt", content.file_id)}
inbox.sweep(spared, 1e12, lambda: True)
os.fstat(part.duplicate())
assert inbox.make_folder("\u65e5", 255) == "\u65e5 (1)"
inbox.make_folders(["\u65e5 (1)/\u00e9"])
inbox.remove_folders(["\u65e5 (1)/\u00e9", "\u65e5 (1)"])
"""


class LocaleTests(SynchronousTestCase):
    """A process whose locale has ASCII alone."""

    def test_ascii(self) -> None:
        """Files and folders have their names in UTF-8, and are found by them."""
        folder = Path(self.mktemp())
        plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
        subprocess.run(
            [sys.executable, "-c", SAVE, folder.absolute()], env=os.environ | plain, check=True
        )
        names = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*"))]
        saved = ["caf\u00e9 (1).txt", "caf\u00e9.txt", "\u65e5"]
        saved += [f"\u65e5/caf\u00e9{each}" for each in ("", "/\u65e5 (1).txt", "/\u65e5.txt")]
        self.assertEqual([name for name in names if ".part" not in name], saved)
        self.assertEqual(len(names), len(saved) + 1)
