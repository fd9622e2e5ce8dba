"""Mistakes in what saves files."""

from typing import Final

from tests.mutants.mutant import Mutant

OF_SAVING: Final = (
    Mutant(
        "storage/content.py",
        "if chunk_digest(chunk) != self.digest(index):",
        "if False:",
        "wrong bytes are kept",
        "download/test_receiver.py",
    ),
    Mutant(
        "storage/part_file.py",
        "except FileExistsError:",
        "except FileNotFoundError:",
        "a download whose name is taken fails",
        "download/test_downloads.py",
    ),
    Mutant(
        "storage/part_file.py",
        "raise DiskFault(str(fault), is_kept=False, is_full=fault.is_full) from error",
        "raise fault from error",
        "what a full disk could not make safe is taken for safe",
        "download/test_disk.py::DiskTests::test_full_at_fsync",
    ),
    Mutant(
        "storage/together.py",
        "and flush([*named.folders.values()])",
        "",
        "small files have names before they are safe",
        "storage/test_together.py",
    ),
    Mutant(
        "storage/small_file_saver.py",
        "if not has_more():",
        "if False:",
        "small files are called saved whose names a power cut can take",
        "storage/test_saved_together.py",
    ),
    Mutant(
        "storage/small_file_saver.py",
        "[*of_earlier, *folders]",
        "[*folders]",
        "names are called safe whose disk was not flushed",
        "storage/test_saved_together.py",
    ),
    Mutant(
        "storage/small_file_saver.py",
        ", singly=True)",
        ")",
        "an error of a disk that is told once is taken for none",
        "storage/test_saved_together.py",
    ),
    Mutant(
        "runtime/flush.py",
        "kind_of(fd) in _PROMISES and",
        "True and",
        "small files are taken for safe where errors are not told",
        "runtime/test_flush.py",
    ),
    Mutant(
        "storage/part_file.py",
        "return os.path.samestat(there, os.fstat(self._fd))",
        "return True",
        "what somebody puts in the place of a part file is published",
        "download/test_displaced.py",
    ),
    Mutant(
        "storage/part_file.py",
        "return digest == self.content.digest(index)",
        "return bool(digest)",
        "what an earlier run has left counts though it is damaged",
        "download/test_resuming.py",
    ),
    Mutant(
        "storage/part_file.py",
        "and not self._is_right(index):",
        "and False:",
        "what an earlier run has left stands where a hole should be",
        "download/test_holes.py",
    ),
)
