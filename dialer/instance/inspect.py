"""Look at a local Asterisk link by link, for `portevoix doctor`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from campaigns.errors import PbxError
from campaigns.trunk import Codec, Trunk
from dialer.instance.configure import AMI_USER
from dialer.instance.locate import REFERENCE, find_installation
from dialer.instance.supervise import Supervisor

READ = {"call", "user"}
WRITE = {"originate", "call", "reporting"}

# Where there is no G.722, Asterisk makes it of the samples at 8 kHz.
_EXTENSIONS = {
    Codec.ALAW: ("alaw",),
    Codec.ULAW: ("ulaw",),
    Codec.G722: ("g722", "sln"),
    Codec.SLIN: ("sln",),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at.

    Attributes:
        name: what was looked at, in a few words.
        ok: whether it is as it must be.
        detail: what was seen.
        remedy: what to do about it; empty where it is well.
    """

    name: str
    ok: bool
    detail: str
    remedy: str = ""


def inspect_installation(tree: Path | None = None) -> Finding:
    """Whether an Asterisk is there, and recent enough."""
    try:
        found = find_installation(tree)
    except PbxError as error:
        return Finding("PBX", ok=False, detail=str(error), remedy="Run «make pbx».")
    where = f"Asterisk {found.version_text} at {found.program}"
    if found.version[0] < REFERENCE:
        return Finding(
            "PBX", ok=True, detail=f"{where}, older than {REFERENCE}: tried less, works."
        )
    return Finding("PBX", ok=True, detail=where)


def inspect_instance(supervisor: Supervisor) -> Iterator[Finding]:
    """Everything about a running instance, in the order in which a call meets it.

    Raises:
        PbxError: its console stopped answering meanwhile.
    """
    if not supervisor.running:
        yield Finding(
            "PBX running",
            ok=False,
            detail=f"No Asterisk runs for {supervisor.instance.root}.",
            remedy="Start it with «portevoix serve».",
        )
        return
    yield Finding("PBX running", ok=True, detail=f"AMI on port {supervisor.instance.ami_port}.")
    yield _user(supervisor)
    yield _modules(supervisor)
    yield _rights(supervisor)
    for trunk in supervisor.instance.trunks:
        yield _trunk(supervisor, trunk)
    yield _journal(supervisor)


def inspect_sound(supervisor: Supervisor, sound: str, codec: Codec) -> Finding:
    """Whether the PBX can read a recording in a trunk's codec.

    Args:
        supervisor: the PBX.
        sound: absolute path without extension, as the dialplan gets it.
        codec: the trunk's.
    """
    files = [Path(f"{sound}.{extension}") for extension in _EXTENSIONS[codec]]
    file = next((one for one in files if one.is_file()), files[0])
    name = f"recording {file.name}"
    if not file.is_file():
        return Finding(name, ok=False, detail=f"{file} is missing.", remedy="Prepare it again.")
    if not supervisor.identity.may("-r", file):
        return Finding(
            name,
            ok=False,
            detail=f"{supervisor.identity.name}, who runs the PBX, cannot read {file}.",
            remedy="Let that user read it and enter every directory above it.",
        )
    return Finding(name, ok=True, detail=f"{file.stat().st_size} bytes")


def _user(supervisor: Supervisor) -> Finding:
    identity = supervisor.identity
    if identity.uid == 0:
        return Finding(
            "PBX user",
            ok=False,
            detail="Asterisk runs as root: no other user can reach its directory.",
            remedy="Put the data below a directory that every user may enter, such as /var/lib.",
        )
    return Finding("PBX user", ok=True, detail=f"Asterisk runs as {identity.name}.")


def _modules(supervisor: Supervisor) -> Finding:
    missing = supervisor.missing_modules()
    if missing:
        return Finding(
            "PBX modules",
            ok=False,
            detail=f"Not loaded: {', '.join(missing)}.",
            remedy="Install all of Asterisk's modules, or run «make pbx».",
        )
    return Finding("PBX modules", ok=True, detail="All that calls need.")


def _rights(supervisor: Supervisor) -> Finding:
    shown = supervisor.command(f"manager show user {AMI_USER}")
    read, write = _permissions(shown, "read"), _permissions(shown, "write")
    if (read, write) == (READ, WRITE):
        return Finding("AMI rights", ok=True, detail="The least that calls need.")
    return Finding(
        "AMI rights",
        ok=False,
        detail=f"read {_listed(read)}, write {_listed(write)}.",
        remedy=f"Make them read {_listed(READ)} and write {_listed(WRITE)} in manager.conf.",
    )


def _permissions(shown: str, kind: str) -> set[str]:
    found = re.search(rf"{kind} perm: (\S+)", shown)
    return set(found.group(1).split(",")) if found else set()


def _listed(names: set[str]) -> str:
    return ",".join(sorted(names)) or "nothing"


def _trunk(supervisor: Supervisor, trunk: Trunk) -> Finding:
    endpoint = supervisor.instance.endpoint(trunk.name)
    shown = supervisor.command(f"pjsip show endpoint {endpoint}")
    codecs = re.search(r"(?m)^ allow +: \((\S*)\)", shown)
    name = f"trunk {trunk.name}"
    if not codecs:
        return Finding(
            name, ok=False, detail="Asterisk does not know it.", remedy="Restart the dialer."
        )
    if codecs.group(1) != trunk.codec:
        return Finding(
            name,
            ok=False,
            detail=f"It offers {codecs.group(1) or 'no codec'}, not {trunk.codec}.",
            remedy="Choose a codec this Asterisk has, or install its codec modules.",
        )
    return Finding(name, ok=True, detail=f"{trunk.host}:{trunk.port}, {trunk.codec}")


def _journal(supervisor: Supervisor) -> Finding:
    directory = supervisor.instance.journal
    if not supervisor.identity.may("-w", directory):
        return Finding(
            "journal",
            ok=False,
            detail=f"{supervisor.identity.name} cannot write in {directory}: refusals could be "
            "lost.",
            remedy=f"Give {directory} to {supervisor.identity.name}.",
        )
    return Finding("journal", ok=True, detail=str(directory))
