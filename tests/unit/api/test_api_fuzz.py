"""Whatever is sent to any operation is answered as the schema says, and never with a fault of ours.

`make fuzz-api` sends far more.
"""

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from api_samples import Rig, make_rig
from api_walk import SCHEMA_FILE
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from campaigns.access import OF_KEYS
from operations.keys import make_key

EXAMPLES = int(os.environ.get("PORTEVOIX_FUZZ", "3"))
CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance,
    response_schema_conformance,
]  # fmt: skip


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """One campaign of ours with a list, a recording and a suppression, and no limit of requests."""
    home = tmp_path_factory.mktemp("fuzz")
    rig = make_rig(home, "\n[api]\nrequests_per_minute = 0\n")
    rig.campaign()
    rig.ours.post("/api/v1/suppressions", json={"number": "06 39 98 00 09"})
    yield rig
    rig.workspace.engine.dispose()


@pytest.fixture(scope="module")
def schema(fuzzed: Rig) -> Any:
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", fuzzed.app)


def operations() -> list[tuple[str, str]]:
    """(path, method) of all but the stream, which has no end.

    Nor of the PDF of a receipt, which is drawn for half a second each time.
    """
    kept = json.loads(SCHEMA_FILE.read_text("utf-8"))["paths"]
    left = ("/progress/stream", "/receipts/pdf")
    return [(path, method) for path, methods in kept.items() for method in methods
        if not path.endswith(left)]  # fmt: skip


@pytest.mark.parametrize(("path", "method"), operations())
def test_every_answer_is_as_the_schema_says(
    path: str, method: str, schema: Any, fuzzed: Rig
) -> None:
    # Of its own, as what is sent may revoke any.
    key = make_key(fuzzed.workspace, "Élan Valbourg", "fuzz", "test", scopes=sorted(OF_KEYS))
    headers = {"Authorization": f"Bearer {key}"}
    one = schema[path][method]
    asked = one.as_strategy(generation_mode=GenerationMode.POSITIVE)
    if "parameters" in one.definition.raw or "requestBody" in one.definition.raw:
        asked |= one.as_strategy(generation_mode=GenerationMode.NEGATIVE)

    @given(case=asked)
    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def check(case: Any) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS)

    check()
