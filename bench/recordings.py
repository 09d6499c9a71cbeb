"""`make bench-audio`: what the telephone makes of a recording, and how fast it is made."""

import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from audio.condition import NARROW_HZ, TARGET_LUFS, WIDE_HZ, narrowband
from audio.decode import Samples, decode
from audio.encode import read
from audio.levels import dbfs
from audio.loudness import loudness
from audio.preparation import prepare_files
from bench.corpus import recordings
from bench.report import finish, note, table, tell

_TONE_HZ = 6_000.0
_TONE_AMPLITUDE = 0.5
_TONE_S = 4.0
_FULL_SCALE = 32_768
_ALAW_TOP = 32_256
"""The largest magnitude that A-law has (ITU-T G.711, table 1a, in 16 bits)."""

MOST_ALIAS_DB, MOST_ERROR_LU, LEAST_FACTOR, LEAST_FILES = -90.0, 0.5, 200.0, 30


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of one recording.

    Attributes:
        error_lu: how far the loudness that a phone plays lies from the target.
        clipped: samples at the end of A-law's range.
        round_trip_db: signal to what A-law adds, over the whole message.
    """

    name: str
    seconds: float
    took_s: float
    error_lu: float
    clipped: int
    round_trip_db: float


def main() -> int:
    """Measure, print, and fail where a goal is missed."""
    with tempfile.TemporaryDirectory() as made:
        directory = Path(made)
        aliases = _aliases(directory)
        files = recordings(directory)
        tell(f"preparing {len(files)} recordings")
        heard = [_heard(path, directory / f"message-{number}") for number, path in enumerate(files)]
    return _told(aliases, heard)


def _aliases(directory: Path) -> dict[str, float]:
    """Level of what a tone above the telephone's band leaves in it, under the tone's own, in dB."""
    tone = directory / "tone.wav"
    instants = np.arange(int(_TONE_S * 48_000)) / 48_000
    soundfile.write(
        tone, _TONE_AMPLITUDE * np.sin(2 * np.pi * _TONE_HZ * instants), 48_000, subtype="PCM_24"
    )
    ways: dict[str, Callable[[Path], Samples]] = {
        "porte-voix (soxr HQ)": lambda path: narrowband(decode(path, WIDE_HZ)),
        "pydub set_frame_rate": _by_pydub,
    }
    if shutil.which("ffmpeg"):
        ways["ffmpeg -ar 8000"] = _by_ffmpeg
    return {name: _left(resample(tone)) for name, resample in ways.items()}


def _by_pydub(path: Path) -> Samples:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for ffmpeg, which a WAV does not need
        from pydub import AudioSegment  # noqa: PLC0415
    narrow = AudioSegment.from_wav(path).set_sample_width(2).set_frame_rate(NARROW_HZ)
    return np.array(narrow.get_array_of_samples(), np.float32) / _FULL_SCALE


def _by_ffmpeg(path: Path) -> Samples:
    """In floating point, so that it is the resampler that is judged."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-ar", str(NARROW_HZ)]
    done = subprocess.run([*command, "-f", "f32le", "-"], check=True, capture_output=True)
    return np.frombuffer(done.stdout, np.float32)


def _left(narrow: Samples) -> float:
    """The loudest tone in the middle of it, in dB under the one that was put in."""
    middle = narrow[len(narrow) // 4 : -len(narrow) // 4].astype(np.float64)
    window = np.blackman(len(middle))
    spectrum = np.abs(np.fft.rfft(middle * window)) / window.sum() * 2
    return dbfs(float(spectrum.max())) - dbfs(_TONE_AMPLITUDE)


def _heard(path: Path, directory: Path) -> Heard:
    directory.mkdir()
    begun = time.perf_counter()
    message = prepare_files([path], path.stem, directory)
    took = time.perf_counter() - begun
    alaw = read(message.files["alaw"]).astype(np.float64)
    linear = read(message.files["sln"]).astype(np.float64)
    added = np.square(alaw - linear).mean()
    return Heard(
        path.name,
        message.seconds,
        took,
        abs(loudness((alaw / _FULL_SCALE).astype(np.float32), NARROW_HZ) - TARGET_LUFS),
        int((np.abs(alaw) >= _ALAW_TOP).sum()),
        float(10 * np.log10(np.square(linear).mean() / added)) if added else np.inf,
    )


def _told(aliases: dict[str, float], heard: Sequence[Heard]) -> int:
    table(
        "Recordings made fit for the telephone",
        ("recording", "seconds", "took s", "off target LU", "clipped", "A-law SNR dB"),
        [(h.name, h.seconds, h.took_s, h.error_lu, h.clipped, h.round_trip_db) for h in heard],
    )
    table("A tone of 6 kHz at 8 kHz", ("way", "left of it, dB"), aliases.items())
    if len(aliases) < 3:
        note("ffmpeg is not installed here, so it is not compared.")
    result = {
        "alias_db": aliases["porte-voix (soxr HQ)"],
        "loudness_error_lu": max(one.error_lu for one in heard),
        "realtime_factor": sum(one.seconds for one in heard) / sum(one.took_s for one in heard),
        "files": len(heard),
        "clipped": sum(one.clipped for one in heard),
        "alaw_snr_db": min(one.round_trip_db for one in heard),
    }
    finish(result)
    kept = (
        result["alias_db"] <= MOST_ALIAS_DB
        and result["loudness_error_lu"] <= MOST_ERROR_LU
        and result["realtime_factor"] >= LEAST_FACTOR
        and result["files"] >= LEAST_FILES
        and not result["clipped"]
    )
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
