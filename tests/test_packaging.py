"""The package as pip and twistd see it."""

from configparser import ConfigParser
from fnmatch import fnmatchcase
from pathlib import Path
from runpy import run_path
from sysconfig import get_config_var

from twisted.application.service import IServiceMaker
from twisted.plugin import getPlugins
from twisted.trial.unittest import SynchronousTestCase

ROOT = Path(__file__).parent.parent


class PageTests(SynchronousTestCase):
    """The files of the page for browsers."""

    def test_packaged(self) -> None:
        """Each is in what is built, and not only here."""
        config = ConfigParser(interpolation=None)
        config.read(ROOT / "setup.cfg", "utf-8")
        patterns = config["options.package_data"]["p2p_twisted.api.page"].split(", ")
        for file in (ROOT / "p2p_twisted" / "api" / "page").iterdir():
            self.assertTrue(any(fnmatchcase(file.name, each) for each in patterns), file.name)


class ZipappTests(SynchronousTestCase):
    """What a zipapp looks at before it runs."""

    def run_with(self, compiled: str) -> None:
        """Run it where a compiled part of some name has been unpacked."""
        unpacked = Path(self.mktemp())
        (unpacked / "blake3").mkdir(parents=True)
        (unpacked / "blake3" / compiled).touch()
        fits = ROOT / "packaging" / "zipapp" / "fits.py"
        run_path(str(fits), {"site_packages": unpacked}, "__main__")

    def test_another_python(self) -> None:
        """It says in a sentence that it was made for another one."""
        ended = self.assertRaises(SystemExit, self.run_with, "blake3.cpython-27-vax.so")
        self.assertIn("cpython-27-vax", str(ended.code))

    def test_this_python(self) -> None:
        """It says nothing."""
        self.run_with(f"blake3{get_config_var('EXT_SUFFIX')}")


class PluginTests(SynchronousTestCase):
    """The commands that twistd offers."""

    def test_shadows_nothing(self) -> None:
        """Our folder twisted/ is part of a namespace: a package there would hide Twisted."""
        self.assertFalse((ROOT / "twisted" / "__init__.py").exists())
        self.assertFalse((ROOT / "twisted" / "plugins" / "__init__.py").exists())

    def test_offered(self) -> None:
        """Both daemons are commands of twistd, each once."""
        names = [maker.tapname for maker in getPlugins(IServiceMaker)]
        self.assertEqual(names.count("p2pmeta"), 1)
        self.assertEqual(names.count("p2ppeer"), 1)
