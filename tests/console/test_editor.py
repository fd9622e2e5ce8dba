"""The line being typed."""

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.console.editor import HISTORY_LINES, LineEditor
from p2p_twisted.console.keys import Key


def typed(*keys: str | Key, editor: LineEditor | None = None) -> str:
    """Type texts and keys; the cursor is shown as ``|``."""
    editor = editor or LineEditor()
    for key in keys:
        for press in key if isinstance(key, str) else [key]:
            editor.press(press)
    return f"{editor.text[: editor.cursor]}|{editor.text[editor.cursor :]}"


class LineEditorTests(SynchronousTestCase):
    """What keys do to a line."""

    def test_editing(self) -> None:
        """Each key does to the line what people expect of it."""
        for keys, line in [
            (("abc",), "abc|"),
            (("abc", Key.BACKSPACE), "ab|"),
            ((Key.BACKSPACE, Key.DELETE, Key.LEFT, Key.RIGHT, Key.ERASE_WORD), "|"),
            (("abc", Key.LEFT, Key.LEFT, "x"), "ax|bc"),
            (("abc", Key.HOME, "x", Key.END, "y"), "xabcy|"),
            (("abc", Key.HOME, Key.DELETE), "|bc"),
            (("abc", Key.LEFT, Key.ERASE_LINE), "|c"),
            (("find two words ", Key.ERASE_WORD), "find two |"),
            (("find two words", Key.LEFT, Key.ERASE_WORD), "find two |s"),
            (("word", Key.ERASE_WORD), "|"),
            (("日本", Key.BACKSPACE), "日|"),
            # An accent of its own goes with its letter.
            (("xe\u0301", Key.BACKSPACE), "x|"),
            (("xe\u0301", Key.LEFT), "x|e\u0301"),
            (("e\u0301x", Key.HOME, Key.RIGHT), "e\u0301|x"),
            (("e\u0301x", Key.HOME, Key.DELETE), "|x"),
        ]:
            self.assertEqual(typed(*keys), line, keys)

    def test_history(self) -> None:
        """Up and down walk the lines entered; what was being typed comes back."""
        editor = LineEditor()
        for line in ("one", "two", "two", "  "):
            typed(line, editor=editor)
            self.assertEqual(editor.enter(), line)
        self.assertEqual(typed("dra", Key.UP, editor=editor), "two|")
        self.assertEqual(typed(Key.UP, editor=editor), "one|")
        self.assertEqual(typed(Key.UP, editor=editor), "one|")
        self.assertEqual(typed(Key.DOWN, Key.DOWN, editor=editor), "dra|")
        self.assertEqual(typed(Key.DOWN, editor=editor), "dra|")

    def test_bounds(self) -> None:
        """Neither the line nor the history grows for ever."""
        editor = LineEditor()
        for number in range(HISTORY_LINES + 10):
            typed(str(number), editor=editor)
            editor.enter()
        typed(*[Key.UP] * (HISTORY_LINES + 10), editor=editor)
        self.assertEqual(editor.text, "10")
        typed("x" * 20_000, editor=editor)
        self.assertEqual(len(editor.text), 4_096)
