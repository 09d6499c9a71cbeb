"""Our own Asterisk run apart from the dialer: in a container of its own, or on another host.

Both sides read the same settings and share the directory that `[pbx] directory` names. There the
PBX's side (`portevoix pbx run`) keeps what it makes up at its first start: the secret of the AMI
account, and the tag of its endpoints' names. The dialer reads them there, so nobody types them.
"""

import fcntl
import json
import secrets
import socket
import struct
from dataclasses import dataclass, field
from ipaddress import IPv4Interface
from pathlib import Path

from campaigns.errors import InvalidInput
from dialer.instance.configure import Instance, write_secrets
from operations.settings import PbxSettings, Settings

SIP_PORT = 5060
RTP_PORTS = (20_000, 29_999)
"""Where the settings name none."""

_FILE = "secrets.json"
_SIOCGIFADDR = 0x8915  # netdevice(7)
_SIOCGIFNETMASK = 0x891B


@dataclass(frozen=True, slots=True)
class Access:
    """What the dialer must know of a PBX elsewhere.

    Attributes:
        secret: of the AMI account; empty where nobody has said it.
        endpoint_suffix: what the names of its PJSIP endpoints have behind the trunk's.
    """

    secret: str = field(repr=False)
    endpoint_suffix: str


def access_to(pbx: PbxSettings) -> Access:
    """What the settings say and, where they are silent, what the PBX's side keeps."""
    kept = _kept(pbx.directory / _FILE) if pbx.directory else {}
    tag = kept.get("endpoint_tag", "")
    return Access(
        pbx.secret or kept.get("ami", ""), pbx.endpoint_suffix or (f"-{tag}" if tag else "")
    )


def instance_apart(settings: Settings) -> Instance:
    """The Asterisk to run on this machine for a dialer elsewhere.

    AMI listens on the address that `[pbx] host` has on this machine, and takes connections from
    that address's own network only.

    Raises:
        InvalidInput: the settings name no directory or AMI port, or a host that is not this one.
    """
    pbx, root = settings.pbx, _checked(settings)
    here = own_interface(pbx.host)
    root.mkdir(parents=True, exist_ok=True)
    tag = _keep(root / _FILE, pbx.secret)["endpoint_tag"]
    return _instance(settings, root, str(here.ip), here.network.with_netmask, tag)


def instance_elsewhere(settings: Settings, dialer: str = "") -> tuple[Instance, dict[str, str]]:
    """The Asterisk of another host, on which nothing of ours runs, and its secrets.

    AMI listens on the address of `[pbx] host`, and takes connections from the dialer's only.

    Args:
        settings: they name a remote PBX, and the directory that its host shares with this one.
        dialer: the address from which the dialer comes there; empty for that of this machine.

    Raises:
        InvalidInput: the settings name no directory or AMI port, or a host without an address.
    """
    root = _checked(settings)
    directory = settings.pbx.directory or root
    directory.mkdir(parents=True, exist_ok=True)
    kept = _keep(directory / _FILE, settings.pbx.secret)
    address = _address_of(settings.pbx.host)
    permit = f"{dialer or _address_towards(address)}/255.255.255.255"
    return _instance(settings, root, address, permit, kept["endpoint_tag"]), kept


def _instance(
    settings: Settings, root: Path, ami_address: str, ami_permit: str, tag: str
) -> Instance:
    pbx = settings.pbx
    return Instance(
        root=root,
        sip_port=pbx.sip_port or SIP_PORT,
        ami_port=pbx.port,
        rtp_first=pbx.rtp_start or RTP_PORTS[0],
        rtp_last=pbx.rtp_end or RTP_PORTS[1],
        trunks=tuple(settings.all_trunks()),
        sip_address=pbx.sip_bind,
        ami_address=ami_address,
        ami_permit=ami_permit,
        endpoint_tag=tag,
    )


def _checked(settings: Settings) -> Path:
    """The directory of a remote PBX, as it sees it itself."""
    pbx = settings.pbx
    root = pbx.directory_there or pbx.directory
    if pbx.mode != "remote" or root is None or not pbx.port:
        raise InvalidInput(
            "pbx",
            'an Asterisk run apart from the dialer needs mode = "remote", port and directory.',
            "The directory is the one that this machine shares with the dialer.",
        )
    return root


def own_interface(host: str) -> IPv4Interface:
    """The address that a name has on this machine, with its network.

    Raises:
        InvalidInput: the name has no IPv4 address, or that of another machine.
    """
    address = _address_of(host)
    for found in _interfaces():
        if str(found.ip) == address:
            return found
    raise InvalidInput(
        "pbx.host",
        f"«{host}» is {address}, which is another machine.",
        "Run the PBX on the machine that the dialer calls by this name.",
    )


def _address_of(host: str) -> str:
    try:
        return socket.gethostbyname(host)
    except OSError as error:
        raise InvalidInput("pbx.host", f"«{host}» has no address here: {error}.") from error


def _address_towards(address: str) -> str:
    """The address of this machine from which it reaches another."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.connect((address, SIP_PORT))  # sends nothing: UDP
        return str(asking.getsockname()[0])


def _interfaces() -> list[IPv4Interface]:
    """Every interface that has an IPv4 address."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        for _, name in socket.if_nameindex():
            request = struct.pack("256s", name.encode())
            try:
                address, mask = (
                    socket.inet_ntoa(fcntl.ioctl(asking, what, request)[20:24])
                    for what in (_SIOCGIFADDR, _SIOCGIFNETMASK)
                )
            except OSError:  # it has none
                continue
            found.append(IPv4Interface(f"{address}/{mask}"))
    return found


def _kept(file: Path) -> dict[str, str]:
    try:
        kept: dict[str, str] = json.loads(file.read_text())
    except FileNotFoundError:
        return {}
    return kept


def _keep(file: Path, secret: str) -> dict[str, str]:
    """Make up, once, what nobody has said."""
    before = _kept(file)
    kept = {
        "ami": secret or before.get("ami") or secrets.token_urlsafe(32),
        "endpoint_tag": before.get("endpoint_tag") or secrets.token_hex(8),
    }
    if kept != before:
        write_secrets(file, kept)
    return kept
