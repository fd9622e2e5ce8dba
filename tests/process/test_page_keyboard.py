"""The page of a real peer, without a mouse."""

import os

import pytest

from tests.process.daemons import wait_until
from tests.process.page_case import PageCase

MIB = 1_048_576
FOCUSED = """() => {
    const focused = document.activeElement;
    const name = focused.ariaLabel ?? focused.labels?.[0]?.textContent ?? focused.textContent;
    return [name || focused.textContent, focused.closest("dialog") !== null];
}"""
COMMAND = (
    "document.activeElement.closest('section').querySelector('.command').lastChild.textContent"
)


@pytest.mark.slow
class KeyboardTests(PageCase):
    """Tab, Enter and Escape."""

    def test_keyboard(self) -> None:
        """All that can be done is reached by Tab, says its command, and is done by Enter."""
        self.network.write("s2/big.bin", os.urandom(MIB) * 128)
        self.peers[1].wait_until_shared(5)
        self.press("Receive at most", "limit down 1M", typed="1M")
        self.page.get_by_text("the limit down is 1M").wait_for()
        self.press("Part of a name, or a pattern such as *.pdf", "find big.bin", typed="big.bin")
        self.page.get_by_text("1 result").wait_for()
        self.press("Get big.bin", r"get \w{16}")
        self.page.locator(".holders", has_text="s2").wait_for()
        for name, command, state in (
            ("Pause big.bin", "pause 1", "paused"),
            ("Resume big.bin", "resume 1", "receiving"),
            ("Pause all", "pause", "paused"),
            ("Resume all", "resume", "receiving"),
            ("Cancel big.bin", "cancel 1", "canceled"),
        ):
            self.press(name, command)
            self.page.locator(f"#downloads .{state}").wait_for()
            # What was pressed may be gone; the place in the order of Tab is not.
            self.assertTrue(self.page.evaluate("document.activeElement.closest('#transfers')"))
        self.press("Why big.bin goes as it does", "explain 1")
        self.page.locator(".why", has_text="it was canceled").wait_for()
        self.press("Files of s3", "ls s3")
        self.page.get_by_text("1 result of s3").wait_for()
        chosen = self.network.directory / "chosen.txt"
        chosen.write_text("was chosen")
        with self.page.expect_file_chooser() as chooser:
            self.press("Choose files")
        chooser.value.set_files(chosen)
        self.press("Stop sharing chosen.txt", "unshare chosen.txt")
        self.page.get_by_text("is not shared any more").wait_for()
        self.press("Show the log", "log --follow")
        self.page.locator("#log-text", has_text="joined as s1").wait_for()
        self.press("Stop all", "stop")
        self.page.get_by_role("dialog").wait_for()
        self.page.keyboard.press("Escape")
        self.assertTrue(all(peer.is_running for peer in self.peers))
        self.press("Leave", "leave")
        self.press("Leave", dialog=True)
        self.assertEqual(self.peers[0].wait(), 0)
        self.page.get_by_text("s1 has left. Start it again").wait_for()

    def press(
        self, name: str, command: str | None = None, typed: str = "", *, dialog: bool = False
    ) -> None:
        """Go on with Tab to what is called so, see what command it says, and press Enter."""

        def is_there() -> bool:
            self.page.keyboard.press("Tab")
            focused, is_modal = self.page.evaluate(FOCUSED)
            return bool((focused, is_modal) == (name, dialog))

        wait_until(is_there, f"{name!r} by Tab")
        if typed:
            self.page.keyboard.type(typed)
        if command is not None:
            shown = self.page.evaluate(COMMAND)
            self.assertRegex(shown, f"^p2p {command} --peer s1$")
        self.page.keyboard.press("Enter")
