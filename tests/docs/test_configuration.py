"""The page about the configuration."""

import os
import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.cli.config_file import read_config
from p2p_twisted.cli.daemon_options import KINDS, daemon_options
from p2p_twisted.cli.settings_of import settings_of

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


class ConfigurationPageTests(SynchronousTestCase):
    """What it shows holds."""

    def test_example(self) -> None:
        """The examples are read, and their options do what the page says."""
        examples = re.findall(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.S)
        home = Path("home").absolute()
        (home / "Public").mkdir(parents=True)
        self.patch(os, "environ", {**os.environ, "HOME": str(home)})
        Path("config.toml").write_text("\n".join(examples))
        known = {kind: {each.name: each.is_flag for each in daemon_options(kind)} for kind in KINDS}
        config = read_config(Path("config.toml"), known)
        arguments = {
            kind: [
                each.argument for each in settings_of(kind, daemon_options(kind), {}, {}, config)
            ]
            for kind in KINDS
        }
        self.assertIn("--name=anna", arguments["peer"])
        self.assertIn("--share=lab=/data/lab\nMy Music=~/Music", arguments["peer"])
        self.assertIn("--directory=~/Public", arguments["peer"])
        self.assertIn("--ports=9100-9199", arguments["registry"])
