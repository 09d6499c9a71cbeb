"""Campaigns through the API, from preparing to the report."""

from datetime import date

from api_samples import Rig
from sqlalchemy import update

from store import tables
from store.engine import writing


def test_a_campaign_is_prepared_and_calls_nobody(rig: Rig) -> None:
    campaign = rig.ours.get(f"/api/v1/campaigns/{rig.campaign()}").json()
    assert (campaign["state"], campaign["rehearsal"]) == ("draft", True)
    assert campaign["actions"] == ["launch", "stop"]
    assert campaign["message_s"] > 5


def test_it_goes_from_state_to_state_as_it_is_told(rig: Rig) -> None:
    path = f"/api/v1/campaigns/{rig.campaign()}"
    for action, state, possible in (
        ("launch", "running", ["pause", "drain", "stop"]),
        ("launch", "running", ["pause", "drain", "stop"]),
        ("pause", "paused", ["resume", "drain", "stop"]),
        ("resume", "running", ["pause", "drain", "stop"]),
        ("drain", "draining", ["stop"]),
        ("stop", "stopping", []),
    ):
        assert rig.ours.post(f"{path}/{action}").json()["state"] == state
        assert rig.ours.get(path).json()["actions"] == possible
    refused = rig.ours.post(f"{path}/resume")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_allowed")


def test_a_real_trunk_that_nobody_armed_is_not_launched(rig: Rig) -> None:
    rig.import_list()
    rig.upload()
    made = rig.prepare(trunk="carrier", caller_id="+33162000001", schedule={})
    assert made.status_code == 201, made.text
    refused = rig.ours.post(f"/api/v1/campaigns/{made.json()['id']}/launch")
    assert refused.status_code == 409
    assert "portevoix trunk arm carrier" in refused.json()["detail"]


def test_limits_change_one_at_a_time(rig: Rig) -> None:
    path = f"/api/v1/campaigns/{rig.campaign()}"
    before = rig.ours.get(path).json()
    changed = rig.ours.patch(f"{path}/limits", json={"max_cps": 2.5}).json()
    assert (changed["max_cps"], changed["max_channels"]) == (2.5, before["max_channels"])
    changed = rig.ours.patch(f"{path}/limits", json={"max_channels": 7}).json()
    assert (changed["max_cps"], changed["max_channels"]) == (2.5, 7)
    for wrong in ({"max_cps": 0}, {"max_channels": 0}, {"max_cps": 1e9}, {"colour": 1}):
        assert rig.ours.patch(f"{path}/limits", json=wrong).status_code == 422


def test_progress_adds_up(rig: Rig) -> None:
    campaign = rig.campaign()
    rig.ours.post(f"/api/v1/campaigns/{campaign}/launch")
    rig.move(campaign, "reached", "delivered")
    rig.move(campaign, "calling")
    progress = rig.ours.get(f"/api/v1/campaigns/{campaign}/progress").json()
    assert progress["states"] == {"calling": 1, "pending": 1, "reached": 1}
    assert sum(progress["states"].values()) == progress["targets"] == 3
    assert sum(progress["outcomes"].values()) == 1
    assert (progress["done"], progress["attempts"]) == (1, 2)
    assert progress["answer_seizure_ratio"] == 1.0
    assert progress["dialing"] is False
    report = rig.ours.get(f"/api/v1/campaigns/{campaign}/report").json()
    assert report["progress"]["states"] == progress["states"]
    assert report["pack"].startswith("fr-political@")


def test_everyone_is_listed_in_pages_with_line_and_id(rig: Rig) -> None:
    campaign = rig.campaign()
    seen, after = [], "0"
    while after is not None:
        page = rig.ours.get(f"/api/v1/campaigns/{campaign}/targets?limit=2&after={after}").json()
        seen += [(one["external_id"], one["line"], one["number"]) for one in page["items"]]
        after = page["next"]
    assert seen == [
        ("A1", 2, "+33639980001"), ("A2", 3, "+33639980002"), ("A3", 4, "+33639980003"),
    ]  # fmt: skip
    reached = rig.ours.get(f"/api/v1/campaigns/{campaign}/targets?state=reached").json()
    assert reached["items"] == []
    assert rig.ours.get(f"/api/v1/campaigns/{campaign}/attempts").json()["items"] == []


