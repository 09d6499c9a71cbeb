"""The report of a campaign as rows for a spreadsheet: the same sections, figures as numbers."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from api.dashboard.figures import Figures, Row
from api.language import Language
from api.report_words import said_counts
from operations.depth import Depth, Variant
from operations.report import Report

MICRO_EUROS = 1_000_000

Cells = list[Any]
"""Section, what, how many, share (0 to 1), answered calls."""


def report_header(language: Language) -> tuple[str, ...]:
    """The names of the columns."""
    say = language.say
    return say("Section"), say("What"), say("How many"), say("Share"), say("Answered calls")


def report_rows(
    report: Report, depth: Depth, drawn: Figures, controller: str, language: Language
) -> Iterator[Cells]:
    """Put a report into rows.

    Args:
        report: what was done.
        depth: the campaign looked into.
        drawn: its counts, each with its word and share.
        controller: whose campaign it is.
        language: to say it in.
    """
    say = language.say
    for what, value, share in _short(report, controller, language):
        yield [say("In short"), what, value, share, None]
    title = say("From the list to who heard it")
    for one in depth.funnel:
        yield [title, language.word("funnel", one.name), one.count, round(one.share, 4), None]
    yield from _calls(depth, report.opted_out, language)
    for said in said_counts(report.said, language):
        yield from _shared(f"{say('In the calls')}, {said.title}", said.by_word, said.of)
    yield from _counted(say("Where everyone stands"), drawn.states)
    for group in drawn.outcomes:
        yield from _counted(f"{say('How calls ended')}, {group.word}", group.rows)
    yield from _counted(say("Not called, and why"), drawn.gates)
    yield from _listened(report, depth, language)
    title = say("Hour by hour" if depth.span_min > 1 else "Minute by minute")
    for span in depth.spans:
        yield [title, language.instant(span.at), span.calls, None, span.answered]
    for variant in depth.variants:
        yield from _variant(variant, language)


def _calls(depth: Depth, opted_out: int, language: Language) -> Iterator[Cells]:
    say, made = language.say, depth.made
    title, rate = say("In the calls"), depth.opt_out_rate
    yield [title, say("Opt-outs among the answered"), opted_out, _rounded(rate), None]
    yield [title, f"{say('Post-dial delay')} (s)", _rounded(made.post_dial_delay_s), None, None]
    yield [title, f"{say('Average duration')} (s)", _rounded(made.duration_s), None, None]
    yield [title, say("Silent calls"), made.silent, None, None]
    for keys, many in made.keys.most_common():
        yield [title, say("Pressed %(keys)s") % {"keys": keys}, many, None, None]


def _listened(report: Report, depth: Depth, language: Language) -> Iterator[Cells]:
    """Quarter by quarter, then second by second."""
    say = language.say
    if report.heard.answered:
        quarters = {
            language.word("quartile", str(one)): report.heard.quartiles.get(one, 0)
            for one in range(5)
        }
        yield from _shared(say("How far people listened"), quarters, report.heard.answered)
    first = depth.listening[0] if depth.listening else 0
    for second, many in enumerate(depth.listening if first else ()):
        after = f"{say('After')} {second} s"
        yield [say("Who still listens"), after, many, round(many / first, 4), None]


def _variant(one: Variant, language: Language) -> Iterator[Cells]:
    say = language.say
    name = one.name or say("the campaign's own")
    title = f"{say('Message by message')}, {name}"
    yield [title, say("Calls"), one.calls, None, one.answered]
    for word, many in (("Heard to the end", one.delivered), ("Opt-outs", one.opted_out)):
        share = many / one.answered if one.answered else None
        yield [title, say(word), many, _rounded(share), None]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _shared(title: str, counts: Mapping[str, int], total: int | None) -> Iterator[Cells]:
    for word, many in counts.items():
        yield [title, word, many, round(many / total, 4) if total else None, None]


def _counted(title: str, rows: Iterable[Row]) -> Iterator[Cells]:
    for one in rows:
        yield [title, one.word, one.count, round(one.share, 4), None]


def _short(
    report: Report, controller: str, language: Language
) -> Iterator[tuple[str, object, float | None]]:
    progress, heard, say = report.progress, report.heard, language.say
    seconds = report.duration.total_seconds() if report.duration else None
    if progress.rehearsal:
        yield say("A rehearsal on the simulated telephone network: nobody was called."), None, None
    yield say("Campaign"), progress.name, None
    yield say("Controller"), controller, None
    yield say("State"), language.word("campaign", progress.state), None
    yield say("Launched"), language.instant(progress.launched_at), None
    yield say("Ended"), language.instant(progress.ended_at), None
    yield f"{say('Duration')} (s)", seconds, None
    yield say("People"), progress.targets, None
    yield say("Calls"), progress.attempts, None
    yield say("Answered calls"), heard.answered, progress.answer_seizure_ratio
    yield f"{say('Heard on average')} (s)", heard.seconds, None
    yield f"{say('Length of the message')} (s)", report.message_s, None
    yield say("Opt-outs"), report.opted_out, None
    yield say("In doubt"), report.in_doubt, None
    yield f"{say('Spent')} (€)", progress.money.spent / MICRO_EUROS, None
    yield say("Rules"), report.pack, None
