"""How `make docs` builds the site: Sphinx, with every warning an error.

Sphinx with MyST and furo rather than MkDocs, which has had no release since August 2024, and whose
theme Material ended in November 2026; Zensical, which follows it, is at version 0.1. The pages stay
plain Markdown that reads as well in the repository.
"""

import tomllib
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

_PROJECT = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text("utf-8"))

project = "Porte-voix"
author = "The Porte-voix developers"
copyright = author  # noqa: A001 - Sphinx asks for this name
release = version = _PROJECT["project"]["version"]

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "index"
exclude_patterns = ["conf.py"]
nitpicky = True

myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence", "deflist"]

html_theme = "furo"
html_title = f"Porte-voix {release}"
# Nothing is loaded from elsewhere, as nowhere in the product.
html_theme_options = {"light_css_variables": {}, "dark_css_variables": {}}
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False

_FRENCH = ("guide-fr", "rgpd/")


def _say_the_language(
    app: Sphinx, page: str, template: str, context: dict[str, Any], tree: object
) -> None:
    """A screen reader must know in which language to read a page (WCAG 2.2, 3.1.1)."""
    del app, template, tree
    context["language"] = "fr" if page.startswith(_FRENCH) else "en"


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("html-page-context", _say_the_language)
