import numpy as np
import pytest
from audio_signals import silence, tone

from audio.filters import high_pass, high_shelf
from audio.loudness import SILENCE_LUFS, loudness


def test_the_first_stage_is_the_one_printed_in_bs1770() -> None:
    shelf = high_shelf(48_000, 1681.974450955533, 3.999843853973347, 0.7071752369554196)
    assert shelf.b == pytest.approx((1.53512485958697, -2.69169618940638, 1.19839281085285))
    assert shelf.a == pytest.approx((-1.69065929318241, 0.73248077421585))


def test_the_second_stage_is_the_one_printed_in_bs1770() -> None:
    stage = high_pass(48_000, 38.13547087602444, 0.5003270373238773)
    assert stage.b == (1.0, -2.0, 1.0)
    assert stage.a == pytest.approx((-1.99004745483398, 0.99007225036621))


@pytest.mark.parametrize("rate_hz", [16_000, 44_100, 48_000])
def test_a_full_scale_tone_of_997_hz_reads_minus_3_01(rate_hz: int) -> None:
    assert loudness(tone(997, 5, rate_hz, 0), rate_hz) == pytest.approx(-3.01, abs=0.05)


def test_a_telephone_band_tone_reads_the_same_at_8_khz() -> None:
    assert loudness(tone(997, 5, 8_000, 0), 8_000) == pytest.approx(-3.01, abs=0.1)


def test_quiet_stretches_are_gated_out() -> None:
    """EBU Tech 3341, case 3, in one channel: -36, -23, -36 dBFS reads as -23 alone would."""
    quiet, loud = tone(997, 10, 48_000, -36), tone(997, 60, 48_000, -23)
    whole = np.concatenate([quiet, loud, quiet])
    assert loudness(whole, 48_000) == pytest.approx(loudness(loud, 48_000), abs=0.1)


def test_silence_has_no_loudness() -> None:
    assert loudness(silence(3, 8_000), 8_000) == SILENCE_LUFS
    assert loudness(silence(0, 8_000), 8_000) == SILENCE_LUFS


def test_less_than_a_block_is_measured_whole() -> None:
    assert loudness(tone(997, 0.2, 48_000, 0), 48_000) == pytest.approx(-3.01, abs=0.3)


def test_a_long_recording_reads_as_its_parts_do() -> None:
    """Filtering goes by blocks: their seams must not show."""
    whole = tone(997, 40, 16_000, -20)
    assert loudness(whole, 16_000) == pytest.approx(loudness(whole[:80_000], 16_000), abs=0.02)
