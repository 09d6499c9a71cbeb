"""Links to receipts: asked for on a public page, opened by a call, released by an officer.

A number that a network names can be forged, and a receipt may tell of a political opinion (GDPR,
article 9). So the call proves nothing by itself: it says which number it is about, and opens a
request for access. An officer then rings that number, which reaches whoever has it, and has read
out four digits that the page alone shows; only with them does the page give the receipt out. What
was keyed in in an anonymous call is anybody's: there nothing is released.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from campaigns.callback import Said
from campaigns.contacts.phone import masked
from campaigns.contacts.suppression_key import SuppressionKey
from campaigns.errors import InvalidInput, NotAllowed, NotFound
from campaigns.receipt_code import code_of, word_of
from operations.public_pages import row_at
from operations.receipt import issue
from operations.receipt_parts import Receipt
from operations.requests import note_answer
from operations.secret_words import digest, new_token
from operations.workspace import Workspace
from store import audit, receipt_links, requests, suppression_keys
from store.engine import reading, writing

BY = "public page"

CODE_LASTS = timedelta(hours=1)
RELEASED_FOR = timedelta(days=7)
SHOWN_ON = timedelta(days=7)
"""How long after the last day of its request a link still says how it stands."""

MOST_TRIES = 5
ANSWER = "receipt released on the public page"

_DAYS_OF = ZoneInfo("Europe/Paris")


class Standing(StrEnum):
    """How far a link has come."""

    WAITING = "waiting"  # its code is to be keyed
    ASKED = "asked"  # by a call that named its number: an officer rings it
    BY_HAND = "by_hand"  # the number was keyed in, or the word was wrong too often
    RELEASED = "released"
    ANSWERED = "answered"  # in another way
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Link:
    """What whoever has its secret is shown.

    Attributes:
        controller: whose page it is.
        code: to be keyed while it waits.
        word: to be read out to the officer who rings.
        number: masked; empty while it waits.
        expires_at: until when the code is taken; of a released one, until when it is given out.
        request: what the code opened, with `due_on` and `closed_at`; None for none.
    """

    standing: Standing
    controller: str
    code: str
    word: str
    number: str
    expires_at: datetime
    request: dict[str, Any] | None


def make(workspace: Workspace, controller_id: int) -> str:
    """A new link's secret, which nothing but its address holds.

    Raises:
        SuppressionKeyMissing: its code could not be told again.
    """
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        key = suppression_keys.needed(connection)
        secret = _free(connection, key, controller_id)
        receipt_links.add(
            connection,
            controller_id=controller_id,
            digest=digest(secret),
            code=_code(key, controller_id, code_of(secret)),
            word=_word(key, digest(secret), word_of(secret)),
            made_at=now,
            expires_at=now + CODE_LASTS,
        )
    return secret


def seen(workspace: Workspace, slug: str, secret: str, now: datetime | None = None) -> Link:
    """How the link of a secret stands.

    Raises:
        NotFound: there is none on that page, or its person was erased.
    """
    with reading(workspace.engine) as connection:
        page, row = _found(connection, slug, secret)
    asked = {one: row[one] for one in ("due_on", "closed_at")} if row["request_id"] else None
    return Link(
        standing=_standing(row, now or datetime.now(UTC)),
        controller=page["controller"],
        code=code_of(secret),
        word=word_of(secret),
        number=masked(row["number"]) if row["number"] else "",
        expires_at=row["expires_at"],
        request=asked,
    )


def prove(connection: Connection, said: Said, number: str, request: dict[str, Any]) -> bool:
    """Tie the link whose code was keyed to the number of the call; whether there was one.

    Args:
        connection: the transaction in which the request was noted.
        said: the act; the code counts from when it was keyed, however late it is read.
        number: E.164.
        request: what the call opened.
    """
    key = suppression_keys.in_use(connection.engine)
    if key is None:
        return False
    row = receipt_links.by_code(connection, _code(key, request["controller_id"], said.code))
    if row is None or said.at > row["expires_at"]:
        return False
    over = datetime.combine(request["due_on"], time(), _DAYS_OF) + timedelta(days=1) + SHOWN_ON
    receipt_links.change(
        connection, row["id"], code=None, number=number, keyed=said.keyed,
        request_id=request["id"], expires_at=over.astimezone(UTC),
    )  # fmt: skip
    return True


def of_request(workspace: Workspace, controller_id: int, request_id: int) -> Standing | None:
    """How the link that opened a request stands; None where none did."""
    with reading(workspace.engine) as connection:
        row = receipt_links.of_request(connection, controller_id, request_id)
        if row is None:
            return None
        asked = requests.one(connection, controller_id, request_id)
    return _standing({**row, "closed_at": asked["closed_at"]}, datetime.now(UTC))


def release(workspace: Workspace, controller_id: int, request_id: int, word: str, by: str) -> None:
    """Let the page give the receipt out, and close the request.

    Args:
        workspace: where.
        controller_id: whose request it is.
        request_id: which.
        word: the digits that whoever has the number read out when they were rung.
        by: who rang.

    Raises:
        NotFound: the controller has no such request, or no page asked for it.
        NotAllowed: nothing is released any more, or ever was to be.
        InvalidInput: these are not the digits.
    """
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        asked = requests.one(connection, controller_id, request_id, held=True)
        row = receipt_links.of_request(connection, controller_id, request_id, held=True)
        if row is None:
            raise NotFound(f"Request {request_id} was not asked for on the public page.")
        _check({**row, "closed_at": asked["closed_at"]}, now)
        is_right = _is_word(connection, row, word)
        if is_right:
            receipt_links.change(
                connection, row["id"], released_at=now, expires_at=now + RELEASED_FOR
            )
            note_answer(connection, asked, ANSWER, by, now)
        else:
            receipt_links.change(connection, row["id"], tries=row["tries"] + 1)
        act = "receipt.release" if is_right else "receipt.mistake"
        subject = f"request {request_id}"
        audit.record(connection, now, by, act, subject, controller_id)
    if not is_right:
        raise InvalidInput(
            "word", "these are not the digits that the page shows.",
            "Ring the number and have them read out. If they do not agree, answer by other means.",
        )  # fmt: skip


def receipt_of(workspace: Workspace, slug: str, secret: str, shown_as: str) -> Receipt:
    """The receipt that was released; each time it is given out is audited.

    Raises:
        NotFound: there is no such link.
        NotAllowed: it is not released, or its time is over.
    """
    with reading(workspace.engine) as connection:
        _, row = _found(connection, slug, secret)
    if _standing(row, datetime.now(UTC)) is not Standing.RELEASED:
        raise NotAllowed("Nothing was released on this page, or its time is over.")
    return issue(workspace, row["controller_id"], row["number"], BY, shown_as)


def _free(connection: Connection, key: SuppressionKey, controller_id: int) -> str:
    """A secret whose code no other link of the controller has."""
    while True:
        secret = new_token()
        if not receipt_links.is_code(connection, _code(key, controller_id, code_of(secret))):
            return secret


def _found(connection: Connection, slug: str, secret: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A page, withdrawn or not, and a link of it: whoever has asked is answered all the same."""
    page = row_at(connection, slug)
    row = receipt_links.by_secret(connection, digest(secret))
    if row["controller_id"] != page["controller_id"]:
        raise NotFound("There is no such page.")
    return page, row


