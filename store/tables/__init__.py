"""Every table. Nothing here that PostgreSQL could not take, nor SQLite."""

from store.tables.access import (
    account,
    account_role,
    api_key,
    controller,
    idempotency,
    recovery_code,
    set_up_token,
    sign_in_attempt,
    web_session,
)
from store.tables.audit import audit_anchor, audit_chain, audit_event, audit_segment
from store.tables.callbacks import callback_act, callback_line
from store.tables.calls import attempt, halt, lease, limit_portion, number_lock
from store.tables.campaigns import (
    caller_id,
    campaign,
    campaign_draft,
    campaign_list,
    launch_record,
    recording,
    spending,
    tally,
    target,
    trunk,
)
from store.tables.lists import (
    consent_form,
    consent_submission,
    consent_wording,
    contact,
    contact_list,
    rejected_row,
)
from store.tables.metadata import metadata
from store.tables.places import address, constituency_place, constituency_table
from store.tables.public_pages import public_page, receipt_link
from store.tables.refusals import privacy_request, suppression, suppression_key
from store.tables.replies import reply
from store.tables.webhooks import webhook, webhook_delivery, webhook_event

__all__ = [
    "account",
    "account_role",
    "address",
    "api_key",
    "attempt",
    "audit_anchor",
    "audit_chain",
    "audit_event",
    "audit_segment",
    "callback_act",
    "callback_line",
    "caller_id",
    "campaign",
    "campaign_draft",
    "campaign_list",
    "consent_form",
    "consent_submission",
    "consent_wording",
    "constituency_place",
    "constituency_table",
    "contact",
    "contact_list",
    "controller",
    "halt",
    "idempotency",
    "launch_record",
    "lease",
    "limit_portion",
    "metadata",
    "number_lock",
    "privacy_request",
    "public_page",
    "receipt_link",
    "recording",
    "recovery_code",
    "rejected_row",
    "reply",
    "set_up_token",
    "sign_in_attempt",
    "spending",
    "suppression",
    "suppression_key",
    "tally",
    "target",
    "trunk",
    "web_session",
    "webhook",
    "webhook_delivery",
    "webhook_event",
]
