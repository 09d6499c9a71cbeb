"""The public page: who calls, a refusal at once, a receipt for nobody but whose number it is."""

from collections.abc import Iterator
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import pytest
from api_samples import Rig, form_token
from fastapi.testclient import TestClient
from sqlalchemy import select
from test_api_consent import Outline

from api import public
from api.visits import OF_ONE_ADDRESS, SECONDS
from campaigns.callback import CallerAct, Said
from campaigns.receipt_code import code_of, word_of
from operations import consent_forms, public_pages
from operations.callbacks import carry_out
from operations.consent_forms import NewForm
from operations.suppress import Owner, listed, suppress
from store import callbacks, controllers, suppression_keys
from store.engine import reading, writing
from store.tables import audit_event

LINE, NUMBER = "+33199000001", "06 39 98 00 01"
PAGE = "/people/elan-valbourg"


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public, "LEAST_S", 0)


@pytest.fixture
def owner(rig: Rig) -> int:
    """A controller with a page, and one without."""
    with writing(rig.workspace.engine) as connection:
        found = controllers.named(connection, "Élan Valbourg")
        callbacks.install(
            connection, LINE, controller_id=found, form_id=None, language="fr", message="m",
            installed_at=datetime.now(UTC), installed_by="Zoé",
        )  # fmt: skip
    public_pages.publish(rig.workspace, found, "Zoé")
    return found


@pytest.fixture
def visitor(rig: Rig, owner: int) -> Iterator[TestClient]:
    with TestClient(
        rig.app, follow_redirects=False, headers={"Accept-Language": "fr-FR,fr;q=0.9"}
    ) as client:
        yield client


def asked(visitor: TestClient) -> str:
    """The path of a page of one's own, with its language."""
    answer = visitor.post(f"{PAGE}/receipt")
    assert answer.status_code == 303
    return str(answer.headers["location"])


def secret_of(path: str) -> str:
    return path.rpartition("/")[2].partition("?")[0]


def keyed(rig: Rig, path: str, *, keyed_in: bool = False) -> None:
    """Somebody calls the line and keys the code of the page."""
    code = code_of(secret_of(path))
    said = Said(CallerAct.CODE, "1.1", datetime.now(UTC), LINE[1:], "0639980001", keyed_in, code)
    assert carry_out(rig.workspace.engine, said)


def test_the_page_in_both_languages(visitor: TestClient) -> None:
    for code, words in (("fr", "Les appels de Élan Valbourg"), ("en", "Calls from Élan Valbourg")):
        answer = visitor.get(PAGE, headers={"Accept-Language": code})
        assert answer.status_code == 200
        assert words in answer.text
        assert "CNIL" in answer.text
        assert "+33\N{NO-BREAK SPACE}1\N{NO-BREAK SPACE}99" in answer.text, "who can be called"
        assert Outline(visitor.get(f"{PAGE}?lang={code}").text).languages[0] == code


def test_controllers_are_found_by_name_and_those_without_a_page_are_not(
    rig: Rig, visitor: TestClient, owner: int
) -> None:
    page = visitor.get("/people").text
    assert "Élan Valbourg" in page
    assert "Somebody else" not in page
    public_pages.withdraw(rig.workspace, owner, "Zoé")
    assert "Élan Valbourg" not in visitor.get("/people").text


