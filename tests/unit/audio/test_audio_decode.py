from pathlib import Path

import numpy as np
import pytest
import soundfile
from audio_signals import level_at, speech, tone, write

from audio.decode import BLOCK_FRAMES, decode, mono_blocks, opened


@pytest.mark.parametrize(
    ("name", "rate_hz", "how"),
    [
        ("a.wav", 44_100, {}),
        ("a.flac", 44_100, {}),
        ("a.mp3", 44_100, {}),
        ("a.ogg", 44_100, {}),
        ("a.opus", 48_000, {"format": "OGG", "subtype": "OPUS"}),
    ],
)
def test_blocks_join_without_a_seam(
    tmp_path: Path, name: str, rate_hz: int, how: dict[str, str]
) -> None:
    path = write(tmp_path / name, speech(8, rate_hz), rate_hz, **how)
    whole, _ = soundfile.read(path, dtype="float32")
    with opened(path) as file:
        blocks = list(mono_blocks(file))
    assert len(blocks) > 5
    assert max(len(block) for block in blocks) == BLOCK_FRAMES
    assert np.abs(np.concatenate(blocks) - whole).max() < 1e-6


def test_the_name_of_the_file_does_not_matter(tmp_path: Path) -> None:
    path = write(tmp_path / "a.raw", speech(2, 16_000), 16_000, format="FLAC")
    assert len(decode(path, 16_000)) == 32_000


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 44_100, 48_000, 192_000])
def test_any_rate_becomes_the_one_wanted(tmp_path: Path, rate_hz: int) -> None:
    path = write(tmp_path / "a.wav", tone(1_000, 3, rate_hz, -10), rate_hz)
    samples = decode(path, 16_000)
    assert len(samples) == pytest.approx(48_000, abs=2)
    assert level_at(samples, 1_000, 16_000) == pytest.approx(-10, abs=0.1)


def test_two_channels_become_their_mean(tmp_path: Path) -> None:
    left, right = tone(500, 2, 16_000, -10), tone(900, 2, 16_000, -10)
    path = write(tmp_path / "a.wav", np.stack([left, right], 1), 16_000, subtype="FLOAT")
    assert np.abs(decode(path, 16_000) - (left + right) / 2).max() < 1e-4
