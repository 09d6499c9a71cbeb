"""Roles and what they grant: nothing that is not written there."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.access import (
    GRANTED,
    OF_A_CONTROLLER,
    OF_ADMINISTRATORS,
    OF_KEYS,
    Permission,
    Role,
    granted,
    of_key,
)


def test_every_role_is_in_the_table() -> None:
    assert set(GRANTED) == set(Role)


def test_a_reader_changes_nothing_and_sees_nobodys_number() -> None:
    assert GRANTED[Role.READER] == {Permission.CAMPAIGNS_READ}


def test_whoever_answers_requests_launches_nothing_and_the_other_way_round() -> None:
    assert Permission.PRIVACY in GRANTED[Role.OFFICER]
    assert Permission.CAMPAIGNS_LAUNCH not in GRANTED[Role.OFFICER]
    assert Permission.PRIVACY not in GRANTED[Role.MANAGER]


def test_no_role_of_a_controller_reaches_the_installation_or_anybodys_account() -> None:
    assert OF_A_CONTROLLER.isdisjoint({Permission.INSTALLATION, Permission.ACCOUNT})


def test_an_administrator_sees_no_controllers_data() -> None:
    alone = granted([], administrator=True)
    assert alone == OF_ADMINISTRATORS | {Permission.ACCOUNT}
    assert not alone & {Permission.CAMPAIGNS_READ, Permission.PEOPLE_READ, Permission.AUDIT_READ}


@pytest.mark.parametrize("roles", list(combinations(Role, 2)))
def test_two_roles_grant_what_each_grants_and_no_more(roles: tuple[Role, Role]) -> None:
    first, second = roles
    together = granted(roles, administrator=False)
    assert together == GRANTED[first] | GRANTED[second] | {Permission.ACCOUNT}


def test_nobody_may_do_nothing_but_look_after_their_own_account() -> None:
    assert granted([], administrator=False) == {Permission.ACCOUNT}


def test_a_key_from_before_scopes_may_do_all_that_can_be_done_for_its_controller() -> None:
    assert of_key(None) == OF_A_CONTROLLER
    assert of_key([]) == frozenset()


@given(st.lists(st.one_of(st.sampled_from(list(Permission)).map(str), st.text())))
def test_a_scope_grants_itself_alone_and_never_an_account(scopes: list[str]) -> None:
    found = of_key(scopes)
    assert Permission.ACCOUNT not in found
    assert {one.value for one in found} == {one.value for one in OF_KEYS} & set(scopes)
