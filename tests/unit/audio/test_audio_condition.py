import numpy as np
import pytest
from audio_signals import level_at, noise, silence, speech, tone
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.condition import (
    NARROW_HZ,
    PEAK_LIMIT_DBFS,
    TARGET_LUFS,
    WIDE_HZ,
    condition,
    limit,
    narrowband,
    trimmed,
    true_peaks,
)
from audio.loudness import loudness
from campaigns.errors import InvalidInput

CEILING = 10 ** (PEAK_LIMIT_DBFS / 20)


def clicks() -> np.ndarray:
    """A voice with loud clicks in it: a crest factor of more than 25 dB."""
    samples = speech(6, WIDE_HZ, -30)
    samples[8_000::16_000] = 0.95
    return samples


SIGNALS = {
    "tone": tone(700, 4, WIDE_HZ, -6),
    "quiet tone": tone(1_000, 4, WIDE_HZ, -50),
    "loud noise": np.clip(noise(4, WIDE_HZ, -6), -1, 1),
    "speech": speech(8, WIDE_HZ),
    "quiet speech": speech(8, WIDE_HZ, -40),
    "speech and rumble": speech(8, WIDE_HZ, -30) + tone(40, 8, WIDE_HZ, -6),
    "speech off centre": speech(8, WIDE_HZ) + np.float32(0.3),
    "speech then a long silence": np.concatenate([speech(4, WIDE_HZ), silence(20, WIDE_HZ)]),
    "speech with sibilants": speech(8, WIDE_HZ) + 0.5 * tone(6_000, 8, WIDE_HZ, -20),
    "clicks": clicks(),
    "square": np.sign(tone(300, 4, WIDE_HZ)) * np.float32(0.9),
}


@pytest.mark.parametrize("name", SIGNALS)
def test_loudness_is_on_target_as_a_phone_hears_it(name: str) -> None:
    heard = limit(narrowband(condition(SIGNALS[name])), NARROW_HZ)
    assert loudness(heard, NARROW_HZ) == pytest.approx(TARGET_LUFS, abs=0.5)


@pytest.mark.parametrize("name", SIGNALS)
def test_no_peak_passes_the_limit(name: str) -> None:
    wide = condition(SIGNALS[name])
    for samples, rate_hz in [(wide, WIDE_HZ), (limit(narrowband(wide), NARROW_HZ), NARROW_HZ)]:
        assert np.abs(samples).max() <= CEILING + 1e-6
        assert true_peaks(samples, rate_hz).max() <= CEILING * 10 ** (0.2 / 20)


@settings(max_examples=40, deadline=None)
@given(
    gain=st.floats(0.1, 50),
    seed=st.integers(0, 2**32 - 1),
    length=st.integers(200, 20_000),
    rate_hz=st.sampled_from([NARROW_HZ, WIDE_HZ]),
)
def test_the_limiter_holds_whatever_comes(
    gain: float, seed: int, length: int, rate_hz: int
) -> None:
    wild = np.random.default_rng(seed).standard_cauchy(length).clip(-50, 50) * gain
    held = limit(wild.astype(np.float32), rate_hz)
    assert len(held) == length
    assert np.abs(held).max() <= CEILING + 1e-6


def test_peaks_between_samples_are_seen_at_a_seam_of_blocks_too() -> None:
    """A tone at a quarter of the rate, 45 degrees off, peaks 3 dB over its samples."""
    samples = np.tile(np.array([0.5, 0.5, -0.5, -0.5], np.float32), 80_000)
    crests = true_peaks(samples, WIDE_HZ)[200:-200:2]
    assert crests.min() == pytest.approx(0.5**0.5, abs=0.02)
    assert crests.max() == pytest.approx(0.5**0.5, abs=0.02)


def test_the_limiter_leaves_alone_what_is_under_the_limit() -> None:
    samples = tone(700, 1, NARROW_HZ, -12)
    assert limit(samples, NARROW_HZ) is samples


def test_the_limiter_is_smooth() -> None:
    """A gain that jumps would click: between neighbours it moves by under 2 %."""
    samples = np.full(NARROW_HZ, 0.4, np.float32)
    samples[4_000] = 4.0
    gain = limit(samples, NARROW_HZ) / samples
    assert np.abs(np.diff(gain)).max() < 0.02


def test_direct_current_and_rumble_are_gone() -> None:
    hum = tone(40, 4, WIDE_HZ, -10)
    samples = condition(tone(700, 4, WIDE_HZ, -10) + hum + np.float32(0.2))
    assert abs(samples.mean()) < 1e-3
    assert level_at(samples, 40, WIDE_HZ) < level_at(samples, 700, WIDE_HZ) - 30


def test_the_telephone_band_is_untouched() -> None:
    mixed = sum(tone(hz, 4, WIDE_HZ, -30) for hz in (300, 1_000, 3_000))
    out = narrowband(condition(mixed))
    levels = [level_at(out, hz, NARROW_HZ) for hz in (300, 1_000, 3_000)]
    assert max(levels) - min(levels) < 0.3


@pytest.mark.parametrize("lead_s", [0.0, 0.05, 0.5, 7.0])
def test_both_ends_keep_at_most_100_ms_of_silence(lead_s: float) -> None:
    quiet = silence(lead_s, WIDE_HZ)
    out = trimmed(np.concatenate([quiet, tone(700, 2, WIDE_HZ), quiet]))
    assert len(out) / WIDE_HZ == pytest.approx(2 + 2 * min(lead_s, 0.1), abs=0.02)


def test_nothing_said_softly_is_trimmed() -> None:
    """A breath or consonant 35 dB under the vowels is speech."""
    soft = noise(0.3, WIDE_HZ, -45)
    out = trimmed(np.concatenate([soft, noise(2, WIDE_HZ, -10), soft]))
    assert len(out) >= 2.6 * WIDE_HZ


def test_a_pause_inside_stays() -> None:
    spoken = tone(700, 1, WIDE_HZ)
    out = trimmed(np.concatenate([spoken, silence(3, WIDE_HZ), spoken]))
    assert len(out) == 5 * WIDE_HZ


@pytest.mark.parametrize("extra", range(0, 16, 5))
def test_a_whole_number_of_milliseconds_comes_out(extra: int) -> None:
    assert len(condition(tone(700, 1.5, WIDE_HZ)[: 20_000 + extra])) % (WIDE_HZ // 1000) == 0


def test_what_no_phone_can_carry_is_refused() -> None:
    with pytest.raises(InvalidInput, match="nothing would be heard on a phone"):
        condition(tone(6_000, 3, WIDE_HZ))
    with pytest.raises(InvalidInput, match="silent"):
        condition(silence(3, WIDE_HZ))
