"""The page of a real peer, and what would act as it: files that others share, and other pages."""

from collections.abc import Sequence

import pytest

from tests.process.browsers import drop
from tests.process.page_case import PageCase, origin
from tests.process.page_stub import StubServer

TRY = """async ([url, method, mode]) => {
    try {
        const answer = await fetch(url, { method, mode, credentials: "include" });
        return (await answer.text()) || "nothing";
    } catch {
        return "nothing";
    }
}"""
FRAME = """url => {
    const frame = document.body.appendChild(document.createElement("iframe"));
    frame.onload = () => (frame.dataset.loaded = "yes");
    frame.src = url;
}"""
FORM = """url => {
    const form = document.body.appendChild(document.createElement("form"));
    Object.assign(form, { action: url, method: "POST", enctype: "text/plain" });
    form.submit();
}"""
STATUS = "fetch('/v1/status').then(got => got.status)"


@pytest.mark.slow
class PageSafetyTests(PageCase):
    """Nothing of others runs with the page's rights."""

    def test_shared_pages_do_not_run(self) -> None:
        """A page, a picture and a PDF with scripts, clicked wherever they are named, stay names."""
        names = ("evil.html", "evil.svg", "evil.pdf")
        self.find("evil", 3)
        for name in names:
            self.page.get_by_role("button", name=f"Get {name}").click()
            self.page.locator("#downloads .saved", has_text=name).wait_for()
        self.page.get_by_role("button", name="Files of s2").click()
        self.page.get_by_text("of s2,").or_(self.page.get_by_text("of s2 (")).first.wait_for()
        for name in names:
            dropped = self.network.directory / name
            dropped.write_bytes(self.network.read(f"s2/{name}"))
            drop(self.page, dropped)
            self.page.locator("#own-rows", has_text=name).wait_for()
        named = self.page.get_by_text("evil.", exact=False)
        for i in range(named.count()):
            if named.nth(i).is_visible():
                named.nth(i).click()
        self.assertEqual(
            self.page.locator("a[href], iframe, embed, object, img:not(header img)").count(), 0
        )
        self.assertEqual(len(self.page.context.pages), 1)
        self.open_as_files(names)
        self.assertEqual(self.page.title(), "s1 · p2p")
        self.assertTrue(self.peers[0].is_running)
        self.browser.check(self, origin(self.url))

    def open_as_files(self, names: Sequence[str]) -> None:
        """See that no address of the page's origin brings what is shared."""
        other = self.page.context.new_page()
        for folder in ("", "v1/shares/", "v1/files/", "Downloads/", "s1/", "%2e%2e/"):
            for name in names:
                answer = other.goto(f"{origin(self.url)}/{folder}{name}")
                self.assertIn(answer.status, (403, 404, 405), f"{folder}{name}")
                self.assertNotEqual(other.title(), "ran")
        other.close()

    def test_other_pages(self) -> None:
        """A page of another port, which browsers send the cookie from, does and reads nothing."""
        with StubServer(3) as other:
            page = self.page.context.new_page()
            page.goto(other.url)
            for path in ("/v1/status", "/v1/leave", "/v1/shares/x.txt", "/v1/limits", "/sign-in"):
                for method in ("GET", "POST", "PUT", "PATCH"):
                    for mode in ("cors", "no-cors"):
                        told = page.evaluate(TRY, [f"{origin(self.url)}{path}", method, mode])
                        self.assertEqual(told, "nothing", (path, method, mode))
            page.evaluate(FRAME, self.url)
            page.wait_for_function("document.querySelector('iframe').dataset.loaded")
            self.assertNotIn(origin(self.url), [frame.url for frame in page.frames])
            page.evaluate(FORM, f"{origin(self.url)}/v1/leave")
            page.get_by_text("pages of other sites are not answered").wait_for()
        self.assertTrue(self.peers[0].is_running)
        self.assertEqual(self.page.evaluate(STATUS), 200)
