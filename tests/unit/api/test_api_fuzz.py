"""Whatever is sent to any operation is answered as the schema says, and never with a fault of ours.

`make fuzz-api` sends far more.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from api_samples import Rig, make_rig
from api_walk import SCHEMA_FILE
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from campaigns.access import GRANTED, OF_KEYS, Role
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


STREAM = "/progress/stream"
DRAWN = "/receipts/pdf"
"""It is drawn for half a second each time."""


def operations() -> list[tuple[str, str]]:
    """(path, method) of all but the stream, which has no end while its campaign has none."""
    kept = json.loads(SCHEMA_FILE.read_text("utf-8"))["paths"]
    return [(path, method) for path, methods in kept.items() for method in methods
        if not path.endswith(STREAM)]  # fmt: skip


def askers(rig: Rig) -> list[dict[str, str]]:
    """Headers of a key with the rights of each role, and of one that may do everything.

    New ones each time, as what is sent may revoke any.
    """
    scopes = [*(GRANTED[role] & OF_KEYS for role in Role), OF_KEYS]
    keys = [
        make_key(rig.workspace, "Élan Valbourg", "fuzz", "test", scopes=sorted(one))
        for one in scopes
    ]
    return [{"Authorization": f"Bearer {key}"} for key in keys]


def check(operation: Any, rig: Rig, examples: int) -> None:
    """Send an operation what its schema allows and what it does not, as each role."""
    allowed = askers(rig)
    asked = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    if "parameters" in operation.definition.raw or "requestBody" in operation.definition.raw:
        asked |= operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)

    @given(case=asked)
    @settings(
        max_examples=examples, deadline=None, derandomize=True, database=None,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def checked(case: Any) -> None:
        for headers in allowed:
            case.call_and_validate(headers=headers, checks=CHECKS)

    checked()


@pytest.mark.parametrize(("path", "method"), operations())
def test_every_answer_is_as_the_schema_says_whatever_ones_role(
    path: str, method: str, schema: Any, fuzzed: Rig
) -> None:
    examples = max(1, EXAMPLES // 20) if path.endswith(DRAWN) else EXAMPLES
    check(schema[path][method], fuzzed, examples)


def test_the_stream_is_as_the_schema_says(tmp_path: Path) -> None:
    """Of a campaign that is over, of which there is one event and the end."""
    rig = make_rig(tmp_path / "home", "\n[api]\nrequests_per_minute = 0\n")
    campaign = rig.campaign()
    rig.ours.post(f"/api/v1/campaigns/{campaign}/stop")
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", rig.app)
    (path,) = [one for one in schema if one.endswith(STREAM)]
    operation = schema[path]["get"]
    with TestClient(rig.app):
        for headers in askers(rig):
            case = operation.Case(path_parameters={"campaign_id": campaign})
            answer = case.call_and_validate(headers=headers, checks=CHECKS)
            assert answer.status_code == 200
            assert "event: end" in answer.text
    check(operation, rig, EXAMPLES)
    rig.workspace.engine.dispose()
