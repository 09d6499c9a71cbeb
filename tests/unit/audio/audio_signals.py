"""Signals whose right treatment is known, and files that hold them."""

from pathlib import Path

import numpy as np
import soundfile

from audio.decode import Samples

_WRITE_FRAMES = 65_536


def tone(hz: float, seconds: float, rate_hz: int, dbfs: float = -10.0) -> Samples:
    times = np.arange(round(seconds * rate_hz)) / rate_hz
    return (10 ** (dbfs / 20) * np.sin(2 * np.pi * hz * times)).astype(np.float32)


def noise(seconds: float, rate_hz: int, dbfs: float = -20.0, seed: int = 9) -> Samples:
    white = np.random.default_rng(seed).standard_normal(round(seconds * rate_hz))
    return (10 ** (dbfs / 20) * white).astype(np.float32)


def silence(seconds: float, rate_hz: int) -> Samples:
    return np.zeros(round(seconds * rate_hz), np.float32)


def speech(seconds: float, rate_hz: int, dbfs: float = -20.0) -> Samples:
    """Noise with the slope, syllables and pauses of speech, and a crest factor like it."""
    shaped = noise(seconds, rate_hz, dbfs)
    shaped = np.convolve(shaped, np.ones(4, np.float32) / 2, "same")
    times = np.arange(len(shaped)) / rate_hz
    syllables = np.maximum(0, np.sin(2 * np.pi * 2.1 * times)) ** 2
    phrases = (np.sin(2 * np.pi * 0.4 * times) > -0.6).astype(np.float32)
    return (shaped * syllables * phrases).astype(np.float32)


def write(path: Path, samples: Samples, rate_hz: int, **how: str) -> Path:
    """Write by blocks: libsndfile 1.2.2 overruns its stack on a long Vorbis write."""
    channels = samples.shape[1] if samples.ndim > 1 else 1
    with soundfile.SoundFile(path, "w", rate_hz, channels, **how) as file:
        for start in range(0, len(samples), _WRITE_FRAMES):
            file.write(samples[start : start + _WRITE_FRAMES])
    return path


def level_at(samples: np.ndarray, hz: float, rate_hz: int) -> float:
    """Level in dBFS of the strongest component within 5 Hz of hz."""
    windowed = samples * np.hanning(len(samples))
    spectrum = np.abs(np.fft.rfft(windowed)) * 4 / len(samples)
    frequencies = np.fft.rfftfreq(len(samples), 1 / rate_hz)
    return float(20 * np.log10(max(spectrum[np.abs(frequencies - hz) < 5].max(), 1e-12)))
