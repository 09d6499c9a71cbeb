"""A recording made fit for the telephone.

In order: DC removed; everything under 100 Hz taken out (a phone carries nothing below 300 Hz, and
rumble would only eat the headroom); silence at both ends trimmed to 100 ms; loudness brought to
the target, measured on what an 8 kHz phone will play, under a peak limit.

The target is -20 LUFS. ITU-T P.830 tests telephones with speech at -26 dBov, which is an ordinary
conversation; a message heard once, often outdoors, by someone who did not expect it, is set 6 dB
above. It leaves 17 dB up to the peak limit, which ordinary speech fits without being squeezed, and
an average of about -14 dBm0 on the line (ITU-T G.100.1: 0 dBm0 is -6.15 dBov for A-law).
The limit is -3 dBFS on the peaks between the samples (ITU-R BS.1770, annex 2), so that neither
A-law, which ends at full scale, nor a carrier's own conversion can clip.
"""

import numpy as np
import soxr

from audio.decode import Samples
from audio.filters import apply, high_pass
from audio.levels import amplitude, power
from audio.loudness import loudness
from audio.probe import silent

# Part of every message's identity: change it whenever the same recording would sound different.
VERSION = 3

LEAD_MS = 60
"""Of digital silence before the first part of a message. The PBX may drop the first 20 ms of what
it plays: Asterisk gives up on a frame where it finds the channel locked several times in a row
(«Deadlock avoided for write to channel»), which happens about once in a thousand calls as the SIP
side is still busy with the answer. It is no speech then. One packet more than that lies in it, and
the few ms by which resampling and the limiter reach before a sound."""

WIDE_HZ = 16_000
NARROW_HZ = 8_000
TARGET_LUFS = -20.0
PEAK_LIMIT_DBFS = -3.0

_RUMBLE_BELOW_HZ = 100.0
# Two second-order stages that make a fourth-order Butterworth: 24 dB less hum at 50 Hz.
_BUTTERWORTH_QS = (0.5412, 1.3066)
_KEPT_SILENCE_MS = 100
_FRAME_MS = 10
# Breath and consonants at the edge of a sentence lie up to 35 dB under its vowels.
_SPEECH_RANGE_DB = 40.0
_FAINTEST_SPEECH_DBFS = -60.0
# A whisper can be raised by 35 dB; what needs more is mostly noise, and would roar.
_FAINTEST_LUFS = TARGET_LUFS - 35
_LEVEL_PASSES = 6
_LEVEL_CLOSE_LU = 0.05
_OVERSAMPLING = 4
_PEAK_BLOCK = 1 << 17
_PEAK_OVERLAP = 512
_LOOKAHEAD_MS = 5


def condition(samples: Samples) -> Samples:
    """Make one recording fit for the telephone.

    Args:
        samples: mono at 16 kHz, full scale 1.0.

    Returns:
        mono at 16 kHz, a whole number of milliseconds long.

    Raises:
        InvalidInput: nothing in it can be heard through a telephone.
    """
    centred = samples - np.float32(samples.mean(dtype=np.float64))
    stages = tuple(high_pass(WIDE_HZ, _RUMBLE_BELOW_HZ, q) for q in _BUTTERWORTH_QS)
    clean = apply(stages, centred)
    return limit(levelled(trimmed(clean)), WIDE_HZ)


def narrowband(samples: Samples) -> Samples:
    """Resample 16 kHz to the telephone's 8 kHz: soxr HQ takes away what would fold back."""
    narrow: Samples = soxr.resample(samples, WIDE_HZ, NARROW_HZ, quality="HQ")
    return narrow


