"""Users over the API: what a key of the installation may do, and no other."""

from collections.abc import Iterator

import pytest
from api_samples import Rig
from fastapi.testclient import TestClient
from people_who_sign_in import PASSWORD, a_user
from test_api_users import browser, sign_in

from campaigns.access import Role

pytestmark = pytest.mark.usefixtures("quick_passwords")

USERS = "/api/v1/installation/users"
EMAIL = "zoe@example.org"


@pytest.fixture
def people(rig: Rig) -> Iterator[TestClient]:
    """A client whose key looks after users."""
    with rig.scoped("installation") as made:
        yield made


def test_somebody_is_added_given_roles_and_signs_in(rig: Rig, people: TestClient) -> None:
    made = people.post(USERS, json={"email": " Zoe@Example.org "}).json()
    assert (made["email"], made["roles"], made["has_password"]) == (EMAIL, {}, False)
    path = made["link"].removeprefix("http://testserver")
    given = people.put(f"{USERS}/{made['id']}/roles/1", json={"roles": ["reader", "operator"]})
    assert given.json()["roles"] == {"1": ["operator", "reader"]}
    client = browser(rig.app)
    client.post(path, data={"password": PASSWORD, "again": PASSWORD})
    assert sign_in(client) == 303
    assert client.get("/campaigns").status_code == 200
    assert people.get(f"{USERS}/{made['id']}").json()["has_password"]


def test_whoever_leaves_is_out_at_once_and_can_come_back(rig: Rig, people: TestClient) -> None:
    zoe = a_user(rig.workspace, EMAIL, roles={1: {Role.MANAGER}})
    client = browser(rig.app)
    sign_in(client)
    assert people.patch(f"{USERS}/{zoe}", json={"disabled": True}).json()["disabled_at"]
    assert client.get("/campaigns").headers["location"] == "/login"
    assert people.patch(f"{USERS}/{zoe}", json={"disabled": False}).json()["disabled_at"] is None


def test_the_last_administrator_stays(rig: Rig, people: TestClient) -> None:
    zoe = a_user(rig.workspace, EMAIL, administrator=True)
    for change in ({"administrator": False}, {"disabled": True}):
        answer = people.patch(f"{USERS}/{zoe}", json=change)
        assert (answer.status_code, answer.json()["code"]) == (409, "not_allowed")


def test_a_link_is_shown_once(people: TestClient) -> None:
    once = {"Idempotency-Key": "zoe"}
    first = people.post(USERS, json={"email": EMAIL}, headers=once)
    again = people.post(USERS, json={"email": EMAIL}, headers=once)
    assert first.json()["link"]
    assert again.json() == {**first.json(), "link": None}


def test_an_address_that_is_taken_or_none_is_refused(people: TestClient) -> None:
    people.post(USERS, json={"email": EMAIL})
    for email in (EMAIL, "zoe"):
        answer = people.post(USERS, json={"email": email})
        assert (answer.status_code, answer.json()["field"]) == (422, "email")


def test_who_is_not_there_is_not_found(people: TestClient) -> None:
    for asked in (
        people.get(f"{USERS}/99"),
        people.patch(f"{USERS}/99", json={}),
        people.put(f"{USERS}/99/roles/1", json={"roles": []}),
        people.post(f"{USERS}/99/link"),
    ):
        assert asked.status_code == 404


def test_a_controller_is_added_once(people: TestClient) -> None:
    path = "/api/v1/installation/controllers"
    made = people.post(path, json={"name": "Comité"}).json()
    assert people.post(path, json={"name": "Comité"}).json() == made
    assert made in people.get(path).json()["items"]


def test_a_controller_is_limited_and_its_limit_lifted(people: TestClient) -> None:
    path = "/api/v1/installation/controllers"
    made = people.post(path, json={"name": "Comité"}).json()
    assert (made["max_channels"], made["max_cps"]) == (None, None)
    one = f"{path}/{made['id']}"
    limited = people.patch(one, json={"max_channels": 50, "max_cps": 2.5}).json()
    assert (limited["max_channels"], limited["max_cps"]) == (50, 2.5)
    lifted = people.patch(one, json={"max_channels": None}).json()
    assert (lifted["max_channels"], lifted["max_cps"]) == (None, 2.5)
    assert lifted in people.get(path).json()["items"]
    for wrong in ({}, {"max_channels": 0}, {"max_cps": 1e9}, {"weight": 2}):
        assert people.patch(one, json=wrong).status_code == 422
    assert people.patch(f"{path}/999", json={"max_channels": 1}).status_code == 404


def test_no_other_key_reaches_users_nor_can_make_one_that_does(rig: Rig) -> None:
    for client in (rig.ours, rig.theirs, rig.scoped("programs", "trunks:read")):
        assert client.get(USERS).status_code == 403
        one = client.patch("/api/v1/installation/controllers/1", json={"max_channels": 1})
        assert one.status_code == 403
        made = client.post("/api/v1/keys", json={"name": "more", "scopes": ["installation"]})
        assert (made.status_code, made.json()["field"]) == (422, "scopes")


def test_a_key_of_the_installation_sees_no_controllers_data(people: TestClient) -> None:
    for path in ("campaigns", "lists", "suppressions", "audit", "keys"):
        assert people.get(f"/api/v1/{path}").status_code == 403
