"""What is looked at before a launch, over the API and on the pages, in both languages."""

from datetime import UTC, datetime

import pytest
from api_samples import Rig, campaign_values, form_token
from fastapi.testclient import TestClient
from sqlalchemy import update
from test_api_dashboard import Outline

from api.language import language
from api.spoken import shown
from campaigns.check import Subject, Verdict
from campaigns.money import Euros
from campaigns.readiness import Cause
from campaigns.rules.gates import Gate
from operations.keys import make_key
from store import audit, leases, tables
from store.engine import reading, writing


def change(rig: Rig, campaign: int, **values: object) -> None:
    with writing(rig.workspace.engine) as connection:
        changed = update(tables.campaign).where(tables.campaign.c.id == campaign)
        connection.execute(changed.values(**values))


def test_the_api_says_what_was_looked_at(rig: Rig) -> None:
    campaign = rig.campaign()
    found = rig.ours.get(f"/api/v1/campaigns/{campaign}/preflight").json()
    assert found["verdict"] == "pass"
    assert {one["subject"] for one in found["checks"]} == set(Subject)
    assert (found["readiness"]["people"], found["readiness"]["callable"]) == (3, 3)
    assert found["calls"] == sum(day["calls"] for day in found["days"])
    assert rig.theirs.get(f"/api/v1/campaigns/{campaign}/preflight").status_code == 404


def test_it_speaks_the_language_asked_for(rig: Rig) -> None:
    campaign = rig.campaign()
    french = rig.ours.get(
        f"/api/v1/campaigns/{campaign}/preflight", headers={"Accept-Language": "fr"}
    ).json()
    said = {one["subject"]: one["text"] for one in french["checks"]}
    assert said["people"] == "Les 3 personnes peuvent toutes être appelées."
    assert "appels attendus" in said["hours"]


def test_a_list_can_be_looked_at_before_any_campaign(rig: Rig) -> None:
    rig.import_list()
    asked = "/api/v1/lists/1/readiness?pack=fr-commercial&purpose=commercial"
    found = rig.ours.get(asked, headers={"Accept-Language": "fr"}).json()
    (one,) = found["lists"]
    assert (one["callable"], one["refused"]) == (0, {"duplicate": 1, "short_number": 1})
    (reason,) = one["not_callable"]
    assert (reason["gate"], reason["count"]) == ("no_basis", 3)
    assert "Élan Valbourg" in reason["ask"]
    assert "commerciale" in reason["ask"]
    assert rig.theirs.get(asked).status_code == 404
    assert rig.ours.get(asked.replace("fr-commercial", "xx")).status_code == 422


def test_a_budget_is_set_in_the_name_of_the_key(rig: Rig) -> None:
    campaign = rig.campaign()
    path = f"/api/v1/campaigns/{campaign}/budget"
    done = rig.ours.patch(path, json={"euros": "249.90"})
    assert done.json() == {"spent": 0, "reserved": 0, "budget": 249_900_000}
    assert rig.ours.get(f"/api/v1/campaigns/{campaign}").json()["budget"] == 249_900_000
    assert rig.ours.patch(path, json={"euros": None}).json()["budget"] is None
    for wrong in ("-1", "0.0000001", "much"):
        assert rig.ours.patch(path, json={"euros": wrong}).status_code == 422
    assert rig.theirs.patch(path, json={"euros": "1"}).status_code == 404


def test_what_was_launched_stays_readable(rig: Rig) -> None:
    campaign = rig.campaign()
    path = f"/api/v1/campaigns/{campaign}/launch-record"
    assert rig.ours.get(path).status_code == 404
    rig.ours.post(f"/api/v1/campaigns/{campaign}/launch")
    found = rig.ours.get(path).json()
    assert (found["by"], found["intact"]) == ("key office", True)
    assert len(found["content"]["lists"][0]["sha256"]) == 64
    assert found["content"]["message"]["sha256"]
    assert rig.theirs.get(path).status_code == 404


def test_one_page_says_it_all(rig: Rig, person: TestClient) -> None:
    campaign = rig.campaign()
    page = person.get(f"/campaigns/{campaign}/preflight").text
    for words in ("Avant le lancement", "Les 3 personnes", "Coût attendu", "Premier appel"):
        assert words in page
    assert f'href="/campaigns/{campaign}/launch"' in page
    assert f'href="/campaigns/{campaign}/preflight"' in person.get(f"/campaigns/{campaign}").text


def test_what_fails_is_said_first_and_offers_no_launch(rig: Rig, person: TestClient) -> None:
    campaign = rig.campaign()
    change(rig, campaign, two_persons=True, created_by="key office")
    page = person.get(f"/campaigns/{campaign}/preflight").text
    assert "ne peut pas encore être lancée" in page
    assert f'href="/campaigns/{campaign}/launch"' not in page
    path = f"/campaigns/{campaign}/launch"
    sent = person.post(path, data={"form_token": form_token(page)})
    assert (sent.status_code, sent.headers["location"]) == (303, f"/campaigns/{campaign}/preflight")
    refused = rig.ours.post(f"/api/v1{path}")
    assert refused.status_code == 409
    assert "two persons" in refused.json()["detail"]


