"""A key that asks too much is told when to ask again, and nobody else notices."""

from pathlib import Path

from api_samples import make_rig, sign_in
from fastapi.testclient import TestClient

from api.rate import WINDOW_S, Rate

KEY, OTHER = (1, "office"), (2, "office")


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_minute_lets_so_many_through_and_the_next_begins_anew() -> None:
    clock = Clock()
    rate = Rate(3, clock)
    assert [rate.take(KEY).requests for _ in range(4)] == [2, 1, 0, -1]
    assert rate.take(OTHER).requests == 2
    clock.now += WINDOW_S - 0.5
    assert (rate.take(KEY).requests, rate.take(KEY).seconds) == (-2, 1)
    clock.now += 0.5
    assert rate.take(KEY).requests == 2


def test_what_is_over_is_forgotten() -> None:
    clock = Clock()
    rate = Rate(3, clock)
    for one in range(1000):
        rate.take((one, "k"))
    clock.now += WINDOW_S
    rate.take(KEY)
    assert len(rate._windows) == 1


def test_the_answer_says_what_is_left_and_when_there_is_more(tmp_path: Path) -> None:
    home = tmp_path / "home"
    rig = make_rig(home, "\n[api]\nrequests_per_minute = 2\n")
    first = rig.ours.get("/api/v1/lists", headers={"Accept-Language": "fr"})
    assert first.headers["ratelimit-policy"] == '"key";q=2;w=60'
    assert first.headers["ratelimit"].startswith('"key";r=1;t=')
    assert rig.ours.get("/api/v1/lists/9").headers["ratelimit"].startswith('"key";r=0;t=')
    refused = rig.ours.get("/api/v1/lists", headers={"Accept-Language": "fr"})
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert refused.json()["title"] == "Trop de demandes"
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert rig.theirs.get("/api/v1/lists").status_code == 200
    person = TestClient(rig.app, follow_redirects=False)
    sign_in(person, rig.key)
    for _ in range(4):
        assert person.get("/campaigns").status_code == 200
    rig.workspace.engine.dispose()


def test_nothing_is_counted_where_no_limit_is_set(tmp_path: Path) -> None:
    rig = make_rig(tmp_path / "home", "\n[api]\nrequests_per_minute = 0\n")
    for _ in range(30):
        answer = rig.ours.get("/api/v1/controllers")
    assert answer.status_code == 200
    assert "ratelimit" not in answer.headers
    rig.workspace.engine.dispose()
