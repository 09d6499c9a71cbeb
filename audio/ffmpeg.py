"""The system's ``ffmpeg``, where it is installed, kept within bounds.

A program of its own, so that neither a defect in it nor a file made to be costly goes further than
the time, the memory and the length it is given here.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from threading import BoundedSemaphore

_CPU_S, _WAIT_S = 60, 120
_MEMORY_BYTES = 1 << 30
# Ten minutes of two channels at 96 kHz and 16 bits, of which a telephone needs less.
_OUTPUT_BYTES = 256 * 1024**2
_AT_ONCE = BoundedSemaphore(2)
_LAST_WORDS_BYTES = 400
_PROGRAM = ("ffmpeg", "-nostdin", "-v", "error", "-xerror", "-filter_threads", "1")


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended: its exit code, negative where it was ended for its bounds; its last words."""

    code: int
    said: str


def is_there() -> bool:
    """Whether this machine has it, and prlimit to keep it in bounds."""
    return all(shutil.which(program) for program in ("ffmpeg", "prlimit"))


def run(arguments: Sequence[str]) -> Ended:
    """Run it, two at a time."""
    with _AT_ONCE, tempfile.TemporaryFile() as words:
        try:
            code = subprocess.run(  # noqa: S603 - fixed programs, and paths that are our own
                [*_bounds(), *_PROGRAM, *arguments],
                stdin=subprocess.DEVNULL, stdout=words, stderr=words, check=False,
                timeout=_WAIT_S, env={"PATH": os.environ.get("PATH", os.defpath)},
            ).returncode  # fmt: skip
        except subprocess.TimeoutExpired:
            code = -1
        words.seek(max(0, words.tell() - _LAST_WORDS_BYTES))
        return Ended(code, words.read().decode(errors="replace"))


def _bounds() -> list[str]:
    limits = [f"--cpu={_CPU_S}", f"--as={_MEMORY_BYTES}", f"--fsize={_OUTPUT_BYTES}", "--core=0"]
    return ["prlimit", *limits, "nice"]
