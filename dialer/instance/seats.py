"""Seats: several Asterisks run apart on one machine, each the PBX of one dialer.

A seat has the name of the node that takes it. The first is `main`, in the directory and on the
ports that the settings name, so that one seat is the same as none; each other one has a directory
of its own below `seats/`, the next AMI and SIP port, and its slice of the RTP ports.
"""

from pathlib import Path

from campaigns.errors import InvalidInput
from dialer.instance.apart import RTP_PORTS, SIP_PORT
from operations.pbx_directories import SEATS
from operations.settings import PbxSettings
from store.leases import MAIN


def seats(pbx: PbxSettings) -> list[str]:
    """Their names, the first one first."""
    return [MAIN, *(f"seat-{number}" for number in range(2, pbx.seats + 1))]


def seat(pbx: PbxSettings, node: str) -> PbxSettings:
    """The settings of the Asterisk that a node drives; unchanged where there is one for all.

    Raises:
        InvalidInput: there are seats, and none of that name.
    """
    if pbx.seats == 1:
        return pbx
    if node not in seats(pbx):
        raise InvalidInput(
            "node", f"«{node}» is none of the {pbx.seats} seats of this PBX.",
            "Leave the name out and say --seat, or raise [pbx] seats.",
        )  # fmt: skip
    number = seats(pbx).index(node)
    first, last = pbx.rtp_start or RTP_PORTS[0], pbx.rtp_end or RTP_PORTS[1]
    width = (last - first + 1) // pbx.seats // 2 * 2
    own: dict[str, object] = {
        "seats": 1,
        "port": pbx.port + number,
        "sip_port": (pbx.sip_port or SIP_PORT) + number,
        "rtp_start": first + number * width,
        "rtp_end": first + (number + 1) * width - 1,
    }
    if number:
        for name in ("directory", "directory_there"):
            root = getattr(pbx, name)
            own[name] = root / SEATS / node if root else None
    return pbx.model_copy(update=own)


def shared_lines(pbx: PbxSettings, node: str) -> Path | None:
    """What callback lines speak, as the PBX sees it: a line that is installed answers on each seat.

    Returns:
        None for the first seat, whose own directory it is.
    """
    root = pbx.directory_there or pbx.directory
    return None if node == MAIN or root is None else root / "lines"
