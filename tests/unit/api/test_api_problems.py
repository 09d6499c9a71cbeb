"""What went wrong is said as RFC 9457 has it, in the asker's language, and gives nothing away."""

import pytest
from api_samples import Rig
from fastapi.testclient import TestClient
from structlog.testing import capture_logs

from api import problems
from campaigns.errors import PortevoixError, StoreUnavailable
from store import lists

MEMBERS = {"type", "code", "title", "status", "detail"}


def problem_of(answer: object, status: int, code: str) -> dict[str, object]:
    assert getattr(answer, "status_code", 0) == status, getattr(answer, "text", "")
    assert answer.headers["content-type"] == "application/problem+json"  # type: ignore[attr-defined]
    body: dict[str, object] = answer.json()  # type: ignore[attr-defined]
    assert body.keys() >= MEMBERS
    assert (body["code"], body["status"], body["type"]) == (code, status, f"/problems/{code}")
    return body


def test_each_kind_of_fault_is_a_problem_of_its_own(rig: Rig) -> None:
    ours = rig.ours
    problem_of(ours.get("/api/v1/lists/7"), 404, "not_found")
    problem_of(ours.get("/api/v1/nothing"), 404, "not_found")
    problem_of(ours.delete("/api/v1/lists"), 405, "method_not_allowed")
    problem_of(ours.get("/api/v1/lists/x"), 422, "invalid_input")
    problem_of(ours.get("/api/v1/lists/0"), 422, "invalid_input")
    problem_of(ours.get(f"/api/v1/lists/{10**30}"), 422, "invalid_input")
    problem_of(ours.get("/api/v1/why", params={"number": "112"}), 422, "invalid_number")
    problem_of(ours.post("/api/v1/campaigns", content="{"), 422, "invalid_input")
    problem_of(rig.nobody.get("/metrics"), 401, "unauthenticated")


def test_a_faulty_value_is_named_with_why_and_remedy(rig: Rig) -> None:
    answer = rig.ours.get("/api/v1/why", params={"number": "0044 20 7946 0000"})
    body = problem_of(answer, 422, "invalid_number")
    assert body["field"] == "phone"
    assert body["why"] == "It is a foreign number, and only French ones can be called."
    assert body["detail"] == f"{body['why']} {body['remedy']}"


@pytest.mark.parametrize(
    ("accepted", "language", "title"),
    [
        ("fr", "fr", "Introuvable"),
        ("fr-CA, en;q=0.5", "fr", "Introuvable"),
        ("de, fr;q=0.4, en;q=0.3", "fr", "Introuvable"),
        ("en", "en", "There is no such thing"),
        ("de", "en", "There is no such thing"),
        ("fr;q=0, en", "en", "There is no such thing"),
        ("fr;q=oops, ,;;", "en", "There is no such thing"),
        ("", "en", "There is no such thing"),
    ],
)
def test_problems_speak_the_language_that_was_asked_for(
    rig: Rig, accepted: str, language: str, title: str
) -> None:
    answer = rig.ours.get("/api/v1/lists/7", headers={"Accept-Language": accepted})
    assert answer.headers["content-language"] == language
    assert answer.json()["title"] == title
    assert answer.json()["detail"] == (
        "Il n’y a pas de liste 7." if language == "fr" else "There is no list 7."
    )


def test_an_unexpected_error_is_logged_and_not_shown(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("secret of the house")

    monkeypatch.setattr(lists, "page", fails)
    client = TestClient(rig.app, raise_server_exceptions=False, headers=dict(rig.ours.headers))
    with capture_logs() as logged:
        answer = client.get("/api/v1/lists")
    assert any("secret of the house" in str(one.get("exc_info", "")) for one in logged), logged
    body = problem_of(answer, 500, "internal_error")
    assert "secret" not in answer.text
    assert str(body["instance"]).removeprefix("urn:uuid:") in str(body["detail"])
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_what_was_read_as_asked_for_is_a_detail_of_the_log(rig: Rig) -> None:
    with capture_logs() as logged:
        assert rig.ours.get("/api/v1/lists").status_code == 200
        assert rig.ours.get("/api/v1/lists/7").status_code == 404
        assert rig.ours.post("/api/v1/campaigns/7/launch").status_code == 404
    requests = [one for one in logged if one["event"] == "request"]
    assert [(one["method"], one["status"], one["log_level"]) for one in requests] == [
        ("GET", 200, "debug"), ("GET", 404, "info"), ("POST", 404, "info"),
    ]  # fmt: skip


def test_a_database_that_cannot_record_is_said_so(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise StoreUnavailable("The database cannot record now: disk I/O error")

    monkeypatch.setattr(lists, "page", fails)
    answer = rig.ours.get("/api/v1/lists")
    problem_of(answer, 503, "store_unavailable")
    assert answer.headers["retry-after"] == "5"
    monkeypatch.setattr("operations.keys.owner_of", fails)
    problem_of(rig.ours.get("/api/v1/lists"), 503, "store_unavailable")


def test_a_body_larger_than_its_route_needs_is_refused_unread(rig: Rig) -> None:
    answer = rig.ours.post("/api/v1/campaigns", content=b" " * (1024**2 + 1))
    problem_of(answer, 413, "too_large")

    def pieces() -> object:
        for _ in range(20):
            yield b" " * 2**17

    unstated = rig.ours.post("/api/v1/campaigns", content=pieces())  # type: ignore[arg-type]
    problem_of(unstated, 413, "too_large")


def test_every_error_of_the_project_has_its_kind() -> None:
    def every(one: type[PortevoixError]) -> set[str]:
        under = [each for each in one.__subclasses__() if not each.__module__.startswith("cli")]
        return {one.code} | {code for each in under for code in every(each)}

    own = {error.code for error in (problems.Refusal,)}
    assert every(PortevoixError) - own <= problems.KINDS.keys()


def test_a_kind_is_explained_where_its_type_leads(rig: Rig) -> None:
    for code in problems.KINDS:
        page = rig.nobody.get(f"/problems/{code}", headers={"Accept-Language": "fr"})
        assert page.status_code == 200
        assert problems.KINDS[code].title not in page.text, "it has no French title"
    assert rig.nobody.get("/problems/none").status_code == 404


def test_the_schema_says_what_a_problem_is(rig: Rig) -> None:
    schema = rig.nobody.get("/api/v1/openapi.json").json()
    assert schema["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    assert "Problem" in schema["components"]["schemas"]
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], (method, path)
            if path.startswith("/api/v1/"):
                assert operation["security"] == [{"key": []}]
                content = operation["responses"]["422"]["content"]
                assert list(content) == ["application/problem+json"], path