def test_the_reason_for_not_calling_is_told(rig: Rig) -> None:
    campaign = rig.campaign()
    why = rig.ours.get("/api/v1/why", params={"number": "06 39 98 00 02"}).json()
    assert [(one["campaign_id"], one["gate"]) for one in why] == [
        (campaign, "campaign_not_running")
    ]
    rig.ours.post(f"/api/v1/campaigns/{campaign}/launch")
    rig.dialer_runs()
    rig.ours.post("/api/v1/suppressions", json={"number": "06 39 98 00 02"})
    why = rig.ours.get("/api/v1/why", params={"number": "+33639980002"}).json()
    assert [one["gate"] for one in why] == ["suppressed"]


def test_what_makes_no_campaign_is_refused_field_by_field(rig: Rig) -> None:
    rig.campaign()
    for changes, field in (
        ({"trunk": "nowhere", "name": "b"}, "trunk"),
        ({"pack": "../x", "name": "b"}, "pack"),
        ({"caller_id": "12", "name": "b"}, "phone"),
        ({"name": ""}, "name"),
        ({"name": "b", "list_ids": []}, "list_ids"),
        ({"name": "b", "list_ids": [2**40]}, "list_ids.0"),
        ({"name": "b", "limits": {"max_cps": -1}}, "limits.max_cps"),
        ({"name": "b", "retry": {"max_attempts": 9}}, "retry.max_attempts"),
        ({"name": "b", "unknown": 1}, "unknown"),
        ({}, "name"),
    ):
        answer = rig.prepare(**changes)
        assert (answer.status_code, answer.json()["field"]) == (422, field), answer.text
    for missing in ({"list_ids": [9]}, {"recording_ids": [9]}):
        assert rig.prepare(name="b", **missing).status_code == 404
    assert len(rig.ours.get("/api/v1/campaigns").json()["items"]) == 1


def test_times_without_a_zone_and_windows_without_days_are_refused(rig: Rig) -> None:
    rig.campaign()
    for schedule in (
        {"start_at": "2026-12-03T10:00:00"},
        {"hours": [{"start": "10:00", "end": "12:00"}]},
        {"hours": [{"days": [8], "start": "10:00", "end": "12:00"}]},
        {"hours": [{"days": [1], "start": "late", "end": "12:00"}]},
    ):
        assert rig.prepare(name="b", schedule=schedule).status_code == 422, schedule


def test_the_same_list_named_twice_is_one_list(rig: Rig) -> None:
    rig.campaign()
    made = rig.prepare(name="b", list_ids=[1, 1])
    assert made.status_code == 201
    progress = rig.ours.get(f"/api/v1/campaigns/{made.json()['id']}/progress").json()
    assert progress["targets"] == 3


def test_suppressions_are_added_one_by_one_and_by_file(rig: Rig) -> None:
    add = rig.ours.post("/api/v1/suppressions", json={"number": "0639980001", "note": "letter"})
    assert (add.status_code, add.json()) == (201, {"added": True})
    again = rig.ours.post("/api/v1/suppressions", json={"number": "+33 6 39 98 00 01"})
    assert again.json() == {"added": False}
    file = rig.ours.post(
        "/api/v1/suppressions/import",
        files={"file": ("stop.csv", b"telephone\n0639980002\n0639980001\nabc\n")},
    ).json()
    assert (file["rows"], file["added"], file["known"]) == (3, 1, 1)
    assert [row["line"] for row in file["rejects"]] == [4]
    page = rig.ours.get("/api/v1/suppressions?limit=1").json()
    assert page["items"][0]["source"] == "API, key office: letter"
    rest = rig.ours.get(f"/api/v1/suppressions?after={page['next']}").json()["items"]
    assert [one["number"] for one in rest] == ["+33639980002"]


def test_health_needs_no_key_and_tells_no_secret(rig: Rig) -> None:
    assert rig.nobody.get("/health").json() == {
        "status": "degraded", "database": True, "dialer": False, "pbx": False, "stopped": False,
        "version": rig.app.version,
    }  # fmt: skip
    rig.dialer_runs()
    assert rig.nobody.get("/health").json()["status"] == "ok"


def test_metrics_count_and_name_no_number(rig: Rig) -> None:
    campaign = rig.campaign()
    rig.ours.get("/api/v1/why", params={"number": "0639980001"})
    rig.move(campaign, "reached", "delivered")
    text = rig.ours.get("/metrics").text
    assert 'portevoix_targets{state="reached"} 1.0' in text
    assert 'portevoix_attempts_total{outcome="delivered"} 1.0' in text
    assert 'portevoix_campaigns{state="draft"} 1.0' in text
    assert "portevoix_dialer_up 0.0" in text
    assert 'route="/api/v1/why"' in text
    assert "63998" not in text
    for path in ("/api/v1/none/1", "/api/v1/none/2"):
        rig.ours.get(path)
    assert "none" not in rig.ours.get("/metrics").text


