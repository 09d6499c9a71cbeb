"""Pages that are only read: trunks, callback lines, consent forms, rules."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.caller import Asking, In
from api.dashboard.hours import hours
from api.dashboard.pages import chosen, page
from api.needs import needs
from campaigns.access import Permission
from campaigns.errors import NotFound
from operations import callback_line, consent_form, packs, rules, trunk_states
from store.policies import windows_to_plain

router = APIRouter(include_in_schema=False)

_ACTS = 50


@router.get("/trunks")
@needs(Permission.TRUNKS_READ)
def trunks(request: Request, workspace: In, caller: Asking) -> Response:  # noqa: ARG001 -- only who may ask
    """Every trunk of the settings, and how it fares."""
    return page(request, "trunks.html", trunks=trunk_states.every(workspace))


@router.get("/callbacks")
@needs(Permission.PEOPLE_READ)
def callbacks(request: Request, workspace: In, caller: Asking) -> Response:
    """The numbers that are answered when they are called back, and what callers did."""
    return page(
        request,
        "callbacks.html",
        lines=callback_line.listed(workspace, caller.controller_id),
        acts=callback_line.acts(workspace, caller.controller_id, _ACTS),
    )


@router.get("/forms")
@needs(Permission.CAMPAIGNS_READ)
def forms(request: Request, workspace: In, caller: Asking) -> Response:
    """The public forms on which people agree, with every text they ever showed."""
    found = consent_form.of_controller(workspace.engine, caller.controller_id)
    return page(request, "forms.html", forms=found)


@router.get("/rules")
@needs(Permission.CAMPAIGNS_READ)
def all_rules(request: Request, workspace: In, caller: Asking) -> Response:  # noqa: ARG001 -- only who may ask
    """The packs in force, and by when the law must be read again."""
    found = [rules.in_force(workspace, name) for name in packs.names()]
    return page(request, "rules.html", packs=found, today=datetime.now(UTC).date())


@router.get("/rules/{pack_id}")
@needs(Permission.CAMPAIGNS_READ)
def one_pack(request: Request, pack_id: str, workspace: In, caller: Asking) -> Response:  # noqa: ARG001 -- only who may ask
    """One pack: each of its rules, how binding it is, and where it comes from."""
    if pack_id not in packs.names():
        raise NotFound(f"There are no rules «{pack_id}».")
    pack = rules.in_force(workspace, pack_id)
    language = chosen(request)
    return page(
        request, "rule_pack.html", pack=pack, today=datetime.now(UTC).date(),
        hours=hours(windows_to_plain(pack.windows), language),
        purposes=sorted(language.word("purpose", one) for one in pack.purposes),
        bases=sorted(language.word("list_basis", one) for one in pack.bases),
    )  # fmt: skip
