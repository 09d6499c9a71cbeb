"""No order of refusing, erasing, importing, preparing and claiming brings a refused number back."""

import io
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from erasing import with_key
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from postgres import Postgres
from sqlalchemy import Engine
from store_subjects import World, number
from workspaces import a_workspace

from campaigns.campaign import Campaign
from campaigns.contacts.basis import Provenance
from campaigns.errors import NotAllowed
from campaigns.outcome import Outcome
from dialer.book import write_closings
from dialer.calls import Call
from dialer.claim import Want, claim
from dialer.outcomes import never_placed
from operations.erase import erase
from operations.explain import why
from operations.import_list import import_list
from operations.suppress import Owner, suppress
from store.engine import writing
from store.refusals import Asked, Refusals

PEOPLE = 4
people = st.integers(0, PEOPLE - 1)
HEADER = "telephone;date_consentement;source;formulation\n"


class Life(RuleBasedStateMachine):
    """One controller's lists, campaigns and refusals, in any order."""

    make_store: Callable[[], Engine]

    def __init__(self) -> None:
        super().__init__()
        self.world = World(type(self).make_store())
        with_key(self.world.engine)
        self.directory = TemporaryDirectory()
        self.workspace = a_workspace(self.world.engine, Path(self.directory.name))
        self.controller = self.world.controller()
        self.refused: set[str] = set()
        self.campaigns = list[Campaign]()
        self.up: list[Call] = []
        self.files = 0

    def teardown(self) -> None:
        self.world.engine.dispose()
        self.directory.cleanup()

    @rule(who=people)
    def somebody_refuses(self, who: int) -> None:
        owner = Owner.controller(self.controller)
        suppress(self.world.engine, owner, number(who), source="", by="test")
        self.refused.add(number(who))

    @rule(who=people)
    def somebody_is_erased(self, who: int) -> None:
        try:
            erase(self.workspace, self.controller, number(who), "test", self.world.now)
        except NotAllowed:
            assert number(who) in {call.attempt.number for call in self.up}
        else:
            self.refused.add(number(who))

    @rule(who=st.sets(people, min_size=1))
    def a_file_is_imported_and_prepared(self, who: set[int]) -> None:
        self.files += 1
        rows = "".join(f"{number(one)};2026-01-05;site {self.files};w\n" for one in sorted(who))
        provenance = Provenance("SA", "form", date(2026, 1, 5), ("political",), {"w": "Oui."})
        report = import_list(
            self.world.engine, self.controller, io.BytesIO((HEADER + rows).encode()),
            name=f"file {self.files}", file_name="f.csv", provenance=provenance, by="test",
        )  # fmt: skip
        self.campaigns.append(self.world.campaign(self.controller, [report.list_id]))

    @rule(count=st.integers(1, PEOPLE))
    def numbers_are_claimed(self, count: int) -> None:
        for campaign in self.campaigns:
            with writing(self.world.engine) as connection:
                want = Want(campaign, count, True, "n")
                taken = claim(connection, want, self.world.now).taken
            calls = [Call(one.attempt, campaign, one.attempts, one.tries) for one in taken]
            assert self.refused.isdisjoint(call.attempt.number for call in calls)
            self.up += calls

    @rule(outcome=st.sampled_from([Outcome.BUSY, Outcome.DELIVERED, Outcome.OPTED_OUT]))
    def calls_end(self, outcome: Outcome) -> None:
        with writing(self.world.engine) as connection:
            ends = [never_placed(call, outcome, self.world.now) for call in self.up]
            write_closings(connection, ends)
        if outcome is Outcome.OPTED_OUT:
            self.refused |= {call.attempt.number for call in self.up}
        self.up = []
        self.world.later(hours=3)

    @invariant()
    def the_last_look_and_why_know_it_too(self) -> None:
        refusals = Refusals(self.world.engine)
        asked = [Asked(number(one), self.controller, 1) for one in range(PEOPLE)]
        found = {one.number for one in refusals.among(asked, self.world.now)}
        refusals.close()
        assert found == self.refused
        for one in self.refused:
            told = why(self.workspace, self.controller, one)
            assert all(each.state != "pending" or each.gate for each in told)
            assert told

    @invariant()
    def every_state_adds_up(self) -> None:
        self.world.check()


def live(make_store: Callable[[], Engine], examples: int, steps: int) -> None:
    machine = type("Lived", (Life,), {"make_store": staticmethod(make_store)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
        ),
    )  # fmt: skip


def test_no_refused_number_is_ever_claimed(new_sqlite_store: Callable[[], Engine]) -> None:
    live(new_sqlite_store, examples=25, steps=20)


def test_none_is_on_postgresql_either(postgres: Postgres) -> None:
    with ExitStack() as stack:
        live(lambda: stack.enter_context(postgres.database()), examples=5, steps=20)
