"""Effects are performed in order, whatever they lead to."""

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.runtime.effect_queue import EffectQueue


class EffectQueueTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.performed: list[str] = []
        self.queue = EffectQueue(self.perform, lambda: self.performed.append("all"))

    def perform(self, effect: str) -> None:
        self.performed.append(effect)
        if effect == "lead to more":
            self.queue.add(["more"])
            self.queue.perform()
        elif effect == "fail":
            raise ValueError

    def test_order(self) -> None:
        """What one leads to comes after those that were decided before it."""
        self.queue.add(["lead to more", "last"])
        self.queue.perform()
        self.assertEqual(self.performed, ["lead to more", "last", "more", "all"])

    def test_failure(self) -> None:
        """One that fails holds up no other, and is reported."""
        self.queue.add(["fail", "next"])
        self.assertRaises(ValueError, self.queue.perform)
        self.assertEqual(self.performed, ["fail", "next", "all"])
        self.queue.add(["later"])
        self.queue.perform()
        self.assertEqual(self.performed[3:], ["later", "all"])
