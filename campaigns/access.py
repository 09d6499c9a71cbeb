"""Who may do what: roles of people, permissions of roles and of API keys.

A role belongs to one controller, but for the administrator's, which is of the whole installation
and says nothing of any controller's data. Whatever is not granted here is refused.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum


class Permission(StrEnum):
    """One thing that somebody may do."""

    CAMPAIGNS_READ = "campaigns:read"  # campaigns, lists and recordings, without anybody's number
    PEOPLE_READ = "people:read"  # numbers: targets, attempts, refused rows, suppressions, why
    CAMPAIGNS_WRITE = "campaigns:write"  # lists, recordings, campaigns before their launch, budgets
    CAMPAIGNS_LAUNCH = "campaigns:launch"  # launch, and answer for what a launch needs
    CAMPAIGNS_RUN = "campaigns:run"  # pause, resume, drain, stop, release, limits
    REFUSALS_WRITE = "refusals:write"  # numbers not to be called
    PRIVACY = "privacy"  # receipts, requests, erasure, consent forms
    AUDIT_READ = "audit:read"
    STOP = "stop"  # the one stop for everything
    PROGRAMS = "programs"  # API keys and webhooks
    TRUNKS_READ = "trunks:read"
    INSTALLATION = "installation"  # users, trunks, settings
    ACCOUNT = "account"  # one's own password, second factor and sessions


class Role(StrEnum):
    """What somebody is for a controller."""

    MANAGER = "manager"
    OPERATOR = "operator"
    OFFICER = "officer"  # data-protection officer (GDPR, art. 37 to 39)
    READER = "reader"


_READS = frozenset({Permission.CAMPAIGNS_READ})
_WATCHES = _READS | {
    Permission.PEOPLE_READ,
    Permission.REFUSALS_WRITE,
    Permission.AUDIT_READ,
    Permission.STOP,
}

GRANTED: Mapping[Role, frozenset[Permission]] = {
    Role.READER: _READS,
    Role.OFFICER: _WATCHES | {Permission.PRIVACY},
    Role.OPERATOR: _WATCHES | {Permission.CAMPAIGNS_RUN, Permission.TRUNKS_READ},
    Role.MANAGER: _WATCHES
    | {
        Permission.CAMPAIGNS_WRITE,
        Permission.CAMPAIGNS_LAUNCH,
        Permission.CAMPAIGNS_RUN,
        Permission.PROGRAMS,
        Permission.TRUNKS_READ,
    },
}
"""What each role may do for its controller."""

OF_ADMINISTRATORS = frozenset({Permission.INSTALLATION, Permission.TRUNKS_READ})
"""What an administrator may do besides what their roles grant."""

OF_A_CONTROLLER = frozenset().union(*GRANTED.values())
"""Everything that can be done for a controller: what a key without scopes may do."""

OF_KEYS = OF_A_CONTROLLER | {Permission.INSTALLATION}
"""What a key may be given by name. The installation is given at the command line alone: whoever
makes keys for a controller has no say over it."""


_KEY = "key "
"""Begins what acts of a key are signed with. No e-mail address has a space, so no key passes for a
user, whatever it is named."""


def signed_by_key(name: str) -> str:
    """What acts of the API key of that name are signed with."""
    return _KEY + name


def is_key(by: str) -> bool:
    """Whether an act was a key's, of which nobody knows which person has it."""
    return by.strip().casefold().startswith(_KEY)


def granted(roles: Iterable[Role], *, administrator: bool) -> frozenset[Permission]:
    """What somebody who is signed in may do.

    Args:
        roles: theirs for the controller they act for.
        administrator: of the installation.
    """
    own = frozenset({Permission.ACCOUNT})
    theirs = own | (OF_ADMINISTRATORS if administrator else frozenset())
    return theirs.union(*(GRANTED[role] for role in roles))


def of_key(scopes: Iterable[str] | None) -> frozenset[Permission]:
    """What an API key may do: its scopes; all of its controller's rights where it has none.

    A scope that no key can have, or that this version does not know, grants nothing.
    """
    if scopes is None:
        return OF_A_CONTROLLER
    asked = set(scopes)
    return frozenset(one for one in OF_KEYS if one.value in asked)