def trimmed(samples: Samples) -> Samples:
    """Cut the silence at both ends, but for 100 ms, to whole milliseconds.

    Raises:
        InvalidInput: there is nothing but silence.
    """
    frame = WIDE_HZ * _FRAME_MS // 1000
    padded = np.pad(samples, (0, -len(samples) % frame))
    powers = np.square(padded.reshape(-1, frame), dtype=np.float64).mean(axis=1)
    faintest = max(power(_FAINTEST_SPEECH_DBFS), powers.max() * power(-_SPEECH_RANGE_DB))
    heard = np.flatnonzero(powers >= faintest)
    if not len(heard):
        raise silent()
    margin = _KEPT_SILENCE_MS // _FRAME_MS
    return padded[max(0, heard[0] - margin) * frame : (heard[-1] + 1 + margin) * frame]


def levelled(samples: Samples) -> Samples:
    """Scale to the target loudness as heard at 8 kHz once the limiter has had its say.

    Raises:
        InvalidInput: next to nothing lies in the telephone's band.
    """
    gain_db, measured = 0.0, _heard(narrowband(samples))
    if measured < _FAINTEST_LUFS:
        raise silent()
    for _ in range(_LEVEL_PASSES):
        gain_db += TARGET_LUFS - measured
        measured = _heard(_played(samples * np.float32(amplitude(gain_db))))
        if abs(TARGET_LUFS - measured) < _LEVEL_CLOSE_LU:
            break
    return samples * np.float32(amplitude(gain_db))


def _heard(narrow: Samples) -> float:
    """How loud it is after its lead, which shifts the blocks that are measured."""
    return loudness(np.pad(narrow, (LEAD_MS * NARROW_HZ // 1000, 0)), NARROW_HZ)


def _played(samples: Samples) -> Samples:
    """What a phone will play of it: limited, resampled, and limited again."""
    return limit(narrowband(limit(samples, WIDE_HZ)), NARROW_HZ)


def limit(samples: Samples, rate_hz: int) -> Samples:
    """Hold the true peak under the limit by turning down 5 ms around each peak, smoothly."""
    peaks = true_peaks(samples, rate_hz)
    ceiling = np.float32(amplitude(PEAK_LIMIT_DBFS))
    if peaks.max(initial=0) <= ceiling:
        return samples
    width = 2 * (rate_hz * _LOOKAHEAD_MS // 1000) + 1
    wanted = np.minimum(1, ceiling / np.maximum(peaks, ceiling))
    return samples * _smoothed_minimum(wanted, width)


def true_peaks(samples: Samples, rate_hz: int) -> Samples:
    """Find the highest magnitude around each sample, between samples too (4 times oversampled).

    By blocks that overlap by more than the resampler's filter, so that memory stays bounded.
    """
    peaks = np.abs(samples)
    for start in range(0, len(samples), _PEAK_BLOCK):
        before = min(start, _PEAK_OVERLAP)
        around = samples[start - before : start + _PEAK_BLOCK + _PEAK_OVERLAP]
        fine = np.abs(soxr.resample(around, rate_hz, rate_hz * _OVERSAMPLING, quality="HQ"))
        block = peaks[start : start + _PEAK_BLOCK]
        for phase in range(_OVERSAMPLING):
            between = fine[phase::_OVERSAMPLING][before : before + len(block)]
            np.maximum(block, between, out=block)
    return peaks


def _smoothed_minimum(gain: Samples, width: int) -> Samples:
    """Smooth a gain, never over the one given, so that it comes and goes over width samples.

    A running mean of a running minimum of the same width: every value averaged already allows
    for the peak in the middle.
    """
    lowest = _running_minimum(np.pad(gain, width - 1, constant_values=1), width)
    sums = np.cumsum(np.pad(lowest, (1, 0)), dtype=np.float64)
    return ((sums[width:] - sums[:-width]) / width).astype(np.float32)


def _running_minimum(values: Samples, width: int) -> Samples:
    """Find the lowest of each width neighbours, by doubling: log2(width) passes, not width."""
    span = 1
    while 2 * span <= width:
        values = np.minimum(values[:-span], values[span:])
        span *= 2
    rest = width - span
    return np.minimum(values[: len(values) - rest], values[rest:])