@pytest.mark.parametrize("path", ["/people", PAGE, f"{PAGE}/refuse", f"{PAGE}/refused", "receipt"])
def test_no_page_needs_a_script_sets_a_cookie_or_loads_from_elsewhere(
    visitor: TestClient, path: str
) -> None:
    path = asked(visitor).partition("?")[0] if path == "receipt" else path
    answer = visitor.get(f"{path}?lang=en")
    outline = Outline(answer.text)
    assert (answer.status_code, outline.scripts, outline.headings) == (200, 0, 1)
    assert "set-cookie" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer", "an address of one's own is a secret"
    assert "noindex" in answer.headers["x-robots-tag"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert all(
        one.startswith(("/static/", "/people", "/consent/", "?lang=", "#", PAGE))
        for one in outline.links
    )
    assert {one["id"] for one in outline.inputs} <= outline.labelled
    assert set(outline.described) <= set(outline.ids)
    assert len(outline.ids) == len(set(outline.ids))


@pytest.mark.parametrize("path", ["", "/refuse", "/refused", "/receipt/none"])
def test_there_is_no_such_page(rig: Rig, visitor: TestClient, owner: int, path: str) -> None:
    withdrawn = visitor.get(f"/people/nobody{path}")
    assert withdrawn.status_code == 404
    assert "Cette page n’existe pas" in withdrawn.text
    public_pages.withdraw(rig.workspace, owner, "Zoé")
    unknown = visitor.get(f"{PAGE}{path}")
    assert unknown.status_code == 404
    assert unknown.text == withdrawn.text, "nothing tells whether there ever was one"
    for sent in ("refuse", "receipt"):
        assert visitor.post(f"{PAGE}/{sent}", data={"number": NUMBER}).status_code == 404
    assert listed(rig.workspace.engine, Owner.controller(owner)) == []


@pytest.mark.parametrize("slug", ["%00", "Elan-Valbourg", "..", "a" * 300, "%F0%9F%98%80"])
def test_what_is_no_address_is_no_page(visitor: TestClient, slug: str) -> None:
    for path in (f"/people/{slug}", f"/people/{slug}/receipt/%00"):
        assert visitor.get(path).status_code in {404, 303}


def test_what_goes_wrong_sets_no_cookie_either(rig: Rig, visitor: TestClient) -> None:
    suppression_keys.use(rig.workspace.engine, None)
    answer = visitor.post(f"{PAGE}/receipt?lang=en")
    assert answer.status_code == 503
    assert "set-cookie" not in answer.headers


def test_refusing_is_in_force_when_the_answer_comes(
    rig: Rig, visitor: TestClient, owner: int
) -> None:
    wrong = visitor.post(f"{PAGE}/refuse", data={"number": "12"})
    assert wrong.status_code == 422
    assert 'href="#phone"' in wrong.text
    answer = visitor.post(f"{PAGE}/refuse", data={"number": NUMBER})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}/refused?lang=fr")
    assert "Vous ne serez pas appelé" in visitor.get(answer.headers["location"]).text
    (found,) = listed(rig.workspace.engine, Owner.controller(owner))
    assert found["number"] == "+33639980001"


def answers(client: TestClient, number: str) -> tuple[Any, ...]:
    answer = client.post(f"{PAGE}/refuse", data={"number": number})
    seen = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    return answer.status_code, answer.text, seen


def test_nothing_tells_whether_a_number_is_known_refused_or_new(
    rig: Rig, visitor: TestClient, owner: int
) -> None:
    rig.import_list()
    suppress(rig.workspace.engine, Owner.controller(owner), "0639980002", source="key", by="x")
    seen = [answers(visitor, f"06 39 98 00 {one}") for one in ("01", "01", "02", "99")]
    assert seen == seen[:1] * 4


def test_how_long_an_answer_takes_tells_nothing(
    visitor: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public, "LEAST_S", 0.05)
    begun = monotonic()
    assert visitor.post(f"{PAGE}/refuse", data={"number": NUMBER}).status_code == 303
    assert monotonic() - begun >= 0.05


def test_no_more_than_so_many_from_one_address_and_each_kind_apart(visitor: TestClient) -> None:
    for _ in range(OF_ONE_ADDRESS):
        asked(visitor)
    answer = visitor.post(f"{PAGE}/receipt")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, str(SECONDS))
    for index in range(OF_ONE_ADDRESS):
        sent = {"number": f"06 39 98 01 {index:02}"}
        assert visitor.post(f"{PAGE}/refuse", data=sent).status_code == 303
    answer = visitor.post(f"{PAGE}/refuse", data={"number": NUMBER})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, str(SECONDS))


def test_it_leads_to_the_consent_forms_that_are_open(
    rig: Rig, visitor: TestClient, owner: int
) -> None:
    asked_for = NewForm("Stand", ["political"], {"fr": "J'accepte."}, [], "stand")
    consent_forms.create(rig.workspace.engine, owner, asked_for, "Zoé")
    page = visitor.get(PAGE).text
    assert "/consent/stand?lang=fr" in page
    assert "messages politiques" in page
    assert "Stand" not in page, "how it is called among its own people"


def test_without_a_line_nobody_is_given_a_code_to_key(
    rig: Rig, visitor: TestClient, owner: int
) -> None:
    with writing(rig.workspace.engine) as connection:
        callbacks.remove(connection, LINE, datetime.now(UTC))
    assert f'action="{PAGE}/receipt' not in visitor.get(PAGE).text


