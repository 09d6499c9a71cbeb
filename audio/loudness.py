"""Integrated loudness of one channel, ITU-R BS.1770-5 (K-weighting, 400 ms blocks, two gates)."""

import math

import numpy as np
import numpy.typing as npt

from audio.decode import Samples
from audio.filters import apply, high_pass, high_shelf

ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = -10.0
_BLOCK_SECONDS = 0.4
_STEPS_PER_BLOCK = 4  # 75 % overlap
_OFFSET_DB = -0.691  # so that a 997 Hz tone at full scale in one channel reads -3.01
SILENCE_LUFS = -math.inf


def loudness(samples: Samples, rate_hz: int) -> float:
    """Integrated loudness in LUFS; ``SILENCE_LUFS`` where every block is under -70.

    A signal shorter than a block is measured as one block.
    """
    powers = _block_powers(_k_weighted(samples, rate_hz), rate_hz)
    loud = powers[powers > _power(ABSOLUTE_GATE_LUFS)]
    if not len(loud):
        return SILENCE_LUFS
    gate = _lufs(float(loud.mean())) + _RELATIVE_GATE_LU
    return _lufs(float(loud[loud > _power(gate)].mean()))


def _k_weighted(samples: Samples, rate_hz: int) -> Samples:
    shelf = high_shelf(rate_hz, 1681.974450955533, 3.999843853973347, 0.7071752369554196)
    return apply((shelf, high_pass(rate_hz, 38.13547087602444, 0.5003270373238773)), samples)


def _block_powers(weighted: Samples, rate_hz: int) -> npt.NDArray[np.float64]:
    step = round(_BLOCK_SECONDS * rate_hz) // _STEPS_PER_BLOCK
    squares = np.square(weighted, dtype=np.float64)
    steps = len(squares) // step
    if steps < _STEPS_PER_BLOCK:
        return np.array([squares.mean() if len(squares) else 0.0])
    sums = squares[: steps * step].reshape(steps, step).sum(axis=1)
    return np.convolve(sums, np.ones(_STEPS_PER_BLOCK), "valid") / (_STEPS_PER_BLOCK * step)


def _lufs(power: float) -> float:
    return _OFFSET_DB + 10 * math.log10(power)


def _power(lufs: float) -> float:
    return float(10 ** ((lufs - _OFFSET_DB) / 10))
