"""How ``twistd p2ppeer`` finds out where to listen."""

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted import p2ppeer


class RegistryNameTests(SynchronousTestCase):
    """A registry whose name takes long to be looked up."""

    def test_interrupted(self) -> None:
        """Ctrl-C meanwhile ends quietly, as a shell reports it."""

        def interrupted(*_arguments: object) -> object:
            raise KeyboardInterrupt

        self.patch(p2ppeer, "decide_reach_of_all", interrupted)
        words = ["--name=s1", "--registry=slow"]
        ended = self.assertRaises(SystemExit, p2ppeer.Options().parseOptions, words)
        self.assertEqual(ended.code, 130)
