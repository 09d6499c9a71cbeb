"""A receipt leaves by the page that asked for it, and only after an officer rang its number."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from erasing import with_key
from sqlalchemy import Engine, select
from workspaces import a_workspace

from campaigns.callback import CallerAct, Said
from campaigns.errors import InvalidInput, NotAllowed, NotFound, SuppressionKeyMissing
from campaigns.receipt_code import code_of, is_code, word_of
from operations import public_pages
from operations.callbacks import carry_out
from operations.erase import erase
from operations.receipt_links import (
    CODE_LASTS,
    MOST_TRIES,
    RELEASED_FOR,
    SHOWN_ON,
    Link,
    Standing,
    make,
    of_request,
    receipt_of,
    release,
    seen,
)
from operations.requests import close_request
from operations.retain import LINKS_KEPT, retain
from operations.workspace import Workspace
from store import audit, callbacks, controllers, requests, suppression_keys
from store.engine import reading, writing
from store.tables import receipt_link

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
LINE, CALLER, OTHERS_LINE = "+33199001234", "+33639980001", "+33199005678"


@pytest.fixture
def store_with_key(store: Engine) -> Engine:
    with_key(store)
    return store


@pytest.fixture
def workspace(store_with_key: Engine, tmp_path: Path) -> Workspace:
    return a_workspace(store_with_key, tmp_path)


def a_controller(workspace: Workspace, name: str, line: str) -> int:
    with writing(workspace.engine) as connection:
        made = controllers.ensure(connection, name, NOW)
        callbacks.install(
            connection, line, controller_id=made, form_id=None, language="fr", message="m",
            installed_at=NOW, installed_by="Zoé",
        )  # fmt: skip
    public_pages.publish(workspace, made, "Zoé")
    return made


@pytest.fixture
def owner(workspace: Workspace) -> int:
    return a_controller(workspace, "Comité", LINE)


@pytest.fixture
def other(workspace: Workspace) -> int:
    return a_controller(workspace, "Un autre", OTHERS_LINE)


@pytest.fixture
def secret(workspace: Workspace, owner: int) -> str:
    with time_machine.travel(NOW, tick=False):
        return make(workspace, owner)


def keyed(
    workspace: Workspace, code: str, *, at: datetime = NOW, call: str = "1.1", **changed: object
) -> bool:
    given = {"called": LINE[1:], "caller": CALLER, "keyed": False, **changed}
    return carry_out(workspace.engine, Said(CallerAct.CODE, call, at, code=code, **given))  # type: ignore[arg-type]


def shown(workspace: Workspace, secret: str, at: datetime = NOW) -> Link:
    return seen(workspace, "comite", secret, at)


def asked(workspace: Workspace, owner: int) -> list[dict[str, object]]:
    with reading(workspace.engine) as connection:
        return requests.of_controller(connection, owner, closed=True)


def acts(workspace: Workspace, owner: int) -> list[str]:
    with reading(workspace.engine) as connection:
        return [one["act"] for one in audit.latest(connection, owner, 50)]


def test_a_page_shows_its_code_until_it_is_keyed(workspace: Workspace, secret: str) -> None:
    found = shown(workspace, secret)
    assert found.standing is Standing.WAITING
    assert is_code(found.code)
    assert found.number == ""
    assert shown(workspace, secret, NOW + CODE_LASTS).standing is Standing.OVER


def test_the_database_holds_neither_secret_nor_code_nor_word(
    workspace: Workspace, secret: str
) -> None:
    with reading(workspace.engine) as connection:
        held = str(connection.execute(select(receipt_link)).all())
    assert secret not in held
    assert code_of(secret) not in held
    assert f"'{word_of(secret)}'" not in held


def test_a_code_that_is_keyed_opens_a_request_for_the_number_of_the_call(
    workspace: Workspace, owner: int, secret: str
) -> None:
    with time_machine.travel(NOW, tick=False):
        assert keyed(workspace, code_of(secret))
        (request,) = asked(workspace, owner)
        assert (request["kind"], request["number"]) == ("access", CALLER)
        assert of_request(workspace, owner, 1) is Standing.ASKED
    found = shown(workspace, secret)
    assert (found.standing, found.number) == (Standing.ASKED, "+33 6 39 •• •• 01")
    assert found.request == {"due_on": request["due_on"], "closed_at": None}


def test_a_call_gives_nothing_out_by_itself(workspace: Workspace, secret: str) -> None:
    """A network says what it is told to: who forges a number must not read its owner's receipt."""
    keyed(workspace, code_of(secret))
    with pytest.raises(NotAllowed):
        receipt_of(workspace, "comite", secret, "pdf")


