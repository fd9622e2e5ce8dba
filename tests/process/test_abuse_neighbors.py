"""Neighbors that would keep a peer from all others: whatever they do, the honest ones are there."""

from typing import Any

from tests.process.abused import AbusedCase
from tests.process.stranger import a_hit, a_holder

_SECONDS = 10.0


class CensorTests(AbusedCase):
    """A neighbor of s1 that answers every question at once, with holders that do not exist."""

    files = {"s2": {f"sought{number}.bin": bytes([number]) * 200_000 for number in range(3)}}

    def ghosts(self, name: str, **lies: Any) -> list[dict[str, Any]]:
        """Claim for twenty holders that they have a file of s2's."""
        content = self.files["s2"][name]
        ghosts = [f"ghost{number}" for number in range(20)]
        return [a_hit(content, name, ghost, route=[ghost], **lies) for ghost in ghosts]

    def test_made_up_holders(self) -> None:
        """They take no room from the holder that there is."""
        hits = self.ghosts("sought0.bin")
        with a_holder(self.network.port("s1"), "censor", hits, print):
            saved = self.network.get("s1", "sought0.bin", seconds=_SECONDS)
        self.assertEqual(saved, self.files["s2"]["sought0.bin"])

    def test_in_its_name(self) -> None:
        """Nor do ways to that holder which lead nowhere, and the wrong size."""
        hits = self.ghosts("sought1.bin", size=1)
        hits = [*hits, a_hit(self.files["s2"]["sought1.bin"], "sought1.bin", "s2", route=["s2"])]
        with a_holder(self.network.port("s1"), "censor", hits, print):
            saved = self.network.get("s1", "sought1.bin", seconds=_SECONDS)
        self.assertEqual(saved, self.files["s2"]["sought1.bin"])

    def test_several(self) -> None:
        """Nor do several such neighbors."""
        hits = self.ghosts("sought2.bin")
        port = self.network.port("s1")
        with (
            a_holder(port, "censor1", hits, print),
            a_holder(port, "censor2", hits, print),
            a_holder(port, "censor3", hits, print),
        ):
            saved = self.network.get("s1", "sought2.bin", seconds=_SECONDS)
        self.assertEqual(saved, self.files["s2"]["sought2.bin"])
