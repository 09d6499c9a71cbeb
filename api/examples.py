"""Examples of the schema: what a walk through the API asked and was answered, kept beside this.

`make api-schema` writes them anew; a test holds them against the API as it is.
"""

import json
from pathlib import Path
from typing import Any

from api.problems import KINDS

_FILE = Path(__file__).with_name("examples.json")
_JSON = "application/json"
_DETAILS = {
    "bad_request": "There was an error parsing the body",
    "forbidden": "The page's session may only read here; to change anything, send a key.",
    "unauthenticated": "Send «Authorization: Bearer pv_...» with a key of «portevoix key make».",
    "not_found": "There is no list 7.",
    "not_allowed": "A campaign that is finished cannot pause.",
    "too_large": "At most 1 MiB can be sent here.",
    "too_many_requests": "This key has asked too much in this minute. Ask again in 12 s.",
    "invalid_number": "It is a foreign number, and only French ones can be called. "
    "Give a French number if the person has one.",
    "store_unavailable": "The database cannot record now: database is locked",
}
_FIELD = {
    "field": "phone",
    "why": "It is a foreign number, and only French ones can be called.",
    "remedy": "Give a French number if the person has one.",
}


def problem_examples() -> dict[int, dict[str, Any]]:
    """A problem of each status that operations answer with."""
    return {
        KINDS[code].status: {
            "type": f"/problems/{code}",
            "code": code,
            "title": KINDS[code].title,
            "status": KINDS[code].status,
            "detail": detail,
            **(_FIELD if code == "invalid_number" else {}),
        }
        for code, detail in _DETAILS.items()
    }


def add_examples(schema: dict[str, Any]) -> None:
    """Put the examples into a schema."""
    kept: dict[str, dict[str, Any]] = json.loads(_FILE.read_text("utf-8"))
    for name, one in kept.items():
        method, _, path = name.partition(" ")
        operation = schema["paths"].get(path, {}).get(method.lower())
        if operation is not None:
            _add(operation, one)


def _add(operation: dict[str, Any], one: dict[str, Any]) -> None:
    if "request" in one:
        for content in operation.get("requestBody", {}).get("content", {}).values():
            content["example"] = one["request"]
    answer = operation["responses"].get(str(one["status"]), {})
    if "response" in one and _JSON in answer.get("content", {}):
        answer["content"][_JSON]["example"] = one["response"]
