"""Write everything a local Asterisk instance reads, from the templates of `asterisk-config/`.

root/etc      configuration, with the generated secrets
root/run      control socket, pid
root/programs what Asterisk starts itself
root/log      warnings and errors of Asterisk
root/state    its own database
root/journal  what the dialplan appends for each call
root/sounds   recordings it plays
root/lines    what callback lines speak, by number; several nodes of one home share that of `main`
"""

import json
import os
import re
import resource
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import dialer
from campaigns.errors import InvalidInput
from campaigns.trunk import Keys, Trunk, is_loopback
from dialer.instance import canary
from dialer.instance.identity import Identity
from dialer.instance.locate import Installation

AMI_USER = "portevoix"

EVENTS = (
    "OriginateResponse", "Newchannel", "DialBegin", "Newstate", "UserEvent", "Hangup",
    "FullyBooted", "ChannelTalkingStart", "ChannelTalkingStop",
)  # fmt: skip
"""The only AMI events sent: seven a call instead of forty, at less work for Asterisk too. Those of
talking are made only where a call asks for them."""

UNMADE = (
    *("Newexten", "VarSet", "NewCallerid", "NewConnectedLine", "NewAccountCode"),
    *("DialState", "DialEnd", "HangupRequest", "SoftHangupRequest"),
    *("HangupHandlerPush", "HangupHandlerPop", "HangupHandlerRun", "DTMFBegin", "DTMFEnd"),
    *("DeviceStateChange", "ExtensionStatus", "PeerStatus", "ContactStatus", "RTCPSent"),
    *("RTCPReceived", "TestEvent", "MusicOnHoldStart", "MusicOnHoldStop"),
)
"""What a call would also make, at a cost of its own each (manager.conf, from Asterisk 18.10)."""

LOOPBACK = "127.0.0.1"

_SAME_PRESS_MS, _SAME_PRESS_BY_INFO_MS = 200, 700
"""Within so many ms the same key is the same press: faster than a finger; and for as long as a key
is held down, where INFO tells of its beginning and RFC 4733 of its end."""

_MAX_FILES = 65_536
_LONGEST_SOCKET = 107  # unix(7), sun_path less its end
_PLAIN_PATH = re.compile(r"[A-Za-z0-9_./+-]+")


