"""The report of a campaign in words, for its PDF: the same sections as the page has."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from api.dashboard.figures import Figures, Row
from api.language import Language
from api.receipt.sheet import Block, Curve, Section, Sheet, Table
from api.report_words import KEYS_SHOWN, said_counts
from operations.depth import Depth
from operations.report import Report

_LISTENING_ROWS = 12
"""Of the table beside the curve, which is drawn second by second."""


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
        yield from self._in_the_calls()
        yield Section(say("Where everyone stands"), (), (Block("", (), self._table(drawn.states)),))
        blocks = tuple(Block(one.word, (), self._table(one.rows)) for one in drawn.outcomes)
        if blocks:
            yield Section(say("How calls ended"), (), blocks)
        if drawn.gates:
            table = self._table(drawn.gates)
            yield Section(say("Not called, and why"), (), (Block("", (), table),))
        yield from self._listened()
        if self._depth.spans:
            title = say("Hour by hour" if self._depth.span_min > 1 else "Minute by minute")
            yield Section(title, (), (Block("", (), self._spans()),))
        if self._depth.variants:
            yield Section(say("Message by message"), (), (Block("", (), self._variants()),))

    def _in_the_calls(self) -> Iterator[Section]:
        """What was pressed and said in them, and how they went."""
        say, report = self._say, self._report
        blocks = [Block("", tuple(self._calls()))] if self._depth.made.calls else []
        blocks += [
            Block(one.title, (), self._shares(one.by_word, one.of))
            for one in said_counts(report.said, self._language)
        ]
        notes = tuple(self._notes())
        if blocks or notes:
            yield Section(say("In the calls"), notes, tuple(blocks))

    def _notes(self) -> Iterator[str]:
        if not self._depth.made.whole:
            yield self._say("Its calls are still being counted; what follows grows.")
        if self._depth.removed:
            yield self._say(
                "Its calls were removed when their time was over: only the counts above are left."
            )

    def _calls(self) -> Iterator[tuple[str, str]]:
        language, say, depth = self._language, self._say, self._depth
        yield say("Opt-outs among the answered"), language.percent(depth.opt_out_rate)
        yield say("Post-dial delay"), language.seconds(depth.made.post_dial_delay_s)
        yield say("Average duration"), language.seconds(depth.made.duration_s)
        yield say("Silent calls"), language.number(depth.made.silent)
        for keys, many in depth.made.keys.most_common(KEYS_SHOWN):
            yield say("Pressed %(keys)s") % {"keys": keys}, language.number(many)

    def _listened(self) -> Iterator[Section]:
        """How far people listened, quarter by quarter and second by second."""
        say, heard, depth = self._say, self._report.heard, self._depth
        if not heard.answered:
            return
        quarters = {
            self._language.word("quartile", str(one)): heard.quartiles.get(one, 0)
            for one in range(5)
        }
        blocks = [Block("", (), self._shares(quarters, heard.answered))]
        if depth.listening and depth.listening[0]:
            blocks.append(Block(say("Who still listens"), (), self._listening(), self._curve()))
        yield Section(say("How far people listened"), (), tuple(blocks))

    def _listening(self) -> Table:
        """At some seconds, the last one among them."""
        language, say, found = self._language, self._say, self._depth.listening
        step = -(-len(found) // _LISTENING_ROWS)
        seconds = sorted({*range(0, len(found), step), len(found) - 1})
        return Table(
            "",
            (say("After"), say("Calls"), say("Share")),
            tuple(
                (language.seconds(one), language.number(found[one]),
                    language.percent(found[one] / found[0]))
                for one in seconds
            ),
        )  # fmt: skip

    def _curve(self) -> Curve:
        found = self._depth.listening
        end = self._language.seconds(len(found) - 1)
        return Curve(tuple(one / found[0] for one in found), self._language.seconds(0), end)

    def _variants(self) -> Table:
        number, say = self._language.number, self._say
        return Table(
            "",
            (say("Message"), say("Calls"), say("Answered calls"), say("Heard to the end"),
                say("Opt-outs")),
            tuple(
                (one.name or say("the campaign's own"), number(one.calls), number(one.answered),
                    number(one.delivered), number(one.opted_out))
                for one in self._depth.variants
            ),
        )  # fmt: skip

    def _shares(self, counts: Mapping[str, int], total: int | None) -> Table:
        language, say = self._language, self._say
        return Table(
            "",
            (say("What"), say("How many"), say("Share")),
            tuple(
                (word, language.number(many), language.percent(many / total if total else None))
                for word, many in counts.items()
            ),
        )

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
