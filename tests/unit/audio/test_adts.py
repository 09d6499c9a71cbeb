"""AAC without a container: whole or refused, and heard as it was recorded."""

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from audio_signals import speech, tone, write

from audio import aac, adts
from audio.decode import decode
from audio.probe import probe
from campaigns.errors import InvalidInput

pytestmark = pytest.mark.skipif(not aac.has_decoder(), reason="no ffmpeg here")

RATE_HZ = 44_100


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """Three seconds of speech."""
    return encoded(tmp_path, speech(3, RATE_HZ))


def encoded(directory: Path, samples: np.ndarray, *how: str) -> Path:
    wav = write(directory / "a.wav", samples, RATE_HZ)
    path = directory / "a.aac"
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(wav), "-c:a", "aac", "-aac_pns", "0"]
    subprocess.run([*command, *how, str(path)], check=True)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(InvalidInput) as caught:
        probe(path)
    return caught.value.why


def test_measures_it(tmp_path: Path) -> None:
    found = probe(encoded(tmp_path, tone(440, 3, RATE_HZ, -10), "-ac", "1"))
    assert (found.format, found.codec, found.rate_hz, found.channels) == ("AAC", "AAC", RATE_HZ, 1)
    assert found.seconds == pytest.approx(3, abs=0.1)


def test_hears_what_was_said(tmp_path: Path) -> None:
    said = speech(3, RATE_HZ)
    path = encoded(tmp_path, said, "-b:a", "192k")
    heard, original = decode(path, RATE_HZ), decode(tmp_path / "a.wav", RATE_HZ)
    # The encoder's first frames, which no index cuts away, come before it.
    ahead = heard[: 80_000 + 4096]
    shift = int(np.argmax(np.correlate(ahead, original[:80_000], "valid")))
    assert np.corrcoef(original[:80_000], heard[shift : shift + 80_000])[0, 1] > 0.98


@pytest.mark.parametrize("kept", [0.3, 0.9, 0.9995])
def test_refuses_a_file_cut_off(recorded: Path, kept: float) -> None:
    whole = recorded.read_bytes()
    recorded.write_bytes(whole[: int(len(whole) * kept)])
    assert "cut off" in refusal(recorded)


@pytest.mark.parametrize("junk", [b"TAG" + bytes(125), bytes(64), b"\xff\xf1" + b"\xff" * 40])
def test_refuses_what_is_no_frame(recorded: Path, junk: bytes) -> None:
    recorded.write_bytes(recorded.read_bytes() + junk)
    assert "cut off" in refusal(recorded)


def test_looks_no_further_into_what_is_far_too_long(tmp_path: Path) -> None:
    """A million frames of nothing but their header: 100 MB could hold 14 times as many."""
    path = tmp_path / "a.aac"
    empty = bytes([0xFF, 0xF1, 0x50, 0x80, 0x00, 0xFF, 0xFC])
    path.write_bytes(empty * 1_000_000)
    assert adts.track_of(path).seconds == pytest.approx(3600, abs=0.1)
    assert re.search("damaged|longer than", refusal(path))


def test_refuses_another_name(recorded: Path) -> None:
    named = recorded.rename(recorded.with_suffix(".mp3"))
    assert "named .mp3 but what it holds is AAC" in refusal(named)
