"""The report of a campaign in words, for its PDF: the same sections as the page has."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from api.dashboard.figures import Figures, Row
from api.language import Language
from api.receipt.sheet import Block, Section, Sheet, Table
from operations.depth import Depth
from operations.report import Report


def report_sheet(
    report: Report, depth: Depth, drawn: Figures, controller: str, language: Language
) -> Sheet:
    """Put a report into words.

    Args:
        report: what was done.
        depth: the campaign looked into.
        drawn: its counts, each with its word and share.
        controller: whose campaign it is.
        language: to say it in.
    """
    said = _Writer(report, depth, drawn, language)
    return Sheet(
        language=language.code,
        title=language.say("Report"),
        controller=controller,
        number=report.progress.name,
        issued=language.instant(datetime.now(UTC)),
        text=tuple(said.lead()),
        sections=tuple(said.sections()),
    )


class _Writer:
    """Writes the sections of one report."""

    def __init__(self, report: Report, depth: Depth, drawn: Figures, language: Language) -> None:
        self._report = report
        self._depth = depth
        self._drawn = drawn
        self._language = language
        self._say = language.say

    def lead(self) -> Iterator[str]:
        """What it was, in a sentence or two."""
        if self._report.progress.rehearsal:
            yield self._say("A rehearsal on the simulated telephone network: nobody was called.")
        yield self._say("Times are those of Paris.")

    def sections(self) -> Iterator[Section]:
        """Those in which there is something."""
        say, drawn = self._say, self._drawn
        yield Section(say("In short"), (), (Block("", tuple(self._short())),))
        yield Section(say("From the list to who heard it"), (), (Block("", (), self._funnel()),))
        yield Section(say("Where everyone stands"), (), (Block("", (), self._table(drawn.states)),))
        blocks = tuple(Block(one.word, (), self._table(one.rows)) for one in drawn.outcomes)
        if blocks:
            yield Section(say("How calls ended"), (), blocks)
        if drawn.gates:
            table = self._table(drawn.gates)
            yield Section(say("Not called, and why"), (), (Block("", (), table),))
        if self._depth.spans:
            title = say("Hour by hour" if self._depth.span_min > 1 else "Minute by minute")
            yield Section(title, (), (Block("", (), self._spans()),))

    def _short(self) -> Iterator[tuple[str, str]]:
        report, language, say = self._report, self._language, self._say
        progress = report.progress
        number = language.number
        yield say("State"), language.word("campaign", progress.state)
        yield say("Launched"), language.instant(progress.launched_at)
        yield say("Ended"), language.instant(progress.ended_at)
        yield say("Duration"), language.duration(report.duration)
        yield say("People"), number(progress.targets)
        yield say("Calls"), number(progress.attempts)
        yield say("Answered calls"), number(report.heard.answered)
        yield say("Answered"), language.percent(progress.answer_seizure_ratio)
        yield say("Heard on average"), language.seconds(report.heard.seconds)
        yield say("Length of the message"), language.seconds(report.message_s)
        yield say("Opt-outs"), number(report.opted_out)
        yield say("In doubt"), number(report.in_doubt)
        yield say("Spent"), language.money(progress.money.spent)
        yield say("Rules"), report.pack

    def _funnel(self) -> Table:
        language, say = self._language, self._say
        return Table(
            "",
            (say("What"), say("How many"), say("Share")),
            tuple(
                (
                    language.word("funnel", one.name), language.number(one.count),
                    language.percent(one.share),
                )
                for one in self._depth.funnel
            ),
        )  # fmt: skip

    def _table(self, rows: Iterable[Row]) -> Table:
        language, say = self._language, self._say
        return Table(
            "",
            (say("What"), say("How many"), say("Share")),
            tuple(
                (one.word, language.number(one.count), language.percent(one.share)) for one in rows
            ),
        )

    def _spans(self) -> Table:
        language, say = self._language, self._say
        number = language.number
        return Table(
            "",
            (say("From"), say("Calls"), say("Answered calls")),
            tuple(
                (language.instant(one.at), number(one.calls), number(one.answered))
                for one in self._depth.spans
            ),
        )
