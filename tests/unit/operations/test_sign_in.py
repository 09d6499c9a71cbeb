"""Signing in: who gets in, how guessing is slowed, and what is on record."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyotp
import pytest
import time_machine
from people_who_sign_in import OTHER, PASSWORD, QUICK, a_user
from sqlalchemy import Engine, select
from workspaces import a_workspace

from campaigns.access import Permission, Role
from campaigns.errors import InvalidInput, NotFound
from campaigns.password import FREE_GUESSES, LONGEST_WAIT_S
from operations import accounts, controllers, second_factor, sessions, sign_in, suppression_key
from operations.keys import make_key
from operations.sealing import seal_what_is_plain
from operations.sign_in import MOST_CODES, MOST_OF_A_NETWORK, Opened, TooMany
from operations.workspace import Workspace
from store import accounts as kept_accounts
from store import audit, suppression_keys
from store.engine import reading, writing
from store.tables import account, audit_event, sign_in_attempt, web_session

HOME, AWAY = "192.0.2.1", "198.51.100.7"
EMAIL = "zoe@example.org"


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 11, 26, 9, tzinfo=UTC), tick=False) as moved:
        yield moved


@pytest.fixture
def workspace(
    store: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: time_machine.Traveller
) -> Workspace:
    monkeypatch.setattr("operations.passwords._hasher", QUICK)
    made = a_workspace(store, tmp_path)
    suppression_key.take_up(made.settings, store)
    for name in ("A", "B"):
        controllers.add(made, name, "test")
    return made


@pytest.fixture
def zoe(workspace: Workspace) -> int:
    return a_user(workspace, roles={1: {Role.MANAGER}, 2: {Role.READER}})


def tried(
    workspace: Workspace, password: str = PASSWORD, email: str = EMAIL, network: str = HOME
) -> Opened | None:
    begun = sign_in.begin(workspace, email, network)
    return sign_in.by_password(workspace, begun, email, password)


def signed_in(workspace: Workspace, **where: str) -> str:
    opened = tried(workspace, **where)
    assert opened is not None
    assert not opened.awaits_code
    return opened.token


def acts(workspace: Workspace) -> list[tuple[str, str]]:
    with reading(workspace.engine) as connection:
        rows = connection.execute(
            select(audit_event.c.actor, audit_event.c.act).order_by(audit_event.c.sequence)
        )
        return [(row.actor, row.act) for row in rows]


def test_the_right_password_opens_a_session_with_the_roles_of_its_owner(
    workspace: Workspace, zoe: int
) -> None:
    token = signed_in(workspace, email="  Zoe@Example.org ")
    found = sessions.asker(workspace, token)
    assert found is not None
    assert (found.name, found.account_id, found.controller_id) == (EMAIL, zoe, 1)
    assert found.controllers == {1: "A", 2: "B"}
    assert Permission.CAMPAIGNS_LAUNCH in found.permissions
    assert acts(workspace)[-1] == (EMAIL, "session.open")


def test_acting_for_another_controller_is_with_the_roles_one_has_there(
    workspace: Workspace, zoe: int
) -> None:
    token = signed_in(workspace)
    sessions.act_for(workspace, token, zoe, 2)
    found = sessions.asker(workspace, token)
    assert found is not None
    assert (found.controller_id, found.roles) == (2, {Role.READER})
    with reading(workspace.engine) as connection:
        (act, *_) = audit.latest(connection, 2, 1)
    assert (act["actor"], act["act"]) == (EMAIL, "session.act_for")
    assert Permission.CAMPAIGNS_LAUNCH not in found.permissions
    with pytest.raises(NotFound):
        sessions.act_for(workspace, token, zoe, 3)


def test_a_role_that_is_taken_away_is_gone_at_the_next_request(
    workspace: Workspace, zoe: int
) -> None:
    token = signed_in(workspace)
    accounts.set_roles(workspace, zoe, 1, [], "test")
    found = sessions.asker(workspace, token)
    assert found is not None
    assert found.controllers == {2: "B"}
    assert found.controller_id == 2
    accounts.set_roles(workspace, zoe, 2, [], "test")
    found = sessions.asker(workspace, token)
    assert found is not None
    assert found.controller_id is None
    assert found.permissions == {Permission.ACCOUNT}


@pytest.mark.usefixtures("zoe")
@pytest.mark.parametrize(
    ("email", "password"),
    [
        (EMAIL, OTHER),
        (EMAIL, ""),
        ("nobody@example.org", PASSWORD),
        ("", ""),
        (EMAIL, "x" * 100_000),
    ],
)
def test_anything_else_opens_nothing(workspace: Workspace, email: str, password: str) -> None:
    assert tried(workspace, password, email) is None
    with reading(workspace.engine) as connection:
        assert connection.execute(select(web_session)).all() == []


def test_who_is_disabled_or_has_no_password_does_not_get_in(workspace: Workspace, zoe: int) -> None:
    token = signed_in(workspace)
    accounts.disable(workspace, a_user(workspace, "al@example.org"), "test")
    assert tried(workspace, email="al@example.org") is None
    accounts.add_user(workspace, "new@example.org", "test")
    assert tried(workspace, "", "new@example.org") is None
    accounts.disable(workspace, zoe, "test")
    assert sessions.asker(workspace, token) is None


def test_a_failure_is_on_record_without_what_was_typed(workspace: Workspace, zoe: int) -> None:
    del zoe
    tried(workspace, OTHER)
    tried(workspace, OTHER, "trois chats et un piano")  # a password in the wrong field
    with reading(workspace.engine) as connection:
        latest = audit.latest(connection, None, 2)
    assert [(one["actor"], one["act"], one["subject"]) for one in latest] == [
        ("somebody", "session.fail", "nobody"),
        (EMAIL, "session.fail", "user 1"),
    ]
    assert "piano" not in repr(latest)


def test_guessing_gets_slower_and_as_slow_for_nobody_as_for_somebody(
    workspace: Workspace, zoe: int
) -> None:
    del zoe
    waits: dict[str, list[float]] = {EMAIL: [], "nobody@example.org": []}
    for email, seen in waits.items():
        for guess in range(FREE_GUESSES + 7):
            begun = sign_in.begin(workspace, email, f"192.0.2.{guess}")
            seen.append(begun.wait_s)
    assert waits[EMAIL] == waits["nobody@example.org"]
    assert waits[EMAIL][:FREE_GUESSES] == [0] * FREE_GUESSES
    assert waits[EMAIL][-1] == LONGEST_WAIT_S


def test_guesses_that_come_together_are_slowed_all_the_same(workspace: Workspace) -> None:
    begun = [sign_in.begin(workspace, EMAIL, HOME).wait_s for _ in range(FREE_GUESSES + 2)]
    assert begun[-1] > begun[-2] > 0, "an attempt counts from its beginning"


def test_strangers_slow_nobody_down_at_home(workspace: Workspace, zoe: int) -> None:
    del zoe
    signed_in(workspace)
    for guess in range(100):
        tried(workspace, OTHER, network=f"198.51.100.{guess}")
    assert sign_in.begin(workspace, EMAIL, AWAY).wait_s == LONGEST_WAIT_S
    assert sign_in.begin(workspace, EMAIL, HOME).wait_s == 0
    signed_in(workspace)


def test_one_network_does_not_try_for_ever(
    workspace: Workspace, zoe: int, clock: time_machine.Traveller
) -> None:
    del zoe
    for guess in range(MOST_OF_A_NETWORK):
        tried(workspace, email=f"{guess}@example.org", network=AWAY)
    with pytest.raises(TooMany):
        sign_in.begin(workspace, EMAIL, AWAY)
    signed_in(workspace, network=HOME)
    clock.shift(timedelta(minutes=16))
    signed_in(workspace, network=AWAY)


def test_keys_are_tried_no_more_often_than_passwords_and_each_failure_is_on_record(
    workspace: Workspace, zoe: int, clock: time_machine.Traveller
) -> None:
    del zoe
    key = make_key(workspace, "A", "office", "test")
    for guess in range(MOST_OF_A_NETWORK):
        assert sign_in.by_key(workspace, f"pv_{guess}", AWAY) is None
    assert acts(workspace)[-1] == ("somebody", "session.fail")
    with reading(workspace.engine) as connection:
        (latest,) = audit.latest(connection, None, 1)
    assert (latest["detail"], "pv_" in repr(latest)) == ({"stage": "key"}, False)
    with pytest.raises(TooMany):
        sign_in.by_key(workspace, key, AWAY)
    with pytest.raises(TooMany):
        sign_in.begin(workspace, EMAIL, AWAY)
    assert sign_in.by_key(workspace, key, HOME) is not None
    clock.shift(timedelta(minutes=16))
    assert sign_in.by_key(workspace, key, AWAY) is not None


def test_a_key_that_is_none_is_looked_up_before_anything_is_written(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = make_key(workspace, "A", "office", "test")
    opened: list[str] = []
    monkeypatch.setattr(sessions, "open_for_key", lambda _, text: opened.append(text))
    sign_in.by_key(workspace, "pv_none", HOME)
    assert opened == []
    sign_in.by_key(workspace, key, HOME)
    assert opened == [key]


def test_attempts_are_forgotten_after_a_month(
    workspace: Workspace, clock: time_machine.Traveller
) -> None:
    tried(workspace)
    clock.shift(timedelta(days=31))
    tried(workspace, email="other@example.org")
    with reading(workspace.engine) as connection:
        assert len(connection.execute(select(sign_in_attempt)).all()) == 1


def test_a_session_ends_when_it_is_idle_and_at_the_end_of_its_day(
    workspace: Workspace, zoe: int, clock: time_machine.Traveller
) -> None:
    del zoe
    idle, used = signed_in(workspace), signed_in(workspace)
    for _ in range(11):
        clock.shift(timedelta(hours=1))
        assert sessions.asker(workspace, used) is not None
    assert sessions.asker(workspace, idle) is None
    clock.shift(timedelta(hours=1, seconds=1))
    assert sessions.asker(workspace, used) is None


def test_another_password_ends_every_other_session(workspace: Workspace, zoe: int) -> None:
    here, there = signed_in(workspace), signed_in(workspace)
    with pytest.raises(InvalidInput, match="not your password"):
        sign_in.change_password(workspace, zoe, here, OTHER, OTHER)
    assert sessions.asker(workspace, there) is not None
    sign_in.change_password(workspace, zoe, here, PASSWORD, OTHER)
    assert sessions.asker(workspace, here) is not None
    assert sessions.asker(workspace, there) is None
    assert tried(workspace, PASSWORD) is None
    assert tried(workspace, OTHER) is not None
    assert (EMAIL, "user.password") in acts(workspace)


def test_signing_out_everywhere_ends_every_session(workspace: Workspace, zoe: int) -> None:
    tokens = [signed_in(workspace) for _ in range(3)]
    assert sessions.close_all(workspace, zoe, EMAIL) == 3
    assert [sessions.asker(workspace, one) for one in tokens] == [None] * 3


def test_the_password_is_kept_as_argon2id_and_renewed_with_its_parameters(
    workspace: Workspace, zoe: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    del zoe
    stronger = type(QUICK)(time_cost=2, memory_cost=64, parallelism=1)
    monkeypatch.setattr("operations.passwords._hasher", stronger)
    signed_in(workspace)
    with reading(workspace.engine) as connection:
        kept = connection.execute(select(account.c.password)).scalar_one()
    assert kept.startswith("$argon2id$")
    assert "t=2" in kept


class TestSecondFactor:
    """With a second factor, the password alone opens nothing."""

    @pytest.fixture
    def secret(self, workspace: Workspace, zoe: int, clock: time_machine.Traveller) -> str:
        made = second_factor.new_secret()
        self.codes = second_factor.enrol(workspace, zoe, made, pyotp.TOTP(made).now())
        clock.shift(timedelta(minutes=1))
        return made

    def awaited(self, workspace: Workspace) -> str:
        opened = tried(workspace)
        assert opened is not None
        assert opened.awaits_code
        assert sessions.asker(workspace, opened.token) is None
        return opened.token

    def test_a_code_is_needed_too_and_is_taken_once(
        self, workspace: Workspace, secret: str
    ) -> None:
        code = pyotp.TOTP(secret).now()
        first, second = self.awaited(workspace), self.awaited(workspace)
        token = sign_in.by_code(workspace, first, code, HOME)
        assert token is not None
        assert token != first
        assert sessions.asker(workspace, token) is not None
        assert sign_in.by_code(workspace, second, code, HOME) is None, "it was taken before"

    def test_the_database_alone_has_no_secret(self, workspace: Workspace, secret: str) -> None:
        kept = self.kept(workspace)
        assert kept is not None
        assert secret not in kept

    def test_one_that_was_kept_plain_works_and_is_sealed_at_the_next_start(
        self, workspace: Workspace, zoe: int, secret: str
    ) -> None:
        with writing(workspace.engine) as connection:
            kept_accounts.change(connection, zoe, totp_secret=secret)
        code = pyotp.TOTP(secret).now()
        assert sign_in.by_code(workspace, self.awaited(workspace), code, HOME) is not None
        for _ in range(2):
            seal_what_is_plain(workspace.engine)
            kept = self.kept(workspace)
            assert kept is not None
            assert secret not in kept

    @pytest.mark.parametrize("plain", [True, False])
    def test_where_the_key_is_lost_a_recovery_code_still_opens(
        self, workspace: Workspace, zoe: int, secret: str, plain: bool
    ) -> None:
        if plain:
            with writing(workspace.engine) as connection:
                kept_accounts.change(connection, zoe, totp_secret=secret)
        suppression_keys.use(workspace.engine, None)
        seal_what_is_plain(workspace.engine)
        code = pyotp.TOTP(secret).now()
        opened = sign_in.by_code(workspace, self.awaited(workspace), code, HOME)
        assert (opened is not None) is plain
        opened = sign_in.by_code(workspace, self.awaited(workspace), self.codes[0], HOME)
        assert opened is not None

    def kept(self, workspace: Workspace) -> str | None:
        with reading(workspace.engine) as connection:
            return connection.execute(select(account.c.totp_secret)).scalar_one()

    @pytest.mark.parametrize("code", ["", "000000", "12345", "abcdef", "١٢٣٤٥٦", "é"])
    def test_any_other_code_opens_nothing(
        self, workspace: Workspace, secret: str, code: str
    ) -> None:
        del secret
        assert sign_in.by_code(workspace, self.awaited(workspace), code, HOME) is None
        assert acts(workspace)[-1] == (EMAIL, "session.fail")

    def test_a_clock_may_be_wrong_by_half_a_minute_and_no_more(
        self, workspace: Workspace, secret: str
    ) -> None:
        now = datetime.now(UTC)
        for seconds, right in ((-90, False), (90, False), (-30, True), (30, True)):
            code = pyotp.TOTP(secret).at(now + timedelta(seconds=seconds))
            opened = sign_in.by_code(workspace, self.awaited(workspace), code, HOME)
            assert (opened is not None) is right, seconds

    def test_a_recovery_code_opens_once(self, workspace: Workspace, zoe: int, secret: str) -> None:
        del secret
        typed = self.codes[0].upper().replace("-", " ")
        assert sign_in.by_code(workspace, self.awaited(workspace), typed, HOME) is not None
        assert sign_in.by_code(workspace, self.awaited(workspace), typed, HOME) is None
        assert second_factor.codes_left(workspace, zoe) == 9

    def test_codes_are_not_guessed_for_ever(
        self, workspace: Workspace, secret: str, clock: time_machine.Traveller
    ) -> None:
        token = self.awaited(workspace)
        for guess in range(MOST_CODES):
            sign_in.by_code(workspace, token, f"{guess:06}", f"192.0.2.{guess}")
        with pytest.raises(TooMany):
            sign_in.by_code(workspace, token, pyotp.TOTP(secret).now(), HOME)
        clock.shift(timedelta(minutes=16))
        code = pyotp.TOTP(secret).now()
        assert sign_in.by_code(workspace, self.awaited(workspace), code, HOME) is not None

    def test_the_code_must_come_soon(
        self, workspace: Workspace, secret: str, clock: time_machine.Traveller
    ) -> None:
        token = self.awaited(workspace)
        clock.shift(timedelta(minutes=11))
        with pytest.raises(sign_in.SessionOver):
            sign_in.by_code(workspace, token, pyotp.TOTP(secret).now(), HOME)

    def test_it_is_turned_off_with_the_password_or_by_an_administrator(
        self, workspace: Workspace, zoe: int, secret: str
    ) -> None:
        del secret
        with pytest.raises(InvalidInput, match="not your password"):
            second_factor.turn_off(workspace, zoe, OTHER)
        second_factor.turn_off(workspace, zoe, PASSWORD)
        signed_in(workspace)
        assert second_factor.codes_left(workspace, zoe) == 0

    def test_it_is_not_turned_on_with_a_wrong_code(self, workspace: Workspace, zoe: int) -> None:
        with pytest.raises(InvalidInput, match="not right"):
            second_factor.enrol(workspace, zoe, second_factor.new_secret(), "000000")
        with pytest.raises(InvalidInput, match="not right"):
            second_factor.enrol(workspace, zoe, "1" * 32, "000000")
        signed_in(workspace)

    def test_other_recovery_codes_put_the_first_out_of_force(
        self, workspace: Workspace, zoe: int, secret: str
    ) -> None:
        del secret
        codes = second_factor.renew_codes(workspace, zoe, PASSWORD)
        assert sign_in.by_code(workspace, self.awaited(workspace), self.codes[0], HOME) is None
        assert sign_in.by_code(workspace, self.awaited(workspace), codes[0], HOME) is not None
