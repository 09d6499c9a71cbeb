"""Hold the licence of everything that is installed against a list of those we allow.

    python setup/licences.py

Python packages of requirements/runtime.txt as their own metadata has it (core metadata 2.4,
`License-Expression`; before it classifiers and `License`, or the text itself), and the browser
assets as package-lock.json has it. Exit code 1 where one is not allowed or says nothing.
"""

import json
import re
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).parent.parent

ALLOWED = {
    "0BSD", "BSD-0-Clause",  # the same: htmx names it so
    "Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MIT-0",
    "MPL-2.0", "PSF-2.0", "Python-2.0", "Unlicense", "Zlib",
    # Libraries, unchanged and exchangeable: what the LGPL asks of whoever ships an application.
    "LGPL-2.1-or-later", "LGPL-3.0-only", "LGPL-3.0-or-later",
    "OFL-1.1",  # of a typeface, shipped with other works (its article 2)
}  # fmt: skip
"""SPDX identifiers under which an application under Apache-2.0 may be shipped."""

_WORDS = (
    (r"apache", "Apache-2.0"), (r"mozilla|mpl", "MPL-2.0"), (r"lesser|lgpl", "LGPL-3.0-only"),
    (r"\bgpl|general public", "GPL"), (r"isc", "ISC"), (r"mit\b", "MIT"),
    (r"python software|psf", "PSF-2.0"), (r"bsd", "BSD-3-Clause"), (r"unlicense", "Unlicense"),
)  # fmt: skip
"""How packages without an expression name their licence, and which it is; the first that fits."""

_SENTENCES = (("must not be misrepresented as being the original software", "Zlib"),)
"""By which the text of a licence is known."""


def main() -> int:
    """Print what was found; the exit code."""
    found = {**dict(python_licences()), **dict(asset_licences())}
    wrong = {name: said for name, said in found.items() if not is_allowed(said)}
    for name, said in sorted(found.items()):
        mark = "NOT ALLOWED" if name in wrong else "ok"
        sys.stdout.write(f"{mark:12} {name:32} {said or 'says nothing'}\n")
    sys.stdout.write(json.dumps({"packages": len(found), "not_allowed": sorted(wrong)}) + "\n")
    return bool(wrong)


def python_licences() -> list[tuple[str, str]]:
    """(name, licence) of each locked package; those for other platforms are not installed."""
    lock = (ROOT / "requirements" / "runtime.txt").read_text()
    found = []
    for name in re.findall(r"(?m)^([A-Za-z0-9._-]+)==", lock):
        try:
            found.append((name, licence_of(distribution(name))))
        except PackageNotFoundError:
            continue
    return found


def licence_of(package: Distribution) -> str:
    """An SPDX expression; empty where the package says nothing."""
    metadata = package.metadata
    expression = metadata.get("License-Expression")
    if expression:
        return expression
    classifiers = metadata.get_all("Classifier") or []
    said = [one for one in classifiers if one.startswith("License ::")]
    texts = [*said, (metadata.get("License") or "").partition("\n")[0]]
    for text in filter(None, texts):
        for pattern, name in _WORDS:
            if re.search(pattern, text, re.IGNORECASE):
                return name
    return _of_its_text(package)


def _of_its_text(package: Distribution) -> str:
    """The licence of a package that ships its text alone; empty where it is none that we know."""
    for file in package.metadata.get_all("License-File") or []:
        text = " ".join((package.read_text(f"licenses/{file}") or "").split())
        for sentence, name in _SENTENCES:
            if sentence in text:
                return name
    return ""


def asset_licences() -> list[tuple[str, str]]:
    """(name, licence) of each browser asset."""
    lock = json.loads((ROOT / "package-lock.json").read_text())
    return [
        (name.removeprefix("node_modules/"), str(one.get("license", "")))
        for name, one in lock["packages"].items()
        if name
    ]


def is_allowed(expression: str) -> bool:
    """Whether some choice that an expression gives is allowed in all of its parts.

    `A OR B` is ours to choose; of `A AND B` both bind; `WITH` an exception allows more.
    """
    plain = expression.replace("(", " ").replace(")", " ")
    choices = re.split(r"\s+OR\s+", plain)
    return any(
        all(part.split(" WITH ")[0].strip() in ALLOWED for part in re.split(r"\s+AND\s+", choice))
        for choice in choices
    )


if __name__ == "__main__":
    sys.exit(main())
