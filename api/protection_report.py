"""What a data-protection officer is shown, in words (GDPR, articles 5(2), 7(1), 12(3) and 30)."""

from collections.abc import Iterator, Mapping
from typing import Any

from api.language import TIME_ZONE, Language
from api.receipt.sheet import Sheet
from api.report_tables import Cell, Listing, Shape, section
from campaigns.contacts.basis import Evidence
from operations.protection import Launched, Protection, Proved


def protection_sheet(found: Protection, controller: str, language: Language) -> Sheet:
    """Put what there is to show into words.

    Args:
        found: what there is.
        controller: whose.
        language: to say it in.
    """
    say = language.say
    return Sheet(
        language=language.code,
        title=say("Data protection: the record"),
        controller=controller,
        number=say("For the data-protection officer"),
        issued=language.instant(found.at),
        text=(
            say("What shows that consent, refusals and requests are kept to (GDPR, article 5(2)). "
                "No telephone number is in it."),
            say("Times are those of Paris."),
        ),
        sections=tuple(section(one, language) for one in protection_tables(found, language)),
    )  # fmt: skip


def protection_tables(found: Protection, language: Language) -> list[Listing]:
    """The same as tables."""
    writer = _Writer(found, language)
    parts = [writer.short()]
    if found.lists is not None:
        parts += [writer.lists(), writer.wordings()]
    parts += [writer.refusals(), writer.requests(), writer.launches()]
    return [*parts, writer.answered_for(), writer.removed(), writer.exported()]