def test_a_code_is_taken_once(workspace: Workspace, owner: int, secret: str) -> None:
    keyed(workspace, code_of(secret))
    keyed(workspace, code_of(secret), call="1.2", caller="+33639980002")
    assert shown(workspace, secret).number == "+33 6 39 •• •• 01"
    assert len(asked(workspace, owner)) == 2, "who keys it later has asked all the same"
    assert of_request(workspace, owner, 2) is None


def test_a_line_that_is_read_twice_asks_once(workspace: Workspace, owner: int, secret: str) -> None:
    assert keyed(workspace, code_of(secret))
    assert not keyed(workspace, code_of(secret))
    assert len(asked(workspace, owner)) == 1


def test_it_counts_when_a_code_was_keyed_and_not_when_that_was_read(
    workspace: Workspace, owner: int, secret: str
) -> None:
    with time_machine.travel(NOW + timedelta(days=2), tick=False):
        keyed(workspace, code_of(secret), at=NOW + CODE_LASTS)
        assert of_request(workspace, owner, 1) is Standing.ASKED


def test_a_code_that_is_too_old_is_a_request_and_opens_no_page(
    workspace: Workspace, owner: int, secret: str
) -> None:
    keyed(workspace, code_of(secret), at=NOW + CODE_LASTS + timedelta(seconds=1))
    assert len(asked(workspace, owner)) == 1
    assert of_request(workspace, owner, 1) is None
    assert shown(workspace, secret).standing is Standing.WAITING


def test_a_code_is_of_one_controller(
    workspace: Workspace, owner: int, other: int, secret: str
) -> None:
    keyed(workspace, code_of(secret), called=OTHERS_LINE[1:])
    assert shown(workspace, secret).standing is Standing.WAITING
    assert len(asked(workspace, other)) == 1
    assert asked(workspace, owner) == []


def test_an_officer_releases_it_by_what_the_page_alone_shows(
    workspace: Workspace, owner: int, secret: str
) -> None:
    with time_machine.travel(NOW, tick=False):
        keyed(workspace, code_of(secret))
        release(workspace, owner, 1, f" {word_of(secret)} ", "Zoé")
        assert shown(workspace, secret).standing is Standing.RELEASED
        found = receipt_of(workspace, "comite", secret, "pdf")
    assert (found.number, found.controller) == (CALLER, "Comité")
    (request,) = asked(workspace, owner)
    assert request["closed_by"] == "Zoé"
    assert {"receipt.issue", "receipt.release", "request.close"} <= set(acts(workspace, owner))
    over = NOW + RELEASED_FOR
    assert shown(workspace, secret, over).standing is Standing.OVER
    with time_machine.travel(over, tick=False), pytest.raises(NotAllowed):
        receipt_of(workspace, "comite", secret, "pdf")


def test_wrong_digits_release_nothing_and_soon_nothing_does(
    workspace: Workspace, owner: int, secret: str
) -> None:
    keyed(workspace, code_of(secret))
    wrong = f"{(int(word_of(secret)) + 1) % 10_000:04}"
    with time_machine.travel(NOW, tick=False):
        for _ in range(MOST_TRIES):
            with pytest.raises(InvalidInput, match="digits"):
                release(workspace, owner, 1, wrong, "Zoé")
        with pytest.raises(NotAllowed):
            release(workspace, owner, 1, word_of(secret), "Zoé")
    assert shown(workspace, secret).standing is Standing.BY_HAND
    assert acts(workspace, owner).count("receipt.mistake") == MOST_TRIES
    assert asked(workspace, owner)[0]["closed_at"] is None, "it is still owed an answer"


