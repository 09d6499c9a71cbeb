"""The schema is a promise: examples that are true, and no change that would break a program."""

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from api_samples import Rig, make_rig
from api_walk import EXAMPLES_FILE, SCHEMA_FILE, walk
from schema_changes import broken

JSON = "application/json"
KEPT: dict[str, Any] = json.loads(SCHEMA_FILE.read_text("utf-8"))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    rig = make_rig(tmp_path_factory.mktemp("schema"))
    yield rig
    rig.workspace.engine.dispose()


@pytest.fixture(scope="module")
def schema(shared: Rig) -> dict[str, Any]:
    found: dict[str, Any] = shared.nobody.get("/api/v1/openapi.json").json()
    return found


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in schema["paths"].items():
        for method, one in methods.items():
            if path.startswith("/api/v1/"):
                yield f"{method.upper()} {path}", one


def test_nothing_that_a_program_relies_on_has_changed(schema: dict[str, Any]) -> None:
    assert broken(KEPT, schema) == [], "Add instead, or offer it under /api/v2 as well."


def test_what_was_added_is_promised_too(schema: dict[str, Any]) -> None:
    added = dict(operations(schema)).keys() - dict(operations(KEPT)).keys()
    assert not added, "Run make api-schema."


Change = Callable[[dict[str, Any]], object]


def model(schema: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = schema["components"]["schemas"][name]
    return found


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda s: s["paths"]["/api/v1/why"].pop("get"), "GET /api/v1/why is gone"),
        (lambda s: model(s, "Attempt")["properties"].pop("sip_call_id"), ".sip_call_id is gone"),
        (
            lambda s: model(s, "Attempt")["properties"].update(line={"type": "string"}),
            ".line: may be string now",
        ),
        (lambda s: model(s, "Attempt")["required"].remove("line"), ".line may be missing now"),
        (
            lambda s: model(s, "NewSuppression")["required"].append("note"),
            "body.note is required now",
        ),
        (
            lambda s: model(s, "NewSuppression")["properties"].pop("note"),
            "body.note is taken no more",
        ),
        (
            lambda s: model(s, "NewSuppression")["properties"]["note"].update(maxLength=3),
            "body.note: maxLength is 3 now",
        ),
        (
            lambda s: s["paths"]["/api/v1/audit"]["get"]["parameters"].pop(),
            "GET /api/v1/audit: parameter",
        ),
        (
            lambda s: s["paths"]["/api/v1/keys"]["post"]["responses"].pop("201"),
            "POST /api/v1/keys: 201 is answered no more",
        ),
    ],
)
def test_a_change_that_would_break_a_program_is_seen(change: Change, said: str) -> None:
    changed = copy.deepcopy(KEPT)
    change(changed)
    assert any(said in one for one in broken(KEPT, changed))


def test_more_may_be_told_and_less_be_asked() -> None:
    changed = copy.deepcopy(KEPT)
    model(changed, "Attempt")["properties"]["more"] = {"type": "string"}
    model(changed, "NewSuppression")["properties"]["more"] = {"type": "string"}
    model(changed, "NewSuppression")["required"].clear()
    changed["paths"]["/api/v1/more"] = changed["paths"]["/api/v1/why"]
    assert broken(KEPT, changed) == []


def test_every_body_and_answer_has_an_example(schema: dict[str, Any]) -> None:
    missing = []
    for name, one in operations(schema):
        contents = [one.get("requestBody", {}).get("content", {})]
        contents += [answer.get("content", {}) for answer in one["responses"].values()]
        bare = [
            media
            for content in contents
            for media, found in content.items()
            if media in {JSON, "multipart/form-data", "application/problem+json"}
            and "example" not in found
        ]
        missing += [(name, media) for media in bare]
    assert not missing


def test_the_examples_are_of_the_api_as_it_is(tmp_path: Path) -> None:
    rig = make_rig(tmp_path / "home")
    seen = walk(rig)
    rig.workspace.engine.dispose()
    kept: dict[str, Any] = json.loads(EXAMPLES_FILE.read_text("utf-8"))
    assert seen.keys() == kept.keys()
    for name, one in seen.items():
        assert shape(one) == shape(kept[name]), f"{name}: run make api-schema."


def shape(value: Any) -> Any:
    """The names in it: of a list those of its first member."""
    if isinstance(value, dict):
        return {name: shape(one) for name, one in value.items() if name not in FREE}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return None


FREE = {"params", "detail", "rules"}
"""Members whose own members are nobody's promise."""


def test_every_operation_is_walked_through(schema: dict[str, Any]) -> None:
    kept: dict[str, Any] = json.loads(EXAMPLES_FILE.read_text("utf-8"))
    stream = {"GET /api/v1/campaigns/{campaign_id}/progress/stream"}  # it has no end here
    assert dict(operations(schema)).keys() - kept.keys() == stream