def test_a_key_passes_for_no_person_where_two_are_asked_for(rig: Rig) -> None:
    campaign = rig.campaign()
    asked = rig.ours.post(
        "/api/v1/campaigns",
        json=campaign_values(name="À deux", launch={"two_persons": True}),
        headers={"Accept-Language": "fr"},
    )
    assert (asked.status_code, asked.json()["field"]) == (422, "launch.two_persons")
    assert "« key office » n’est pas une personne" in asked.json()["why"]
    change(rig, campaign, two_persons=True, created_by="paul@example.org")
    named_as_a_user = make_key(rig.workspace, "Élan Valbourg", "zoe@example.org", "test")
    client = TestClient(rig.app, headers={"Authorization": f"Bearer {named_as_a_user}"})
    refused = client.post(f"/api/v1/campaigns/{campaign}/launch")
    assert refused.status_code == 409
    assert "«key zoe@example.org» is none" in refused.json()["detail"]


def test_old_rules_are_answered_for_on_a_page(rig: Rig, person: TestClient) -> None:
    campaign = rig.campaign()
    day = tables.campaign.c.verify_by.type.python_type(2020, 1, 1)
    change(rig, campaign, rehearsal=False, verify_by=day)
    page = person.get(f"/campaigns/{campaign}/preflight").text
    assert f'href="/campaigns/{campaign}/acknowledge"' in page
    asked = person.get(f"/campaigns/{campaign}/acknowledge").text
    assert "1 janvier 2020" in asked
    path = f"/campaigns/{campaign}/acknowledge"
    assert person.post(path, data={"form_token": "old"}).status_code == 403
    done = person.post(path, data={"form_token": form_token(asked)})
    assert (done.status_code, done.headers["location"]) == (303, f"/campaigns/{campaign}/preflight")
    assert rig.ours.get(f"/api/v1/campaigns/{campaign}").json()["acknowledged_by"] == "key office"
    assert person.get(path).status_code == 303, "it is asked once"
    with reading(rig.workspace.engine) as connection:
        assert audit.latest(connection, 1, 1)[0]["act"] == "campaign.acknowledge"


REAL = {"trunk": "carrier", "caller_id": "+33162000001", "schedule": {}}


def subjects(rig: Rig, campaign: int) -> dict[str, str]:
    found = rig.ours.get(f"/api/v1/campaigns/{campaign}/preflight").json()
    return {one["subject"]: one["verdict"] for one in found["checks"]}


def test_a_person_answers_over_the_api_for_there_being_no_election(rig: Rig) -> None:
    rig.campaign()
    campaign = rig.prepare(name="réelle", **REAL).json()["id"]
    assert subjects(rig, campaign)["elections"] == "fail"
    path = f"/api/v1/campaigns/{campaign}/no-election"
    assert rig.theirs.post(path, json={"by": "Zoé Martin"}).status_code == 404
    assert rig.scoped("campaigns:write").post(path, json={"by": "Zoé"}).status_code == 403
    refused = rig.ours.post(path, json={"by": "key office"}, headers={"Accept-Language": "fr"})
    assert (refused.status_code, refused.json()["field"]) == (422, "by")
    assert "n’est pas une personne" in refused.json()["why"]
    done = rig.ours.post(path, json={"by": "Zoé Martin"})
    assert (done.status_code, done.json()["no_election_by"]) == (200, "Zoé Martin")
    assert subjects(rig, campaign)["elections"] == "warn"
    assert rig.ours.post(path, json={"by": "Paul"}).status_code == 409, "it is asked once"


def test_a_person_answers_on_a_page_for_there_being_no_election(
    rig: Rig, person: TestClient
) -> None:
    rig.campaign()
    campaign = rig.prepare(name="réelle", **REAL).json()["id"]
    path = f"/campaigns/{campaign}/no-election"
    assert f'href="{path}"' in person.get(f"/campaigns/{campaign}/preflight").text
    asked = person.get(path).text
    assert "Pas d’élection pendant cette campagne" in asked
    token = form_token(asked)
    assert person.post(path, data={"form_token": "old", "by": "Zoé"}).status_code == 403
    nobody = person.post(path, data={"form_token": token, "by": " "})
    assert (nobody.status_code, 'href="#f-by"' in nobody.text or "f-by-fault" in nobody.text) == (
        422, True,
    )  # fmt: skip
    done = person.post(path, data={"form_token": token, "by": "Zoé Martin"})
    assert (done.status_code, done.headers["location"]) == (303, f"/campaigns/{campaign}/preflight")
    assert person.get(path).status_code == 303, "it is asked once"
    assert subjects(rig, campaign)["elections"] == "warn"