def test_a_receipt_from_the_page_over_a_call_and_an_officer_to_the_file(
    rig: Rig, visitor: TestClient, person: TestClient
) -> None:
    path = asked(visitor)
    secret = secret_of(path)
    code = code_of(secret)
    assert f"{code[:3]} {code[3:6]} {code[6:]}" in visitor.get(path).text
    assert visitor.post(path, data={"shape": "json"}).status_code == 404
    keyed(rig, path)
    told = visitor.get(path).text
    assert word_of(secret) in told
    assert "39\N{NO-BREAK SPACE}98" not in told
    assert visitor.post(path, data={"shape": "json"}).status_code == 404, "a call proves nothing"
    shown = person.get("/requests/1").text
    assert word_of(secret) not in shown, "the officer has it from whoever answers the telephone"
    token = {"form_token": form_token(shown)}
    wrong = person.post("/requests/1/release", data={**token, "word": "x"})
    assert wrong.status_code == 422
    assert 'href="#f-word"' in wrong.text
    done = person.post("/requests/1/release", data={**token, "word": word_of(secret)})
    assert done.status_code == 303
    assert "reçu remis sur la page publique" in person.get("/requests/1").text
    found = visitor.post(path, data={"shape": "json"})
    assert found.json()["number"] == "+33639980001"
    assert found.headers["content-disposition"] == 'attachment; filename="receipt.json"'
    for tongue in ("fr", "en"):
        drawn = visitor.post(path, data={"shape": "pdf", "tongue": tongue})
        assert drawn.content.startswith(b"%PDF-")
        assert "noindex" in drawn.headers["x-robots-tag"]


def test_an_anonymous_call_releases_nothing(
    rig: Rig, visitor: TestClient, person: TestClient
) -> None:
    path = asked(visitor)
    keyed(rig, path, keyed_in=True)
    told = visitor.get(path).text
    assert word_of(secret_of(path)) not in told
    shown = person.get("/requests/1").text
    assert "/requests/1/release" not in shown
    token = {"form_token": form_token(shown), "word": word_of(secret_of(path))}
    assert person.post("/requests/1/release", data=token).status_code == 409
    assert visitor.post(path, data={"shape": "json"}).status_code == 404


def test_files_are_given_out_so_often_and_no_more(rig: Rig, visitor: TestClient) -> None:
    path = asked(visitor)
    for _ in range(OF_ONE_ADDRESS):
        assert visitor.post(path, data={"shape": "json"}).status_code == 404
    answer = visitor.post(path, data={"shape": "json"})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, str(SECONDS))


def test_a_page_of_ones_own_is_of_one_controller(rig: Rig, visitor: TestClient, owner: int) -> None:
    with reading(rig.workspace.engine) as connection:
        other = controllers.named(connection, "Somebody else")
    slug = public_pages.publish(rig.workspace, other, "Zoé")
    path = asked(visitor)
    keyed(rig, path)
    elsewhere = path.replace("elan-valbourg", slug)
    assert visitor.get(path).status_code == 200
    assert visitor.get(elsewhere).status_code == 404


def test_the_audit_tells_what_was_done_and_no_secret(rig: Rig, visitor: TestClient) -> None:
    path = asked(visitor)
    keyed(rig, path)
    visitor.post(f"{PAGE}/refuse", data={"number": NUMBER})
    with reading(rig.workspace.engine) as connection:
        held = str(connection.execute(select(audit_event)).all())
    for hidden in (secret_of(path), code_of(secret_of(path)), "639980001", "39 98 00 01"):
        assert hidden not in held
    assert "suppression.add" in held


def test_the_officer_publishes_and_withdraws(rig: Rig, person: TestClient, owner: int) -> None:
    shown = person.get("/public-page").text
    assert PAGE in shown
    token = {"form_token": form_token(shown)}
    assert person.post("/public-page/withdraw", data=token).status_code == 303
    assert rig.nobody.get(PAGE).status_code == 404
    assert person.post("/public-page/withdraw", data=token).status_code == 404
    assert person.post("/public-page/publish", data=token).status_code == 303
    assert rig.nobody.get(PAGE).status_code == 200


def test_who_is_no_officer_publishes_nothing(rig: Rig, owner: int) -> None:
    assert rig.scoped("campaigns:read").get("/public-page").status_code == 403
