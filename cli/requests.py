"""`portevoix request` and `portevoix erase`: what the people called ask for."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Any

import typer

from campaigns.contacts.request import WARN_DAYS, RequestKind
from cli.console import as_json, figure, note, row, say, show, table
from cli.lookup import one_controller
from cli.session import AsJson, By, Controller, open_home
from operations import requests
from operations.erase import Erased
from operations.erase import erase as erase_person
from operations.receipt_links import RELEASED_FOR, release

app = typer.Typer(no_args_is_help=True, help="What people ask of a controller, and until when.")

Number = Annotated[str, typer.Argument(help="Written in any French way.")]


@app.command("open")
def open_one(
    ctx: typer.Context,
    kind: Annotated[RequestKind, typer.Argument(help="Which right the person exercises.")],
    number: Number,
    received_on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Default: today.")
    ] = None,
    about: Annotated[str, typer.Option("--note", help="How it came, in a few words.")] = "",
    controller: Controller = None,
    by: By = "command line",
) -> None:
    """Note a request; it must be answered within a month. An objection is in force at once."""
    workspace = open_home(ctx)
    owner = one_controller(workspace, controller)
    found = requests.open_request(
        workspace, owner, kind, number, by=by, note=about,
        received_on=received_on.date() if received_on else None,
    )  # fmt: skip
    say(f"Request {found['id']}, to be answered by {found['due_on']}.")
    note(_NEXT[kind].format(id=found["id"]))


_NEXT = {
    RequestKind.ACCESS: (
        "What is held: portevoix receipt NUMBER --format pdf. "
        "Once it is sent: portevoix request close {id} --answer …"
    ),
    RequestKind.ERASURE: "To fulfil it: portevoix erase NUMBER, which closes it.",
    RequestKind.OBJECTION: (
        "No campaign calls this number from this moment. "
        "Once the person is told: portevoix request close {id} --answer …"
    ),
}


@app.command("list")
def show_all(
    ctx: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    controller: Controller = None,
    json: AsJson = False,
) -> None:
    """Show open requests, the most urgent first; with --json in full, one object a line."""
    workspace = open_home(ctx)
    found = requests.listed(workspace, one_controller(workspace, controller), closed=everything)
    if json:
        for one in found:
            say(as_json(one))
    elif found:
        _show(found)
    else:
        note("No request is open.")


@app.command()
def close(
    ctx: typer.Context,
    request: Annotated[int, typer.Argument(help="Its number, as «request list» shows it.")],
    answer: Annotated[str, typer.Option(help="What the person was answered, in a few words.")],
    controller: Controller = None,
    by: By = "command line",
) -> None:
    """Note that the person was answered. A request for erasure is closed by «portevoix erase»."""
    workspace = open_home(ctx)
    requests.close_request(workspace, one_controller(workspace, controller), request, answer, by)
    say(f"Request {request} is closed.")


@app.command("release")
def release_one(
    ctx: typer.Context,
    request: Annotated[int, typer.Argument(help="Its number, as «request list» shows it.")],
    digits: Annotated[
        str, typer.Argument(help="Four, read out by whoever answered when you rang the number.")
    ],
    controller: Controller = None,
    by: By = "command line",
) -> None:
    """Let the public page give out the receipt that was asked for there, and close the request.

    Ring the number yourself: one that a network shows can be forged.
    """
    workspace = open_home(ctx)
    release(workspace, one_controller(workspace, controller), request, digits, by)
    say(f"The page gives it out for {RELEASED_FOR.days} days. Request {request} is closed.")


def erase(
    ctx: typer.Context, number: Number, controller: Controller = None, by: By = "command line"
) -> None:
    """Erase what a controller holds of a number, but for the refusal, which stays for ever.

    It cannot be undone. Where a call to the number is up, nothing is done.
    """
    workspace = open_home(ctx)
    owner = one_controller(workspace, controller)
    for line in _told(erase_person(workspace, owner, number, by)):
        say(line)


def _show(found: list[dict[str, Any]]) -> None:
    made = table("request", "asks for", "number", "received", "answer by", "", "note")
    for one in found:
        row(
            made, one["id"], one["kind"], one["number"] or "erased", one["received_on"],
            one["due_on"], _standing(one), one["answer"] or one["note"],
        )  # fmt: skip
    show(made)


def _standing(one: dict[str, Any]) -> str:
    """How much time is left, in words."""
    closed: date | None = one["closed_at"]
    if closed is not None:
        return f"closed {closed:%Y-%m-%d}"
    left = int(one["days_left"])
    if left < 0:
        return f"! {-left} days late"
    return f"! {left} days left" if left <= WARN_DAYS else f"{left} days left"


def _told(done: Erased) -> Iterator[str]:
    yield f"{done.number} is erased."
    yield (
        "Removed: number, name and whatever else tells of the person, from entries of lists "
        f"({figure(done.contacts)}), places in campaigns ({figure(done.targets)}), calls with the "
        f"keys pressed ({figure(done.attempts)}), consent forms ({figure(done.submissions)}), "
        f"calls to the controller's numbers ({figure(done.callbacks)}) and "
        f"refused rows ({figure(done.refused_rows)})."
    )
    yield (
        f"Kept: refusals ({figure(done.suppressions)}), as a digest that only the suppression key "
        "can match with the number, so that no list brings the person back (GDPR, articles "
        "17(3)(b) and 21(3)); that there was an entry, a place and a call, with instant and "
        "outcome and of nobody in particular, so that counts add up; acts in the audit, in which "
        f"no number stands whole; requests of the person ({figure(done.requests)}), under a "
        "digest, and how they were answered (article 5(2))."
    )
    yield (
        "Not touched: what other controllers hold, what the operator keeps from everybody, and "
        "what is outside this system: files that lists were imported from, backups, carriers' "
        "records."
    )