@dataclass(frozen=True, slots=True)
class Instance:
    """A local Asterisk: its directories, ports and trunks.

    Attributes:
        root: directory of everything it reads and writes, absolute.
        sip_port: UDP port of its SIP transport.
        ami_port: TCP port of AMI.
        rtp_first: first UDP port for RTP; a call takes two.
        rtp_last: last UDP port for RTP.
        trunks: the SIP routes.
        sip_address: local address for SIP and RTP where a trunk is not on loopback.
        ami_address: where AMI listens: on loopback, unless the dialer is elsewhere.
        ami_permit: from where AMI takes connections, as address/netmask.
        endpoint_tag: letters and digits that nobody outside knows, added to the names of the
            endpoints. Asterisk dials a channel that a 302 names (`PJSIP/number@endpoint`): without
            the name, a far side cannot make us call anybody.
        shared_lines: what callback lines speak, where another instance has it too; its own
            directory where None.
    """

    root: Path
    sip_port: int
    ami_port: int
    rtp_first: int
    rtp_last: int
    trunks: tuple[Trunk, ...] = ()
    sip_address: str = "0.0.0.0"  # noqa: S104 - narrowed to loopback by bound_address
    ami_address: str = LOOPBACK
    ami_permit: str = f"{LOOPBACK}/255.255.255.255"
    endpoint_tag: str = ""
    shared_lines: Path | None = None

    def endpoint(self, trunk: str) -> str:
        """Name of the PJSIP endpoint of a trunk."""
        return f"{trunk}-{self.endpoint_tag}" if self.endpoint_tag else trunk

    @property
    def etc(self) -> Path:
        """Configuration."""
        return self.root / "etc"

    @property
    def run(self) -> Path:
        """Control socket and pid."""
        return self.root / "run"

    @property
    def programs(self) -> Path:
        """What Asterisk starts itself."""
        return self.root / "programs"

    @property
    def log(self) -> Path:
        """What Asterisk complains of."""
        return self.root / "log"

    @property
    def state(self) -> Path:
        """Asterisk's own database."""
        return self.root / "state"

    @property
    def journal(self) -> Path:
        """Journals of calls, appended to by the dialplan."""
        return self.root / "journal"

    @property
    def sounds(self) -> Path:
        """Recordings."""
        return self.root / "sounds"

    @property
    def lines(self) -> Path:
        """What callback lines speak, in a directory for each number."""
        return self.shared_lines or self.root / "lines"

    @property
    def bound_address(self) -> str:
        """Loopback as long as every trunk is there, so that nobody outside can reach us."""
        if all(is_loopback(trunk.host) for trunk in self.trunks):
            return LOOPBACK
        return self.sip_address

    @property
    def takes_info(self) -> bool:
        """Whether keys by SIP INFO are taken: of all trunks, as soon as one needs it."""
        return any(trunk.keys is Keys.ANY for trunk in self.trunks)

    @property
    def same_press_ms(self) -> int:
        """Within how many ms the same key is the same press."""
        return _SAME_PRESS_BY_INFO_MS if self.takes_info else _SAME_PRESS_MS

    @property
    def ami_secret(self) -> str:
        """Password of the AMI user; there once the instance has been configured."""
        return str(json.loads(self._secrets_file.read_text())["ami"])

    @property
    def _secrets_file(self) -> Path:
        return self.root / "secrets.json"

    def keep_secrets(self) -> dict[str, str]:
        """Read this instance's secrets, or make them once."""
        if not self._secrets_file.exists():
            write_secrets(self._secrets_file, {"ami": secrets.token_urlsafe(32)})
        kept: dict[str, str] = json.loads(self._secrets_file.read_text())
        return kept


def templates() -> Path:
    """Directory of the templates, beside the packages in a clone and in the wheel."""
    return Path(dialer.__file__).parent.parent / "asterisk-config"


def configure(instance: Instance, installation: Installation, identity: Identity) -> set[str]:
    """Write the configuration of an instance; the same settings give the same files.

    Args:
        instance: what to configure.
        installation: the Asterisk that will read it.
        identity: the system user that will run it.

    Returns:
        Names of the files that changed, such as `pjsip.conf`.

    Raises:
        InvalidInput: the directory, or a trunk's address or login, cannot be written to a
            configuration file.
    """
    check(instance)
    _make_directories(instance, identity)
    canary.write(instance.programs, installation, identity)
    wanted = render("*.conf*", values_of(instance, installation, instance.keep_secrets()))
    return {name for name, text in wanted.items() if _replace(instance.etc / name, text, identity)}


def _make_directories(instance: Instance, identity: Identity) -> None:
    instance.root.mkdir(parents=True, exist_ok=True)
    identity.share(instance.root, 0o750)
    instance.etc.mkdir(exist_ok=True)
    identity.share(instance.etc, 0o750)
    instance.sounds.mkdir(exist_ok=True)
    identity.share(instance.sounds, 0o750)
    if instance.shared_lines is not None:
        instance.lines.parent.mkdir(parents=True, exist_ok=True)
        identity.share(instance.lines.parent, 0o750)
    instance.lines.mkdir(exist_ok=True)
    identity.share(instance.lines, 0o750)
    for directory in (instance.run, instance.log, instance.state, instance.journal):
        directory.mkdir(exist_ok=True)
        identity.give(directory, 0o700)


def check(instance: Instance) -> None:
    """Refuse what cannot be written to a configuration file.

    Raises:
        InvalidInput: the directory, or a trunk's address or login.
    """
    _check_root(instance.root)
    for trunk in instance.trunks:
        _check(trunk)


