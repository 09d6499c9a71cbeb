"""`portevoix audio`: recordings made ready for the telephone, without any PBX."""

import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from audio.library import Library
from audio.preview import preview as heard_by_phone
from cli.console import as_json, say
from cli.session import AsJson

app = typer.Typer(no_args_is_help=True, help="Recordings, made ready for the telephone.")


@app.callback()
def group() -> None:
    """Recordings, made ready for the telephone."""


@app.command()
def prepare(
    files: Annotated[
        list[Path], typer.Argument(exists=True, dir_okay=False, help="In the order heard.")
    ],
    out: Annotated[Path, typer.Option(file_okay=False, help="Where the files are written.")],
    preview: Annotated[
        bool, typer.Option("--preview", help="Also write preview.wav, as a phone will play it.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Join, level and encode recordings into the files a PBX plays."""
    with tempfile.TemporaryDirectory(prefix="portevoix-audio-") as aside:
        message = Library(Path(aside), wideband=True).prepare(files, out.name)
        out.mkdir(parents=True, exist_ok=True)
        for file in message.directory.iterdir():
            shutil.copyfile(file, out / file.name)
        if preview:
            (out / "preview.wav").write_bytes(heard_by_phone(message))
    if json:
        say(as_json({"directory": out, "message": message.message_id, "seconds": message.seconds}))
        return
    say(
        f"{message.seconds:.1f} s, {message.loudness_lufs:.1f} LUFS, peak "
        f"{message.peak_dbfs:.1f} dBFS: {', '.join(sorted(file.name for file in out.iterdir()))}"
    )
