"""The licence audit: what is installed is allowed, and what is not is noticed."""

import runpy
from importlib.metadata import distribution
from typing import Any

import pytest
from setup_clone import CLONE

AUDIT: dict[str, Any] = runpy.run_path(str(CLONE / "setup" / "licences.py"))


def test_everything_installed_is_under_a_licence_we_allow() -> None:
    found = dict(AUDIT["python_licences"]()) | dict(AUDIT["asset_licences"]())
    assert len(found) > 30
    assert {name: said for name, said in found.items() if not AUDIT["is_allowed"](said)} == {}


def test_a_package_that_ships_its_text_alone_is_known_by_it() -> None:
    assert AUDIT["licence_of"](distribution("pysqlite3")) == "Zlib"


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True), ("MIT OR GPL-3.0-only", True), ("(MIT AND BSD-3-Clause)", True),
        ("MIT AND GPL-3.0-only", False), ("AGPL-3.0-only", False), ("", False),
        ("Apache-2.0 WITH LLVM-exception", True), ("LicenseRef-Proprietary", False),
    ],
)  # fmt: skip
def test_an_expression_is_read_as_spdx_means_it(expression: str, allowed: bool) -> None:
    assert AUDIT["is_allowed"](expression) is allowed
