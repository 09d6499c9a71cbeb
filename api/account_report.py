"""What campaigns spent, in words: for a campaign account (Code électoral, article L. 52-12)."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import TypeAlias

from api.language import Language
from api.receipt.sheet import Sheet
from api.report_tables import Cell, Listing, Money, Shape, section
from operations.budget import Statement
from store.spending import Spent

Between: TypeAlias = tuple[date | None, date | None]
"""First and last day that are asked for; None for the first and last there are."""


def account_sheet(found: Statement, between: Between, controller: str, language: Language) -> Sheet:
    """An account as it is drawn.

    Args:
        found: what was spent.
        between: of the question.
        controller: whose.
        language: to say it in.
    """
    say = language.say
    return Sheet(
        language=language.code,
        title=say("Campaign account: calls"),
        controller=controller,
        number=_period(found, between, language),
        issued=language.instant(datetime.now(UTC)),
        text=(
            say("What answered calls cost, for the campaign account (Code électoral, article "
                "L. 52-12). Each call counts on the day it was answered, in Paris; rehearsals cost "
                "nothing and are left out unless one is asked for."),
            say("Sums are reckoned by the tariffs that were set for each trunk. What is owed is "
                "what the carrier invoices: «portevoix budget compare» holds both side by side."),
        ),
        sections=tuple(section(one, language) for one in account_tables(found, between, language)),
    )  # fmt: skip


def account_tables(found: Statement, between: Between, language: Language) -> list[Listing]:
    """An account as tables."""
    say = language.say
    of_campaign = (say("Campaign"), *_summed(language))
    of_trunk = (say("Trunk"), *_summed(language))
    by_day = (say("Day"), say("Trunk"), say("Campaign"), *_summed(language))
    return [
        Listing(say("In short"), (say("What"), say("How many")),
            list(_short(found, between, language)), Shape.PAIRS),
        Listing(say("By campaign"), of_campaign,
            list(_sums(found, lambda one: found.names[one.campaign_id]))),
        Listing(say("By trunk"), of_trunk, list(_sums(found, lambda one: one.trunk))),
        Listing(say("Day by day"), by_day, [
            (one.day, one.trunk, found.names[one.campaign_id], *_of(one)) for one in found.lines]),
    ]  # fmt: skip


def _summed(language: Language) -> tuple[str, ...]:
    say = language.say
    return say("Answered calls"), say("Seconds"), say("Spent (€)"), say("Without a tariff")


def _of(one: Spent) -> tuple[Cell, ...]:
    return one.calls, one.seconds, Money(one.cost), one.unpriced


def _sums(found: Statement, key: Callable[[Spent], str]) -> Iterator[tuple[Cell, ...]]:
    for name in sorted({key(one) for one in found.lines}):
        some = [one for one in found.lines if key(one) == name]
        yield (
            name,
            sum(one.calls for one in some),
            sum(one.seconds for one in some),
            Money(sum(one.cost for one in some)),
            sum(one.unpriced for one in some),
        )


def _short(found: Statement, between: Between, language: Language) -> Iterator[tuple[Cell, ...]]:
    say = language.say
    yield say("First day"), _ends(found, between)[0]
    yield say("Last day"), _ends(found, between)[1]
    yield say("Answered calls"), found.calls
    yield say("Seconds"), found.seconds
    yield say("Spent (€)"), Money(found.cost)
    yield say("Calls without a tariff, of unknown cost"), found.unpriced
    yield say("Set aside for calls that may not have ended (€)"), Money(found.reserved)


def _ends(found: Statement, between: Between) -> Between:
    since, until = between
    first, last = (found.lines[0].day, found.lines[-1].day) if found.lines else (None, None)
    return since or first, until or last


def _period(found: Statement, between: Between, language: Language) -> str:
    return " – ".join(language.day(one) for one in _ends(found, between) if one) or language.say(
        "Nothing yet."
    )
