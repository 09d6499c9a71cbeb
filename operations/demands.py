"""What a rule pack demands of a campaign that is prepared: its purpose, its lists, its persons."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from campaigns.contacts.basis import BasisKind
from campaigns.errors import InvalidInput
from campaigns.rules.pack import Pack
from campaigns.rules.purposes import Purpose, named, purpose_of
from operations import packs
from operations.campaign_file import CampaignValues
from operations.no_election import check_person
from operations.workspace import Workspace
from store import lists


def check_answering(values: CampaignValues) -> None:
    """Refuse whoever is said to answer for something and is no person.

    Raises:
        InvalidInput: names the value.
    """
    named_for = {
        "schedule.no_election_by": values.schedule.no_election_by,
        "signatory": values.signatory,
    }
    for field, name in named_for.items():
        if name:
            check_person(field, name)


def purpose_for(workspace: Workspace, text: str, pack: Pack) -> str:
    """The purpose that was written, as it is kept, where the pack is for it.

    Raises:
        InvalidInput: it is none that is known, or one that the pack is not for.
    """
    purpose = purpose_of(text)
    if purpose is None:
        raise InvalidInput(
            "purpose",
            f"«{text}» is no purpose that Porte-voix knows.",
            f"Write one of: {named(Purpose)}.",
        )
    if purpose not in pack.purposes:
        rule = pack.rules["purposes"]
        raise InvalidInput(
            "pack",
            f"{pack.id} is not for calls that are {purpose} ({rule.force}: {rule.source}).",
            f"Choose another of: {', '.join(_packs_for(workspace, purpose)) or '–'}.",
        )
    return purpose.value


def _packs_for(workspace: Workspace, purpose: Purpose) -> list[str]:
    site = workspace.settings.rules_directory
    return [one for one in packs.names() if purpose in packs.load(one, site).purposes]


def check_authority(controller: Mapping[str, Any], values: CampaignValues, pack: Pack) -> None:
    """Refuse who may not call people by this pack, and a campaign that nobody signs.

    Raises:
        InvalidInput: one of both.
    """
    if pack.public_body and not controller["public_body"]:
        raise InvalidInput(
            "pack",
            f"{pack.id} is for public bodies, and «{controller['name']}» is not marked as one.",
            f"Whoever runs the installation marks it: portevoix controller public-body "
            f'"{controller["name"]}" --by NAME.',
        )
    if pack.signatory and not values.signatory:
        raise InvalidInput(
            "signatory", f"{pack.id} asks who signs for it.", "Name the person, and their office."
        )


def check_bases(
    connection: Connection,
    controller_id: int,
    list_ids: Sequence[int],
    allowed: Collection[BasisKind],
    pack: str,
) -> None:
    """Refuse lists that rest on a legal basis that a pack does not allow.

    Raises:
        InvalidInput: names the list, and what the pack allows.
        NotFound: the controller does not have one of them.
    """
    for list_id in list_ids:
        one = lists.one(connection, controller_id, list_id)
        if one["basis"] not in allowed:
            raise InvalidInput(
                "lists",
                f"«{one['name']}» rests on {one['basis']}, and {pack} allows "
                f"{', '.join(sorted(allowed))} alone.",
                "Choose other lists, or rules that are made for them.",
            )