def test_metrics_of_everybodys_calls_need_the_scope_for_trunks(rig: Rig) -> None:
    rig.dialer_runs()
    whole = ("portevoix_calls_up", "portevoix_trunk_", "portevoix_home_free", "portevoix_http_",
        "portevoix_backup_", "portevoix_node_")  # fmt: skip
    texts = [
        rig.scoped(*scopes).get("/metrics").text
        for scopes in (("campaigns:read",), ("campaigns:read", "trunks:read"))
    ]
    assert [[one in text for one in whole] for text in texts] == [[False] * 6, [True] * 6]
    for text in texts:
        assert "portevoix_dialer_up 1.0" in text
        assert "portevoix_campaigns" in text


def test_rules_past_their_date_are_answered_for_in_the_name_of_the_key(rig: Rig) -> None:
    path = f"/api/v1/campaigns/{rig.campaign()}"
    assert rig.ours.post(f"{path}/acknowledge").status_code == 409, "not needed yet"
    with writing(rig.workspace.engine) as connection:
        connection.execute(
            update(tables.campaign).values(rehearsal=False, verify_by=date(2026, 1, 31))
        )
    refused = rig.ours.post(f"{path}/launch", headers={"Accept-Language": "fr"})
    assert refused.status_code == 409
    assert "auraient dû être relues avant le 2026-01-31 (règles périmées)" in refused.text
    assert rig.theirs.post(f"{path}/acknowledge").status_code == 404
    answered = rig.ours.post(f"{path}/acknowledge").json()
    assert answered["verify_by"] == "2026-01-31"
    assert answered["acknowledged_by"]
    assert rig.ours.post(f"{path}/launch").json()["state"] == "running"


def test_what_a_campaign_keeps_of_its_pack_and_its_election(rig: Rig) -> None:
    rig.import_list()
    rig.upload()
    polls = {"metropole": "2028-05-14", "guyane": "2028-05-13"}
    election = {"name": "Scrutin (fictif)", "source": "aucune", "rounds": [{"polls": polls}]}
    schedule = {"elections": [election], "holidays": ["alsace-moselle"]}
    made = rig.prepare(schedule=schedule).json()
    assert made["holidays"] == ["L3133-1", "abolition", "alsace-moselle"]
    assert made["frequency"] == {"most": 3, "days": 30}
    paris = next(one for one in made["blackouts"] if "Europe/Paris" in one["zones"])
    assert (paris["begin"][:16], paris["end"][:16]) == ("2028-05-12T22:00", "2028-05-14T22:00")
    election["rounds"][0]["polls"]["atlantis"] = "2028-05-14"
    wrong = rig.prepare(name="two", schedule=schedule)
    assert wrong.status_code == 422
    assert "atlantis" in wrong.json()["field"]


def test_a_list_is_added_to_a_campaign_and_nobody_twice(rig: Rig) -> None:
    campaign = rig.campaign()
    rig.ours.post(f"/api/v1/campaigns/{campaign}/launch")
    more = rig.import_list("telephone\n0639980003\n0639980004\n").json()["list_id"]
    path = f"/api/v1/campaigns/{campaign}/lists/{more}"
    for added in (1, 0):
        assert rig.ours.put(path).json() == {"list_id": more, "contacts": 2, "added": added}
    assert rig.ours.get(f"/api/v1/campaigns/{campaign}/progress").json()["targets"] == 4
    assert rig.theirs.put(path).status_code == 404


def test_a_script_is_sent_with_ids_and_what_is_wrong_in_it_is_named(rig: Rig) -> None:
    rig.import_list()
    rig.upload()
    script = {
        "says": [["identity", "opt_out", "body", "data_source", "callback"]],
        "questions": [{"name": "vote", "recording": 1, "answers": {"1": "oui", "2": "non"}}],
    }
    refused = rig.prepare(script={**script, "replay": "9"})
    assert refused.status_code == 422
    assert (refused.json()["field"], refused.json()["code"]) == ("script.replay", "invalid_input")
    made = rig.prepare(script={**script, "replay": "0"})
    assert made.status_code == 201, made.text
    kept = made.json()["script"]
    assert kept["keys"] == {"0": "replay"}
    assert kept["questions"] == [{"name": "vote", "answers": {"1": "oui", "2": "non"}}]
    report = rig.ours.get(f"/api/v1/campaigns/{made.json()['id']}/report").json()
    assert report["said"]["questions"] == [{"name": "vote", "answers": {"oui": 0, "non": 0}}]