def _standing(row: dict[str, Any], now: datetime) -> Standing:
    if now >= row["expires_at"]:
        return Standing.OVER
    if row["request_id"] is None:
        return Standing.WAITING
    if row["released_at"] is not None:
        return Standing.RELEASED
    if row["closed_at"] is not None:
        return Standing.ANSWERED
    by_hand = row["keyed"] or row["tries"] >= MOST_TRIES
    return Standing.BY_HAND if by_hand else Standing.ASKED


def _check(row: dict[str, Any], now: datetime) -> None:
    standing = _standing(row, now)
    if standing is Standing.BY_HAND:
        raise NotAllowed(
            "Nothing is released for this request: the number was keyed in, or the digits were "
            "wrong too often. Answer it by other means."
        )
    if standing is not Standing.ASKED:
        raise NotAllowed("This request was answered before, or the time of its page is over.")


def _is_word(connection: Connection, row: dict[str, Any], word: str) -> bool:
    key = suppression_keys.needed(connection)
    return bool(row["word"] == _word(key, row["digest"], "".join(word.split())))


def _code(key: SuppressionKey, controller_id: int, code: str) -> str:
    return key.digest(f"receipt code {controller_id} {code}")


def _word(key: SuppressionKey, of: bytes, word: str) -> str:
    return key.digest(f"receipt word {of.hex()} {word}")
