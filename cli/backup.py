"""`portevoix backup` and `portevoix restore`: everything in one file, and back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from audio.message import sha256_of
from campaigns.errors import InvalidInput
from cli.console import complain, figure, local, note, row, say, show, table
from cli.session import REFUSED, By, open_home, session_of
from dialer.recovery import Recovered, recover
from operations import suppression_key
from operations.audit_proof import Fault, prove
from operations.backup import back_up
from operations.giving_way import give_way
from operations.nodes import is_node
from operations.pbx_directories import journals as journal_directories
from operations.restore import Restored, add_journals, faults, restore
from operations.settings import default_home
from operations.standstill import Standstill
from operations.suppression_key import KeyState
from store.leases import MAIN


def backup(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(dir_okay=False, help="A new file.")],
    by: By = "command line",
) -> None:
    """Write everything into one file, while calls go on.

    All but the suppression key: «portevoix suppressions key backup FILE» writes that, to be kept
    elsewhere.
    """
    give_way()
    workspace = open_home(ctx)
    manifest = back_up(workspace, file, by)
    say(
        f"{file}: {figure(file.stat().st_size // 1024)} KB, {figure(len(manifest.files))} files, "
        f"the record up to {local(manifest.record_until)}."
    )
    say(f"SHA-256 {sha256_of(file)}")
    note(
        "It holds phone numbers and the passwords of trunks: keep it as you keep those. The "
        "suppression key is not in it: portevoix suppressions key backup FILE, for another place."
    )


def restore_backup(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    key: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Backup of the suppression key."),
    ] = None,
    journals: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[NODE=]DIR",
            help="Journals of the PBX saved from the old machine (its pbx/journal); of a node that "
            "is not main with its name before them, and once for each.",
        ),
    ] = None,
    keep_keys: Annotated[
        bool,
        typer.Option("--keep-keys", help="Leave API keys in force, those revoked since too."),
    ] = False,
    by: By = "command line",
) -> None:
    """Put a backup back into an empty home directory, and verify it.

    Every campaign that could call is held until a named person releases it, and every webhook
    rests: what was done after the backup is not in it. API keys are put out of force. Journals of
    the PBX tell of the calls in between.
    """
    give_way()
    home = (session_of(ctx).home or default_home()).resolve()
    saved = [_saved(one) for one in journals or []]
    restored = restore(file, home, by, keep_keys=keep_keys)
    wrong = list(faults(restored))
    ctx.call_on_close(restored.workspace.engine.dispose)
    if key is not None:
        workspace = restored.workspace
        suppression_key.restore(workspace.settings, workspace.engine, key, by)
    brought = sum(add_journals(restored.workspace, found, node) for node, found in saved)
    told = recover(restored.workspace, *journal_directories(restored.workspace.settings).values())
    _say(restored, told, brought)
    if not _verified(restored, wrong):
        raise typer.Exit(REFUSED)


def _saved(text: str) -> tuple[str, Path]:
    """Whose journals they are, and where.

    Raises:
        InvalidInput: there is no such directory.
    """
    name, separator, path = text.partition("=")
    node, found = (name, Path(path)) if separator and is_node(name) else (MAIN, Path(text))
    if not found.is_dir():
        raise InvalidInput("journals", f"{found} is no directory.", "Give DIR or NODE=DIR.")
    return node, found


def _say(restored: Restored, told: Recovered, brought: int) -> None:
    until = local(restored.manifest.record_until)
    say(f"The record is that of {until}, from {restored.manifest.host}.")
    say(
        f"The journals ({figure(brought)} files brought in) told of {figure(told.calls)} later "
        f"calls, {figure(told.refusals)} refusals; {figure(told.doubtful)} calls are in doubt."
    )
    for line in _missing(restored, told, until):
        note(f"Missing: {line}")
    for line in _waiting(restored.standstill, until):
        note(line)


def _waiting(found: Standstill, until: str) -> Iterator[str]:
    if found.campaigns:
        yield (
            f"Campaigns held: {figure(found.campaigns)}. Once it is known who was called since "
            f"{until}: portevoix campaign release NAME --by PERSON."
        )
    if found.webhooks:
        yield (
            f"Webhooks at rest: {figure(found.webhooks)}. Once nobody else tells them: portevoix "
            "webhook list, portevoix webhook resume NUMBER --by PERSON."
        )
    if found.keys:
        yield (
            f"API keys put out of force: {figure(found.keys)}, as one revoked since {until} would "
            "open everything again. Make new ones: portevoix key make NAME --controller NAME."
        )


def _missing(restored: Restored, told: Recovered, until: str) -> Iterator[str]:
    yield f"lists, forms, erasures, and refusals other than by a call since {until}."
    if restored.standstill.keys is None:
        yield f"what was changed of users and keys since {until}: revoke and disable again."
    else:
        yield f"what was changed of users since {until}: disable again who left."
    if told.strangers:
        yield (
            f"{figure(told.strangers)} calls went to people of lists that came later. Do not call "
            "such a list again."
        )
    if told.untargeted:
        yield f"{figure(told.untargeted)} calls of which the journals do not say to whom they went."
    if told.lost_refusals:
        yield f"{figure(told.lost_refusals)} of these calls had a 9, and nobody here knows whose."
    if told.unreadable:
        yield f"{figure(told.unreadable)} lines of the journals, which could not be read."
    if restored.missing_environment:
        yield f"settings of the environment: {', '.join(restored.missing_environment)}."
    if restored.settings_kept:
        yield "the settings of the backup: those that were in the home directory count."


def _verified(restored: Restored, found: list[str]) -> bool:
    """Look everything over and show it; whether calls can be placed from here."""
    shown = table("", "what", "found")
    proof_faults: list[Fault] = []
    proof = prove(restored.workspace.engine, proof_faults.append)
    key = suppression_key.state(restored.workspace.settings, restored.workspace.engine)
    _line(shown, "files and database", found, "as they were, by their hashes and rows")
    told = [str(one) for one in proof_faults]
    _line(shown, "audit", told, f"{figure(proof.events)} acts, nothing changed")
    lost = [] if key is KeyState.FITS else [_no_key(key)]
    _line(shown, "suppression key", lost, "the one of this database")
    show(shown)
    for one in (*found, *told, *lost):
        complain(one)
    return not (found or told or lost)


def _no_key(key: KeyState) -> str:
    return (
        f"The suppression key is {key}: nobody is called before it is back "
        "(portevoix suppressions key restore FILE)."
    )


def _line(shown: Table, what: str, wrong: list[str], fine: str) -> None:
    mark = Text("✗ fault", "red") if wrong else Text("✓ ok", "green")
    row(shown, mark, what, f"{len(wrong)} faults" if wrong else fine)
