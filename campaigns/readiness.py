"""How many of a list may be called for a purpose, how many not, and why. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from campaigns.contacts.basis import BasisKind, Evidence
from campaigns.rules import gates
from campaigns.rules.gates import Candidate, Demand, Gate
from campaigns.rules.purposes import covers


class Cause(StrEnum):
    """Why somebody may not be called, as finely as a supplier can mend it."""

    SUPPRESSED = "suppressed"
    OTHER_PURPOSE = "other_purpose"
    OTHER_BASIS = "other_basis"
    LAPSED = "lapsed"
    ATTESTED_ONLY = "attested_only"
    UNPROVED = "unproved"
    FICTIONAL = "fictional"


_CAUSES = {
    Gate.SUPPRESSED: Cause.SUPPRESSED,
    Gate.REHEARSAL_ONLY: Cause.FICTIONAL,
}


@dataclass(frozen=True, slots=True)
class Group:
    """Contacts of a list that every gate treats alike.

    Attributes:
        lapsed: their consent has expired or was withdrawn.
    """

    evidence: Evidence
    fictional: bool
    suppressed: bool
    count: int
    lapsed: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """So many people of a list whom one gate keeps from being called."""

    gate: Gate
    cause: Cause
    count: int


@dataclass(frozen=True, slots=True)
class ListReadiness:
    """One list.

    Attributes:
        supplier: whom to ask for what is missing.
        purposes: what its people were told that calls would be for.
        contacts: people in it.
        reasons: who of them may not be called, the most numerous first.
        refused: rows refused at import, by code: they never became contacts.
        basis: the legal basis it rests on.
    """

    list_id: int
    name: str
    supplier: str
    purposes: tuple[str, ...]
    contacts: int
    reasons: tuple[Reason, ...]
    refused: Mapping[str, int]
    basis: BasisKind = BasisKind.CONSENT

    @property
    def not_callable(self) -> int:
        """People of it who may not be called."""
        return sum(one.count for one in self.reasons)

    @property
    def callable(self) -> int:
        """People of it who may be."""
        return self.contacts - self.not_callable


@dataclass(frozen=True, slots=True)
class Readiness:
    """Some lists, for one purpose under one pack.

    Attributes:
        purpose: what the calls are for.
        pack: its label.
        evidence: the weakest proof it accepts.
        lists: one by one.
        shared: contacts that are in more than one of the lists, counted once too often for each
            further one; None where that was not counted.
    """

    purpose: str
    pack: str
    evidence: Evidence
    lists: tuple[ListReadiness, ...]
    shared: int | None = None

    @property
    def contacts(self) -> int:
        """Contacts of all lists."""
        return sum(one.contacts for one in self.lists)

    @property
    def callable(self) -> int:
        """Contacts that may be called."""
        return sum(one.callable for one in self.lists)

    @property
    def people(self) -> int:
        """Everybody once."""
        return self.contacts - (self.shared or 0)

    @property
    def callable_people(self) -> int:
        """How many people may be called: those in several lists are taken to be like the others."""
        share = self.people / self.contacts if self.contacts else 0.0
        return round(self.callable * share)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Who may not be called, over all lists."""
        return ranked(reason for one in self.lists for reason in one.reasons)


def reasons_of(
    groups: Iterable[Group],
    purposes: tuple[str, ...],
    demand: Demand,
    basis: BasisKind = BasisKind.CONSENT,
) -> tuple[Reason, ...]:
    """Who of a list may not be called: the same gates as at the moment of the call, in order.

    Those of time, of other calls and of calls before are left out: they differ from hour to hour.
    """
    return ranked(filter(None, (_reason(group, purposes, basis, demand) for group in groups)))


def ranked(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """The same summed by gate and cause, the most numerous first."""
    counts: Counter[tuple[Gate, Cause]] = Counter()
    for one in reasons:
        counts[one.gate, one.cause] += one.count
    found = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return tuple(Reason(gate, cause, count) for (gate, cause), count in found if count)


def _reason(group: Group, told: tuple[str, ...], basis: BasisKind, demand: Demand) -> Reason | None:
    candidate = Candidate(
        attempts=0,
        purposes=told,
        evidence=group.evidence,
        fictional=group.fictional,
        suppressed=group.suppressed,
        live_call=False,
        lapsed=group.lapsed,
        basis=basis,
    )
    gate = gates.refusal(candidate, demand)
    if gate is None:
        return None
    return Reason(gate, _cause(gate, candidate, demand), group.count)


def _cause(gate: Gate, candidate: Candidate, demand: Demand) -> Cause:
    if gate is Gate.NO_BASIS:
        return _no_basis(candidate, demand)
    if gate is Gate.EVIDENCE_TOO_WEAK:
        attested = candidate.evidence is Evidence.LIST
        return Cause.ATTESTED_ONLY if attested else Cause.UNPROVED
    return _CAUSES[gate]


def _no_basis(candidate: Candidate, demand: Demand) -> Cause:
    if not covers(candidate.purposes, demand.purpose):
        return Cause.OTHER_PURPOSE
    return Cause.LAPSED if candidate.basis in demand.bases else Cause.OTHER_BASIS
