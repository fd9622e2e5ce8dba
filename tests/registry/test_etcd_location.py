"""Where etcd is, and how to be let in, as an operator says it."""

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.registry.etcd_location import EtcdLocation, read_etcd, read_login, read_policy
from p2p_twisted.registry.location import BadLocation


class LocationTests(SynchronousTestCase):
    """The value of ``--store``."""

    def test_read(self) -> None:
        """Several members, each with its port or the usual one, and a prefix of all keys."""
        for text, expected in (
            ("etcd://a", EtcdLocation((("a", 2379),), "p2p_twisted")),
            ("etcd://a/", EtcdLocation((("a", 2379),), "p2p_twisted")),
            ("etcd://a:1,[::1]:2/x/y", EtcdLocation((("a", 1), ("::1", 2)), "x/y")),
        ):
            self.assertEqual(read_etcd(text), expected)

    def test_refused(self) -> None:
        """What does not say where is refused."""
        for text in ("etcd://", "etcd://a,", "etcd://a:b", "etcd://a/x y\n", "etcd://a/x?y"):
            self.assertRaises(BadLocation, read_etcd, text)


class LoginTests(SynchronousTestCase):
    """The files that let a registry in."""

    def write(self, text: str) -> Path:
        """Write a file."""
        path = Path(self.mktemp())
        path.write_text(text)
        return path

    def test_login(self) -> None:
        """User and password, which is not shown."""
        login = read_login(self.write("reg:se:cret\n"))
        self.assertEqual((login.user, login.password), ("reg", "se:cret"))
        self.assertNotIn("se:cret", repr(login))
        for text in ("", "reg", ":x"):
            self.assertRaises(ValueError, read_login, self.write(text))

    def test_policy(self) -> None:
        """Nothing is encrypted where nothing is said; a file without a certificate is named."""
        self.assertIsNone(read_policy(None, None))
        path = self.write("nothing")
        for given in ((path, None), (None, path)):
            self.assertIn(str(path), str(self.assertRaises(ValueError, read_policy, *given)))
