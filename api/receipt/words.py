"""A receipt put into words, in French or English.

Every label is a message of the catalogues, in English here.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from api.language import Language
from api.receipt.sheet import Block, Pairs, Section, Sheet, Table
from operations.receipt_parts import (
    Act,
    Asked,
    CallMade,
    Entry,
    KeyedIn,
    Place,
    RangBack,
    Receipt,
    Refusal,
    RefusedRow,
    Submitted,
)

NOTHING = "–"


def sheet_of(receipt: Receipt, language: Language) -> Sheet:
    """Put a receipt into words."""
    say = language.say
    writer = _Writer(receipt, language)
    return Sheet(
        language=language.code,
        title=say("What we hold about your telephone number"),
        controller=receipt.controller,
        number=language.phone(receipt.number),
        issued=language.instant(receipt.issued_at),
        text=tuple(writer.lead()),
        sections=tuple(writer.sections()),
    )


class _Writer:
    """Writes the sections of one receipt."""

    def __init__(self, receipt: Receipt, language: Language) -> None:
        self._receipt = receipt
        self._language = language
        self._say = language.say
        self._word = language.word

    def lead(self) -> Iterator[str]:
        """Who answers, what this is, and whether anything is held at all."""
        found = self._receipt
        yield self._say(
            "This document answers your request for access (article 15 of the GDPR). It says "
            "everything that we hold about this number, where it comes from, what it was used for "
            "and until when we keep it. Nothing in it is shortened or hidden."
        )
        if not (found.lists or found.campaigns or found.refused_rows):
            yield self._say("This number is in none of our lists and in none of our campaigns.")
        yield self._say("Times are those of Paris.")

    def sections(self) -> Iterator[Section]:
        """Those in which there is something, and those that are always there."""
        found, say = self._receipt, self._say
        yield Section(say("Who we are"), (), (Block("", tuple(self._controller())),))
        yield Section(
            say("Where your number comes from"),
            self._none_of(found.lists, "Your number is in none of our lists."),
            tuple(self._entry(one) for one in found.lists),
        )
        yield Section(
            say("What it was used for"),
            self._none_of(found.campaigns, "Your number is in none of our campaigns."),
            tuple(self._place(one) for one in found.campaigns),
        )
        yield Section(
            say("Your refusals"),
            self._none_of(found.refusals, "No refusal is recorded. You may refuse at any time."),
            tuple(self._refusal(one) for one in found.refusals),
        )
        yield from self._others()
        yield Section(say("Until when we keep it"), tuple(self._keeping()))
        yield Section(say("Your rights"), tuple(self._rights()))

    def _others(self) -> Iterator[Section]:
        found, say = self._receipt, self._say
        if found.forms:
            blocks = tuple(self._submitted(one) for one in found.forms)
            yield Section(say("What was done on our forms"), (), blocks)
        if found.callbacks:
            table = self._rang_back(found.callbacks)
            yield Section(say("When you called us"), (), (Block("", (), table),))
        if found.refused_rows:
            text = say("Rows of files that were not taken in, and that nobody is called from.")
            blocks = tuple(self._refused_row(one) for one in found.refused_rows)
            yield Section(say("Rows that were refused"), (text,), blocks)
        if found.requests:
            blocks = tuple(self._asked(one) for one in found.requests)
            yield Section(say("What you asked for"), (), blocks)
        if found.acts:
            text = say("Each act has its place in a record that cannot be changed unseen.")
            table = self._acts(found.acts)
            yield Section(say("What was done"), (text,), (Block("", (), table),))

    def _none_of(self, found: Sequence[object], text: str) -> tuple[str, ...]:
        return () if found else (self._say(text),)

    def _controller(self) -> Iterator[tuple[str, str]]:
        yield self._say("Controller"), self._receipt.controller
        contact = self._receipt.contact
        yield (
            self._say("To reach us"),
            contact or self._say("as you did for this request, or whoever gave you this document"),
        )

    def _entry(self, one: Entry) -> Block:
        say, word, day = self._say, self._word, self._language.day
        attributes = [(name, str(value)) for name, value in sorted(one.attributes.items())]
        pairs = [
            (say("Supplier"), one.supplier),
            (say("How it was collected"), one.method),
            (say("Collected on"), day(one.collected_on)),
            (say("Legal basis"), word("basis", one.basis)),
            (say("Proof"), word("evidence", one.evidence)),
            (say("You agreed on"), day(one.consented_on)),
            (say("You agreed through"), one.consent_source or ""),
            (say("Text you agreed to"), self._quoted(one.wording) or one.wording_id or ""),
            (say("Hours at which you agreed"), one.consent_slot or ""),
            (say("Agreed until"), day(one.consent_expires_on)),
            (say("Withdrawn on"), day(one.withdrawn_on)),
            (say("For"), ", ".join(word("called_for", name) for name in one.purposes)),
            (say("File and line"), f"{one.file_name}, {one.line}"),
            (say("Imported on"), self._language.instant(one.imported_at)),
            (say("Identifier in the file"), one.external_id or ""),
            *attributes,
            (say("Kept until"), self._until(one.kept_until)),
        ]
        return Block(one.list, _known(pairs))

    def _quoted(self, text: str) -> str:
        marks = "«\u00a0{}\u00a0»" if self._language.code == "fr" else "“{}”"
        return marks.format(text) if text else ""

    def _until(self, at: datetime | None) -> str:
        if at is None:
            return self._say("a campaign uses it; the time runs from the campaign's end")
        return self._language.day(at)

    def _place(self, one: Place) -> Block:
        say, word = self._say, self._word
        rehearsal = say("yes: no telephone was really called") if one.rehearsal else ""
        kept_out = word("gate", one.gate) if one.gate and one.state != "reached" else ""
        pairs = [
            (say("For"), word("called_for", one.purpose)),
            (say("Campaign"), word("campaign", one.campaign_state)),
            (say("Rehearsal"), rehearsal),
            (say("Where you stand in it"), word("place", one.state)),
            (say("Rule that kept you from being called"), kept_out),
            (say("What you said with keys"), "; ".join(map(self._keyed_in, one.said))),
            (say("Kept until"), self._until(one.kept_until)),
        ]
        return Block(one.campaign, _known(pairs), self._calls(one.calls))

    def _keyed_in(self, one: KeyedIn) -> str:
        about = one.question or self._word("reply", one.kind)
        what = self._word("transfer", one.said) if one.kind == "transfer" else one.said
        said = about if one.kind == "consent" else f"{about}: {what}"
        return f"{said} ({self._language.instant(one.at)})"

    def _calls(self, calls: Sequence[CallMade]) -> Table | None:
        say = self._say
        if not calls:
            return None
        head = ("When", "Number shown", "How it ended", "Heard", "Keys pressed", "Message heard")
        rows = tuple(self._call(one) for one in calls)
        return Table(say("Calls"), tuple(map(say, head)), rows)

    def _call(self, one: CallMade) -> tuple[str, ...]:
        language = self._language
        heard = NOTHING if one.heard_s is None else f"{language.number(round(one.heard_s, 1))} s"
        return (
            language.instant(one.sent_at or one.begun_at),
            language.phone(one.caller_id),
            language.word("outcome", one.outcome or "in_doubt"),
            heard,
            one.keys or NOTHING,
            one.variant or NOTHING,
        )

    def _refusal(self, one: Refusal) -> Block:
        say, word = self._say, self._word
        hidden = say("your number itself is erased: only a fingerprint under a key is left of it")
        until = say("for ever") if one.until is None else self._language.instant(one.until)
        pairs = [
            (say("In force for"), word("scope", one.scope)),
            (say("Recorded on"), self._language.instant(one.asked_at)),
            (say("Until"), until),
            (say("Record"), self._language.source(one.source)),
            (say("How it is kept"), hidden if one.digest_only else ""),
        ]
        return Block(word("suppression", one.reason), _known(pairs))

    def _submitted(self, one: Submitted) -> Block:
        say, word = self._say, self._word
        stood = say("yes: you are not called") if one.suppressed else ""
        pairs = [
            (say("Form"), one.form),
            (say("When"), self._language.instant(one.at)),
            (say("For"), ", ".join(word("called_for", name) for name in one.purposes)),
            (say("Text you agreed to"), self._quoted(one.wording or "")),
            (say("Fingerprint of the text"), one.sha256 or ""),
            (say("Hours at which you agreed"), one.slot or ""),
            (say("A refusal stands"), stood),
        ]
        return Block(word("submission", one.act), _known(pairs))

    def _rang_back(self, acts: Sequence[RangBack]) -> Table:
        say, word = self._say, self._word
        head = tuple(map(say, ("When", "Number called", "What was done")))
        rows = tuple(
            (self._language.instant(one.at), one.line, word("callback", one.act)) for one in acts
        )
        return Table("", head, rows)

    def _refused_row(self, one: RefusedRow) -> Block:
        say = self._say
        pairs = [
            (say("Line"), str(one.line)),
            (one.field, one.value),
            (say("Why"), say(one.reason)),
        ]
        return Block(one.list, _known(pairs))

    def _asked(self, one: Asked) -> Block:
        say, language = self._say, self._language
        answered = language.instant(one.answered_at) if one.answered_at else say("not yet")
        pairs = [
            (say("Received on"), language.day(one.received_on)),
            (say("To be answered by"), language.day(one.due_on)),
            (say("Answered on"), answered),
            (say("Answer"), say(one.answer or "")),
        ]
        return Block(self._word("request", one.kind), _known(pairs))

    def _acts(self, acts: Sequence[Act]) -> Table:
        say = self._say
        head = tuple(map(say, ("When", "Act", "Of what", "Place in the record")))
        rows = tuple(
            (
                self._language.instant(one.at), self._word("act", one.act),
                self._subject(one.subject), one.event,
            )
            for one in acts
        )  # fmt: skip
        return Table("", head, rows)

    def _subject(self, subject: str) -> str:
        """`campaign 5` in the reader's language; a masked number as it is."""
        kind, _, which = subject.partition(" ")
        return f"{self._word('subject', kind)} {which}" if which.isdigit() else subject

    def _keeping(self) -> Iterator[str]:
        say = self._say
        yield say(
            "Your number, what our lists say of it and the calls are removed {days} days after the "
            "end of the campaign, at the dates above."
        ).format(days=self._language.number(self._receipt.kept_days))
        yield say(
            "A refusal is kept for as long as we call anybody, so that you are not called again "
            "(article 21 of the GDPR). If you ask for erasure, we keep of it only a fingerprint of "
            "your number under a secret key."
        )

    def _rights(self) -> Iterator[str]:
        say = self._say
        yield say(
            "You may at any time object to being called, have what is wrong corrected, take back "
            "your consent, ask that the use of your data be limited, and ask for it to be erased "
            "(articles 7, 16 to 18 and 21 of the GDPR). It is free of charge, and you need give no "
            "reason for refusing calls."
        )
        yield say(
            "If you think that your rights are not respected, you may complain to the CNIL: "
            "3 place de Fontenoy, TSA 80715, 75334 Paris Cedex 07, or www.cnil.fr/plaintes."
        )


def _known(pairs: Iterable[tuple[str, str]]) -> Pairs:
    return tuple((label, value) for label, value in pairs if value and value != NOTHING)