class _Writer:
    """Writes the tables of one report."""

    def __init__(self, found: Protection, language: Language) -> None:
        self._found = found
        self._language = language
        self._say = language.say
        self._word = language.word

    def short(self) -> Listing:
        """The figures to look at first."""
        say, found = self._say, self._found
        unanswered = [one for one in found.requests if one["closed_at"] is None]
        rows: list[tuple[Cell, ...]] = [
            (say("Requests that wait for an answer"), len(unanswered)),
            (say("Of these, past their last day"),
                sum(one["days_left"] < 0 for one in unanswered)),
            (say("Requests answered too late"),
                sum(self._too_late(one) for one in found.requests)),
            (say("Receipts made"), found.receipts),
            (say("Refusals in force"), sum(one.in_force for one in found.refusals)),
            (say("Days for which people are kept after a campaign"), found.keep_days),
        ]  # fmt: skip
        head = (say("What"), say("How many"))
        return Listing(say("In short"), head, rows, Shape.PAIRS)

    def lists(self) -> Listing:
        """Where people come from, and how their consent is proved."""
        say = self._say
        head = (
            say("List"), say("Imported"), say("By whom"), say("Supplier"),
            say("How it was collected"), say("Collected on"), say("Legal basis"), say("Purposes"),
            say("Contacts"), say("Proved row by row"), say("Attested for the whole list"),
            say("Without proof"),
        )  # fmt: skip
        rows = [self._list(one) for one in self._found.lists or ()]
        return Listing(say("Where people come from"), head, rows, Shape.CARDS)

    def _list(self, one: Proved) -> tuple[Cell, ...]:
        row, word = one.row, self._word
        grades = (Evidence.ROW, Evidence.LIST, Evidence.NONE)
        proved = (one.evidence.get(grade, 0) for grade in grades)
        purposes = ", ".join(word("purpose", name) for name in row["purposes"])
        return (
            row["name"], row["created_at"], row["created_by"], row["supplier"], row["method"],
            row["collected_on"], word("list_basis", row["basis"]), purposes, row["accepted"],
            *proved,
        )  # fmt: skip

    def wordings(self) -> Listing:
        """The texts that people agreed to."""
        say = self._say
        rows: list[tuple[Cell, ...]] = [
            (one.row["name"], name, text)
            for one in self._found.lists or ()
            for name, text in one.row["wordings"].items()
        ]
        return Listing(say("Texts agreed to"), (say("List"), say("Text no."), say("Text")), rows)

    def refusals(self) -> Listing:
        """Counted by what brought them."""
        say, word = self._say, self._word
        head = (say("How they came"), say("In force for"), say("All"), say("In force now"),
            say("First"), say("Last"))  # fmt: skip
        rows: list[tuple[Cell, ...]] = [
            (word("refused_by", one.reason), word("scope", one.scope), one.many, one.in_force,
                one.first, one.last)
            for one in self._found.refusals
        ]  # fmt: skip
        return Listing(say("Refusals"), head, rows)

    def requests(self) -> Listing:
        """Each against its month (GDPR, article 12(3))."""
        say, word = self._say, self._word
        head = (say("Request"), say("What is asked for"), say("Received on"),
            say("To be answered by"), say("Answered on"), say("In time"))  # fmt: skip
        rows: list[tuple[Cell, ...]] = [
            (str(one["id"]), word("request", one["kind"]), one["received_on"], one["due_on"],
                one["closed_at"], self._in_time(one))
            for one in self._found.requests
        ]  # fmt: skip
        return Listing(say("Requests and their month"), head, rows)

    def _in_time(self, one: Mapping[str, Any]) -> str:
        late = one["days_left"] < 0 if one["closed_at"] is None else self._too_late(one)
        return self._say("no") if late else self._say("yes")

    def _too_late(self, one: Mapping[str, Any]) -> bool:
        closed = one["closed_at"]
        return closed is not None and closed.astimezone(TIME_ZONE).date() > one["due_on"]

    def launches(self) -> Listing:
        """Who launched what, by which rules."""
        say = self._say
        head = (
            say("Campaign"), say("Launched"), say("By whom"), say("Prepared by"), say("Rules"),
            say("Rules that were lifted"), say("Who could be called"), say("Record as written"),
        )  # fmt: skip
        rows: list[tuple[Cell, ...]] = [
            (one.name, one.at, one.by, one.prepared_by, one.pack, self._lifted(one), one.people,
                say("yes") if one.intact else say("no"))
            for one in self._found.launches
        ]  # fmt: skip
        return Listing(say("Launches"), head, rows, Shape.CARDS)

    def _lifted(self, one: Launched) -> str:
        return "; ".join(self._each_lifted(one)) or self._say("no rule")

    def _each_lifted(self, one: Launched) -> Iterator[str]:
        say = self._say
        if one.any_hour:
            yield say("hours, public holidays and the cap on calls, for a rehearsal")
        if one.past_date_by:
            yield say("rules that had to be read again: %(name)s answers for them") % {
                "name": one.past_date_by
            }

    def answered_for(self) -> Listing:
        """What would not have been done, had nobody answered for it."""
        say = self._say
        head = (say("When"), say("Act"), say("Of what"), say("By whom"), say("Reason"))
        rows: list[tuple[Cell, ...]] = [
            (*self._act(one), self._why(one["detail"])) for one in self._found.answered_for
        ]
        return Listing(say("What people answered for"), head, rows)

    def removed(self) -> Listing:
        """What went, by asking or by the clock."""
        say = self._say
        head = (say("When"), say("Act"), say("Of what"), say("By whom"), say("People"))
        rows: list[tuple[Cell, ...]] = [
            (*self._act(one), self._people(one)) for one in self._found.removed
        ]
        return Listing(say("Erased and removed"), head, rows)

    def exported(self) -> Listing:
        """What left through the API or the page."""
        say = self._say
        head = (say("When"), say("Act"), say("Of what"), say("By whom"), say("Table"))
        rows: list[tuple[Cell, ...]] = [
            (*self._act(one), one["detail"].get("table")) for one in self._found.exported
        ]
        text = say("From the pages and the API; what is exported at the command line is not here.")
        return Listing(say("Exports"), head, rows, text=(text,))

    def _why(self, detail: Mapping[str, Any]) -> Cell:
        """What the person said, what was exceeded, or the rules that were past their date."""
        if measure := detail.get("measure"):
            return self._word("measure", measure)
        return next((detail[one] for one in ("reason", "why", "pack") if detail.get(one)), None)

    def _people(self, one: Mapping[str, Any]) -> Cell:
        if one["act"] == "person.erase":
            return 1
        found: int | None = one["detail"].get("people", one["detail"].get("contacts"))
        return found

    def _act(self, one: Mapping[str, Any]) -> tuple[Cell, ...]:
        return one["at"], self._word("act", one["act"]), self._subject(one["subject"]), one["actor"]

    def _subject(self, subject: str) -> Cell:
        """Of a person not even the masked number."""
        kind, _, which = subject.rpartition(" ")
        return f"{self._word('subject', kind)} {which}" if kind.isalpha() else None