def values_of(
    instance: Instance, installation: Installation, kept: Mapping[str, str]
) -> dict[str, Any]:
    """What templates are filled with.

    Args:
        instance: what is configured.
        installation: the Asterisk that will read it.
        kept: the instance's secrets.
    """
    return {
        "instance": instance,
        "installation": installation,
        "secrets": kept,
        "ami_user": AMI_USER,
        "events": EVENTS,
        "unmade": UNMADE,
        "advanced_filters": installation.advanced_filters,
        "max_files": _max_files(),
    }


def render(pattern: str, values: Mapping[str, Any]) -> dict[str, str]:
    """Fill the templates of a pattern; files by their names, such as `pjsip.conf`."""
    files = sorted(templates().glob(pattern))
    environment = Environment(  # noqa: S701 - configuration files, not HTML
        loader=FileSystemLoader(files[0].parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["sip_host"] = _sip_host
    environment.filters["escaped"] = _escaped
    environment.filters["sip_user"] = _sip_user
    return {
        file.name.removesuffix(".j2"): environment.get_template(file.name).render(values)
        if file.suffix == ".j2"
        else file.read_text()
        for file in files
    }


def _max_files() -> int:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return _MAX_FILES if hard == resource.RLIM_INFINITY else min(hard, _MAX_FILES)


def _check_root(root: Path) -> None:
    """Refuse a directory whose name would not pass unharmed through AMI and the dialplan."""
    if not root.is_absolute() or not _PLAIN_PATH.fullmatch(str(root)):
        raise InvalidInput(
            "directory of the PBX",
            f"«{root}» cannot be used.",
            "Give an absolute path of letters, digits and . _ + - only.",
        )
    if len(str(root / "run" / "asterisk.ctl")) > _LONGEST_SOCKET:
        raise InvalidInput(
            str(root),
            "its path is too long for Asterisk's control socket.",
            f"Choose a home directory of {_LONGEST_SOCKET - 30} characters or fewer.",
        )


def _check(trunk: Trunk) -> None:
    """Refuse what would end a line or open a section of a configuration file."""
    field = f"trunk {trunk.name}"
    if not trunk.host or not all(c.isalnum() or c in ".-:" for c in trunk.host):
        raise InvalidInput(
            field, f"«{trunk.host}» is not a host name or address.", "Give it without a port."
        )
    if not 0 < trunk.port < 65536:
        raise InvalidInput(field, f"{trunk.port} is not a port.")
    if not (trunk.username + trunk.password).isprintable():
        raise InvalidInput(field, "its login holds characters that cannot be typed.")


def _sip_host(host: str) -> str:
    """An address as a SIP URI has it: IPv6 in brackets (RFC 3261, 19.1.1)."""
    return f"[{host}]" if ":" in host else host


def _sip_user(user: str) -> str:
    """A login as the user part of a SIP URI has it (RFC 3261, 19.1.2)."""
    return quote(user, safe="-_.!~*'()&=+$,;?/")


def _escaped(value: str) -> str:
    """A value as Asterisk's configuration has it: `;` would begin a comment."""
    return value.replace(";", "\\;")


def _replace(file: Path, text: str, identity: Identity) -> bool:
    """Write a file for the PBX to read, in one step; False where nothing changes."""
    if file.exists() and file.read_text() == text:
        return False
    new = file.with_suffix(".new")
    _write(new, text, 0o600)
    identity.share(new, 0o640)
    new.replace(file)
    return True


def write_secrets(file: Path, kept: dict[str, str]) -> None:
    """Keep secrets where only we can read them; readers see all of them or none."""
    new = file.with_suffix(".new")
    _write(new, json.dumps(kept), 0o600)
    new.replace(file)


def _write(file: Path, text: str, mode: int) -> None:
    """Write a file that nobody else can read at any moment."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(text)
