"""The one root of every error this project raises on purpose.

PortevoixError
├── InvalidInput           what somebody gave is wrong; says which field, why, and what to do
├── NotAllowed             the act is known but its state, role or rule pack forbids it
│   └── NotReady           a check before a launch fails
├── NotFound               no such thing for this controller
├── StoreUnavailable       the database cannot record: dialing stops
│   └── SuppressionKeyMissing  who was erased can't be told: nobody may be called
├── LeaseLost              another dialer holds the lock; this one must write nothing more
└── PbxError               the PBX refused or cannot be reached
"""


class PortevoixError(Exception):
    """Something Porte-voix can explain to the person who asked."""

    code = "portevoix_error"


class InvalidInput(PortevoixError):
    """What was given is wrong.

    Args:
        field: the name of the field as the user wrote or saw it.
        why: what is wrong with it, in the user's terms.
        remedy: what to do about it.
    """

    code = "invalid_input"

    def __init__(self, field: str, why: str, remedy: str = "") -> None:
        self.field = field
        self.why = why
        self.remedy = remedy
        super().__init__(f"{field}: {why}" + (f" {remedy}" if remedy else ""))


class NotAllowed(PortevoixError):
    """The act exists, but not now or not for this person."""

    code = "not_allowed"


class NotReady(NotAllowed):
    """A campaign is not launched: something that is looked at before fails."""


class NotFound(PortevoixError):
    """There is no such thing, or it belongs to somebody else."""

    code = "not_found"


class StoreUnavailable(PortevoixError):
    """The database cannot record. No call may be placed."""

    code = "store_unavailable"


class SuppressionKeyMissing(StoreUnavailable):
    """Refusals of erased people cannot be recognised. No call may be placed.

    Args:
        why: whether the key is missing or another one.
    """

    code = "suppression_key_missing"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"{why} Without it nobody is called, as who was erased could not be told. "
            "Put it back: portevoix suppressions key restore FILE."
        )


class LeaseLost(PortevoixError):
    """Another dialer holds the lock on this database."""

    code = "lease_lost"


class PbxError(PortevoixError):
    """The PBX refused an action or cannot be reached."""

    code = "pbx_error"