def test_a_number_that_was_keyed_in_is_never_released(
    workspace: Workspace, owner: int, secret: str
) -> None:
    keyed(workspace, code_of(secret), keyed=True)
    assert shown(workspace, secret).standing is Standing.BY_HAND
    with time_machine.travel(NOW, tick=False), pytest.raises(NotAllowed):
        release(workspace, owner, 1, word_of(secret), "Zoé")
    assert len(asked(workspace, owner)) == 1


def test_what_was_answered_otherwise_is_said_and_not_released(
    workspace: Workspace, owner: int, secret: str
) -> None:
    with time_machine.travel(NOW, tick=False):
        keyed(workspace, code_of(secret))
        close_request(workspace, owner, 1, "by post", "Zoé")
        with pytest.raises(NotAllowed):
            release(workspace, owner, 1, word_of(secret), "Zoé")
    assert shown(workspace, secret).standing is Standing.ANSWERED


def test_nothing_is_released_for_another_controller(
    workspace: Workspace, owner: int, other: int, secret: str
) -> None:
    keyed(workspace, code_of(secret))
    with pytest.raises(NotFound):
        release(workspace, other, 1, word_of(secret), "Eve")
    assert of_request(workspace, other, 1) is None
    for read in (seen, receipt_of):
        with pytest.raises(NotFound):
            read(workspace, "un-autre", secret, "pdf")  # type: ignore[operator]


def test_a_request_that_came_otherwise_has_no_page(workspace: Workspace, owner: int) -> None:
    carry_out(workspace.engine, Said(CallerAct.ACCESS, "1.1", NOW, LINE[1:], CALLER, keyed=False))
    with pytest.raises(NotFound):
        release(workspace, owner, 1, "0000", "Zoé")


def test_a_page_that_was_withdrawn_still_answers_who_has_asked(
    workspace: Workspace, owner: int, secret: str
) -> None:
    keyed(workspace, code_of(secret))
    public_pages.withdraw(workspace, owner, "Zoé")
    assert shown(workspace, secret).standing is Standing.ASKED


def test_an_erasure_takes_the_link_with_it(workspace: Workspace, owner: int, secret: str) -> None:
    keyed(workspace, code_of(secret))
    erase(workspace, owner, CALLER, "Zoé")
    with pytest.raises(NotFound):
        shown(workspace, secret)


def test_links_go_when_their_time_is_over(workspace: Workspace, owner: int, secret: str) -> None:
    late = NOW + CODE_LASTS + LINKS_KEPT
    retain(workspace, late)
    assert shown(workspace, secret).standing is Standing.WAITING
    retain(workspace, late + timedelta(seconds=1))
    with pytest.raises(NotFound):
        shown(workspace, secret)


def test_a_link_that_was_asked_with_lasts_beyond_the_answers_last_day(
    workspace: Workspace, owner: int, secret: str
) -> None:
    keyed(workspace, code_of(secret))
    due = datetime(2026, 12, 28, 23, 0, tzinfo=UTC)  # midnight in Paris after the 28th
    assert shown(workspace, secret, due).standing is Standing.ASKED
    assert shown(workspace, secret, due + SHOWN_ON).standing is Standing.OVER


def test_without_the_suppression_key_no_code_is_given_and_requests_still_come_in(
    workspace: Workspace, owner: int, secret: str
) -> None:
    suppression_keys.use(workspace.engine, None)
    with pytest.raises(SuppressionKeyMissing):
        make(workspace, owner)
    assert keyed(workspace, code_of(secret))
    assert len(asked(workspace, owner)) == 1
