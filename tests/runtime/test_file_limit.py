"""How many files a daemon may have open."""

import resource
import sys

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.runtime.file_limit import open_files_limit, raise_file_limit


class FileLimitTests(SynchronousTestCase):
    """A limit that is raised once per process."""

    def test_file_limit(self) -> None:
        """As many files may be open as the administrator allows."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, hard), hard))
        raise_file_limit()
        self.assertEqual(resource.getrlimit(resource.RLIMIT_NOFILE), (hard, hard))
        self.assertIn(open_files_limit(), (hard, sys.maxsize))
