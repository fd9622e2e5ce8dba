"""What a real browser makes of what the gateway gives."""

import shutil
import subprocess
from typing import Any

import pytest
from twisted.trial.unittest import SynchronousTestCase

from tests.process.browsers import Browser
from tests.process.daemons import free_port, wait_until
from tests.process.networks import Network, use_own_runtime_folder

_PAGE = b"""<title>harmless</title><h1>hello</h1>
<script>document.title = "it ran"</script>
<img src="/s1/other.png"><iframe src="/s1/other.html"></iframe>
<form action="/s1/other.html"><button>go</button></form>"""


@pytest.mark.slow
class BrowserTests(SynchronousTestCase):
    """One peer shares, another one has a gateway, and its user a browser."""

    def setUp(self) -> None:
        use_own_runtime_folder(self)
        self.browser = Browser(self.addCleanup)
        self.network = Network(self)
        self.network.start_registry()
        self.port = free_port()

    def start(self, files: int) -> None:
        """Start both."""
        s1 = self.network.start_peer("s1")
        s2 = self.network.start_peer("s2", "--gateway", str(self.port))
        s1.wait_ready()
        s1.wait_until_shared(files)
        s2.wait_ready().wait_for_log("the gateway is at")

    def wait_for_film(self, page: Any, second: float) -> None:
        """
        Wait until a film is shown from a second on.

        It is looked at from outside: in a page of the gateway runs no script, nor what Playwright
        would wait with.
        """
        shown = "(film => [film.currentTime, film.readyState])(document.querySelector('video'))"

        def is_shown() -> bool:
            now, ready = page.evaluate(shown)
            return bool(now >= second and ready > 1)

        wait_until(is_shown, f"the film from second {second} on")

    def address(self, name: str) -> str:
        """Return where something is."""
        return f"http://127.0.0.1:{self.port}/s1/{name}"

    def test_film(self) -> None:
        """A film is shown, and can be watched from the middle."""
        if shutil.which("ffmpeg") is None:
            self.skipTest("apt-get install ffmpeg to make a film with it")
        film = self.network.directory / "made.webm"
        source = ["-f", "lavfi", "-i", "testsrc2=size=160x90:rate=10:duration=20"]
        subprocess.run(
            ["ffmpeg", "-v", "error", *source, "-c:v", "libvpx", str(film)], check=True, timeout=120
        )
        self.network.write("s1/film.webm", film.read_bytes())
        self.start(1)
        page = self.browser.open(self.address("film.webm"))
        self.wait_for_film(page, 0)
        page.evaluate("document.querySelector('video').currentTime = 15")
        self.wait_for_film(page, 15)

    def test_page(self) -> None:
        """A page that somebody shares is shown, runs nothing, and has nothing downloaded."""
        for name in ("page.html", "other.html", "other.png"):
            self.network.write(f"s1/{name}", _PAGE)
        self.start(3)
        page = self.browser.open(self.address("page.html"))
        self.assertEqual(page.inner_text("h1"), "hello")
        self.assertEqual(page.title(), "harmless")
        downloads = self.network.directory / "s2" / "Downloads"
        self.assertEqual([each.name for each in downloads.iterdir()], ["page.html"])
