"""Mistakes in what says why downloads go as they do."""

from typing import Final

from tests.mutants.mutant import Mutant

OF_EXPLAINING: Final = (
    Mutant(
        "explain/bounded.py",
        "if len(self.kept) > self._most:",
        "if False:",
        "what others make happen takes all memory",
        "explain/test_accounts.py",
    ),
    Mutant(
        "explain/bounded.py",
        "if self._owner(each) == owner)",
        "if True)",
        "a neighbor hides what others did by what it makes up",
        "explain/test_accounts.py",
    ),
    Mutant(
        "explain/judge.py",
        "rate > _AROUND_LIMIT * held.limit:",
        "False:",
        "a holder is believed against what is measured",
        "explain/test_judge.py",
    ),
    Mutant(
        "explain/judge.py",
        "return None if held.ahead and is_slower else held",
        "return held",
        "a holder's limit is blamed for what the way holds up",
        "explain/test_judge.py",
    ),
    Mutant(
        "explain/judge.py",
        "(not holder.is_proven or _is_way(held))",
        "_is_way(held)",
        "a relay blames the holder whose bytes it holds back",
        "explain/test_judge.py",
    ),
    Mutant(
        "explain/judge.py",
        "return _via(facts, peer, said) is not None",
        "return False",
        "a neighbor hides what honest holders say by holders that it makes up",
        "explain/test_judge.py",
    ),
    Mutant(
        "explain/push_times.py",
        "return None if until - self._held_at > _HELD_SECONDS else self._held",
        "return self._held",
        "a holder is blamed for what it said long ago",
        "explain/test_accounts.py",
    ),
)
