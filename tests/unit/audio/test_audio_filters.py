import numpy as np
from audio_signals import noise

from audio.filters import Biquad, apply, high_pass


def recursion(stage: Biquad, samples: np.ndarray) -> np.ndarray:
    """The difference equation itself, one sample after another (direct form I)."""
    out = np.zeros(len(samples))
    x1 = x2 = y1 = y2 = 0.0
    for n, x in enumerate(samples.tolist()):
        y = stage.b[0] * x + stage.b[1] * x1 + stage.b[2] * x2 - stage.a[0] * y1 - stage.a[1] * y2
        x2, x1, y2, y1 = x1, x, y1, y
        out[n] = y
    return out


def test_blocks_give_the_samples_of_the_recursion_across_their_seams() -> None:
    """140,000 samples are two blocks; a direct current rings long after the first."""
    stage = high_pass(16_000, 38.0, 0.5)
    samples = noise(140_000 / 16_000, 16_000) + np.float32(0.5)
    expected = recursion(stage, samples)
    assert np.abs(apply((stage,), samples) - expected).max() < 1e-4


def test_stages_follow_one_another() -> None:
    stages = (high_pass(16_000, 100.0, 0.5412), high_pass(16_000, 100.0, 1.3066))
    samples = noise(1, 16_000)
    expected = recursion(stages[1], recursion(stages[0], samples))
    assert np.abs(apply(stages, samples) - expected).max() < 1e-4
