"""docs/protocol.md is what the classes say, and its transcripts are true."""

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import attrs
from twisted.trial.unittest import SynchronousTestCase

from docs.protocol import document
from p2p_twisted.wire.messages import MESSAGES
from tests.wire.stages import Stage, replay

COMMITTED = Path(__file__).parents[2] / "docs" / "protocol.md"
TRANSCRIPT = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class DocumentTests(SynchronousTestCase):
    """The document."""

    def test_up_to_date(self) -> None:
        """What is committed is what would be written."""
        self.assertEqual(
            COMMITTED.read_text("utf-8"),
            document(),
            "run python -m docs.protocol > docs/protocol.md",
        )

    def test_complete(self) -> None:
        """Every verb has its section, and every field its row."""
        text = document()
        kinds: dict[str, Any] = dict(MESSAGES)
        for verb, kind in kinds.items():
            _, _, section = text.partition(f"### `{verb}`\n")
            rows = re.findall(r"^\| `(\w+)` ", section.partition("\n#")[0], re.MULTILINE)
            self.assertEqual(rows, list(attrs.fields_dict(kind)), verb)
        self.assertNotIn("{", re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL))

    def test_transcripts(self) -> None:
        """Whoever types them sees just that."""
        transcripts = TRANSCRIPT.findall(document())
        self.assertGreater(len(transcripts), 5)
        for transcript in transcripts:
            with TemporaryDirectory() as folder, Stage(Path(folder)) as stage:
                replay(transcript, stage, self.fail)

    def test_replay_notices(self) -> None:
        """A transcript with another answer, one too few or too many, is not true."""
        (greeting, *_) = TRANSCRIPT.findall(document())
        for wrong in (
            greeting.replace("9000", "9001"),
            greeting.replace("(closed)", "< BYE"),
            re.sub("< WELCOME.*\n", "", greeting),
            greeting.replace("> p2p", "> leave"),
        ):
            self.assertNotEqual(wrong, greeting)
            with (
                TemporaryDirectory() as folder,
                self.assertRaises(self.failureException),
                Stage(Path(folder)) as stage,
            ):
                replay(wrong, stage, self.fail)