def test_a_campaign_says_what_it_rests_on(rig: Rig) -> None:
    rig.campaign()
    polls = [{"polls": {"metropole": "2029-06-03"}}]
    election = {"name": "Scrutin (fictif)", "source": "aucune", "rounds": polls}
    made = rig.prepare(name="réelle", **{**REAL, "schedule": {"elections": [election]}}).json()
    assert made["elections"] == [{"name": "Scrutin (fictif)", "source": "aucune"}]
    assert (made["bases"], made["no_election_by"], made["signatory"]) == (["consent"], None, None)
    (ours,) = rig.ours.get("/api/v1/controllers").json()["items"]
    assert ours["public_body"] is False


def test_an_unknown_purpose_is_refused_in_french_with_those_there_are(rig: Rig) -> None:
    rig.campaign()
    asked = campaign_values(name="b", purpose="politiquement")
    refused = rig.ours.post("/api/v1/campaigns", json=asked, headers={"Accept-Language": "fr"})
    assert (refused.status_code, refused.json()["field"]) == (422, "purpose")
    assert "n’est pas une finalité" in refused.json()["why"]
    assert "political (politique)" in refused.json()["remedy"]


def test_the_budget_has_a_page(rig: Rig, person: TestClient) -> None:
    campaign = rig.campaign()
    path = f"/campaigns/{campaign}/budget"
    token = form_token(person.get(path).text)
    done = person.post(path, data={"form_token": token, "euros": "1 249,90 €"})
    assert done.status_code == 303
    page = person.get(path).text.replace("\N{NARROW NO-BREAK SPACE}", " ")
    assert "1 249,90\N{NO-BREAK SPACE}€" in page
    for wrong in ("beaucoup", "-3"):
        answer = person.post(path, data={"form_token": token, "euros": wrong})
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.text
    person.post(path, data={"form_token": token, "euros": ""})
    assert rig.ours.get(f"/api/v1/campaigns/{campaign}").json()["budget"] is None


def test_a_campaign_at_its_budget_says_so(rig: Rig, person: TestClient) -> None:
    campaign = rig.campaign()
    rig.ours.patch(f"/api/v1/campaigns/{campaign}/budget", json={"euros": "3"})
    rig.ours.post(f"/api/v1/campaigns/{campaign}/launch")
    now = datetime.now(UTC)
    shown = {"ready": True, "campaigns": {str(campaign): {"gate": Gate.BUDGET_REACHED.value}}}
    with writing(rig.workspace.engine) as connection:
        leases.renew(connection, leases.acquire(connection, now), now, shown)
    assert rig.ours.get(f"/api/v1/campaigns/{campaign}/progress").json()["budget_reached"] is True
    page = person.get(f"/campaigns/{campaign}").text
    assert "le budget n’en permet pas un de plus" in page
    assert "3,00\N{NO-BREAK SPACE}€" in page
    why = rig.ours.get("/api/v1/why", params={"number": "06 39 98 00 01"}).json()
    assert [one["gate"] for one in why] == [Gate.BUDGET_REACHED]


def test_pages_are_in_order_for_who_cannot_see_them(rig: Rig, person: TestClient) -> None:
    campaign = rig.campaign()
    for path in (
        f"/campaigns/{campaign}/preflight", f"/campaigns/{campaign}/budget",
        "/lists/1/readiness/fr-commercial/commercial",
    ):  # fmt: skip
        page = Outline(person.get(path).text)
        assert page.levels[0] == page.levels.count(1) == 1, path
        steps = [
            after - before for before, after in zip(page.levels, page.levels[1:], strict=False)
        ]
        assert max(steps, default=0) <= 1, path
        assert len(page.ids) == len(set(page.ids)), path
        assert all(str(one.get("id")) in page.labelled for one in page.inputs), path


@pytest.mark.parametrize("code", ["fr", "en"])
def test_each_of_our_names_has_a_word_in_both_languages(code: str) -> None:
    known = language(code).translations._catalog  # type: ignore[attr-defined]
    for kind, names in (
        ("subject", Subject), ("verdict", Verdict), ("cause", Cause), ("ask", Cause),
    ):  # fmt: skip
        for name in names:
            assert known.get(f"{kind}\x04{name.value}"), (code, kind, name)


def test_values_are_written_as_the_language_writes_them() -> None:
    french, english = language("fr"), language("en")
    assert english.money(1_234_500_000) == "€1,234.50"
    assert shown(english, Euros(5_000)) == "€0.00"
    assert shown(french, 1200).replace("\N{NARROW NO-BREAK SPACE}", " ") == "1 200"
    assert shown(english, "+33199001234").startswith("+33")
