"""Carrying out that somebody agreed with a key in a call.

The key widens what the controller may do, and never makes a call lawful after the fact: the call
itself rested on another basis. The number enters the list of the consent form whose text was
spoken, and so can be called for the purposes of that form and for no other.
"""

from sqlalchemy import Connection

from campaigns.attempt import Attempt
from campaigns.campaign import Campaign
from campaigns.contacts.phone import parse
from campaigns.reply import Reply
from operations.consent_form import locked
from operations.submissions import agree_by_key
from store import consent_forms


def take(connection: Connection, campaign: Campaign, attempt: Attempt, reply: Reply) -> bool:
    """Keep an agreement as evidence; False where there is none to keep.

    What the simulated network says in the name of a real person's number is nobody's agreement; in
    a rehearsal only that of numbers for fiction is taken, which no real trunk calls.
    """
    consent = campaign.script.consent if campaign.script else None
    number = parse(attempt.number)
    if consent is None or (campaign.rehearsal and not number.fictional):
        return False
    slug = consent_forms.slug_of(connection, consent.form_id)
    if slug is None:
        return False
    source = f"call {attempt.id}, campaign «{campaign.name}», key {reply.value}"
    form = locked(connection, slug)
    return agree_by_key(connection, form, consent.wording_id, number, source, reply.at)
