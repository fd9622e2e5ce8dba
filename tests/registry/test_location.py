"""Where people say that a registry is."""

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.registry.location import (
    BadLocation,
    read_location,
    read_locations,
    show_location,
    show_locations,
)


class LocationTests(SynchronousTestCase):
    def test_read(self) -> None:
        """Host and port are read from whatever has them; the port may be the usual one."""
        for text, location in {
            "127.0.0.1:9012": ("127.0.0.1", 9012),
            "box.lan": ("box.lan", 9011),
            " box.lan:9012 ": ("box.lan", 9012),
            "http://127.0.0.1:9012": ("127.0.0.1", 9012),
            "HTTPS://box.lan/": ("box.lan", 9011),
            "p2p://box.lan:9012/join?x=1": ("box.lan", 9012),
            "//box.lan:9012": ("box.lan", 9012),
            "::1": ("::1", 9011),
            "::1:9012": ("::1", 9012),
            "[fd00::2]": ("fd00::2", 9011),
            "tcp://[fd00::2]:9012": ("fd00::2", 9012),
            "[::ffff:127.0.0.1]:9012": ("127.0.0.1", 9012),
        }.items():
            self.assertEqual(read_location(text), location, text)
            self.assertEqual(read_location(show_location(*location)), location)

    def test_several(self) -> None:
        """Several are read and written with commas in between; all of them have to be some."""
        places = (("a", 9011), ("10.0.0.1", 9012), ("fd00::2", 9011))
        self.assertEqual(read_locations("a, 10.0.0.1:9012,[fd00::2]"), places)
        self.assertEqual(read_locations(show_locations(places)), places)
        for text in ("a,", ",", "a,,b"):
            self.assertRaises(BadLocation, read_locations, text)

    def test_refused(self) -> None:
        """What has no host, or no port that there is, is refused."""
        for text in (
            *("", ":9011", "box:", "box:0", "box:65536", "box:x", "box:²", "http://", "[::1]x"),
            *("me@box:9011", "box lan:9011", "http:box:9011", "[box]:", "box\n:9011"),
            *("[::1", "[::1]9011", "0.0.0.0", "[::]:9011", "224.0.0.1:9011", "fe80::1"),
            *("[::1%lo]:9011", "fe80::1%eth0", "[fe80::1%25eth0]", "box%2e:9011"),
            f"box:{'1' * 5_000}",
        ):
            self.assertRaises(BadLocation, read_location, text)
        error = self.assertRaises(BadLocation, read_location, "[fe80::1%eth0]:9011")
        self.assertEqual(
            str(error), "others cannot use fe80::1%eth0: say another address of that machine"
        )
