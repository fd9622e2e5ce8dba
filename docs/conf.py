"""
Settings of Sphinx, which ``make docs`` runs with the repository's root as the source.

So a link in any page means the same here and where the repository is read.
"""

from p2p_twisted import __version__

project = "p2p_twisted"
release = version = __version__
extensions = ["myst_parser"]
# Mermaid is drawn where the repository is read. Here it stands as text: to draw it, each reader
# would have to load a script from elsewhere.
suppress_warnings = ["misc.highlighting_failure"]
# Headings can be linked to, as in SECURITY.md#limits.
myst_heading_anchors = 3
include_patterns = ["*.md", "docs/*.md"]
exclude_patterns = ["build", ".*", "p2p_twisted", "tests"]
root_doc = "docs/index"

html_theme = "furo"
html_title = "p2p_twisted"
html_static_path = ["static"]
html_css_files = ["narrow.css"]
# The root of the site leads to docs/index.html.
html_extra_path = ["site"]
html_copy_source = False
html_use_index = False
html_show_copyright = False
html_permalinks_icon = "#"
