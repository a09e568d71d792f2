"""The camera: photons become electrons, electrons become counts.

    electrons = Poisson(exposure * photons) + Normal(0, read_noise)
    counts    = offset + electrons / gain, rounded and clipped to the bits

Photons are those that are detected, so one photon is one electron. `exposure`
scales how many arrive: 0.1 is a tenth of the light or of the time.
"""

import dataclasses

import numpy as np

PERCENTILES = (0.1, 99.9)  # of a real stack: dark, and the stated peak


@dataclasses.dataclass(frozen=True)
class Camera:
    """A scientific CMOS camera.

    Attributes:
        read_noise: standard deviation of the Gaussian noise of the read-out
            of each pixel, electrons.
        gain: electrons for one count.
        offset: counts of a pixel without light.
        bits: counts end at 2**bits - 1, between 1 and 16 bits.
    """

    read_noise: float = 1.6
    gain: float = 0.5
    offset: float = 100.0
    bits: int = 16

    def __post_init__(self):
        if not (self.read_noise >= 0 and self.gain > 0 and self.offset >= 0):
            raise ValueError(
                "read_noise and offset must not be negative and gain must be "
                f"positive. Received: {self}"
            )
        if self.bits not in range(1, 17):
            raise ValueError(
                f"bits must be 1 to 16. Received: bits={self.bits}"
            )


def expose(photons, exposure, rng, camera=None):
    """Takes a picture.

    Args:
        photons: expected photons in each voxel at exposure 1, any shape.
        exposure: factor on the photons.
        rng: a NumPy `Generator`.
        camera: a `Camera`; None is the default one.

    Returns:
        Counts, uint16, in the shape of `photons`; clipped, never wrapped.

    Raises:
        ValueError: photons are negative or not finite, or the exposure is not
            positive.
    """
    camera = camera or Camera()
    photons = np.asarray(photons)
    if not (np.isfinite(exposure) and exposure > 0):
        raise ValueError(
            f"exposure must be positive. Received: exposure={exposure}"
        )
    if not (np.isfinite(photons).all() and (photons >= 0).all()):
        raise ValueError(
            "photons must be finite and not negative. Received: photons from "
            f"{np.min(photons)} to {np.max(photons)}"
        )
    electrons = rng.poisson(exposure * photons).astype("float32")
    electrons += camera.read_noise * rng.standard_normal(
        photons.shape, dtype="float32"
    )
    counts = np.rint(camera.offset + electrons / camera.gain)
    return np.clip(counts, 0, 2**camera.bits - 1).astype("uint16")


def to_photons(stack, peak):
    """Reads a clean stack as expected photons.

    The 0.1st percentile becomes darkness and the 99.9th `peak`; what is
    darker is cut, what is brighter stays brighter.

    Args:
        stack: grey values of any type and shape.
        peak: photons of the bright structures.

    Returns:
        Photons, float32, in the shape of `stack`.

    Raises:
        ValueError: the stack has NaN or infinite voxels or no contrast, or
            the peak is not positive.
    """
    if not (np.isfinite(peak) and peak > 0):
        raise ValueError(f"peak must be positive. Received: peak={peak}")
    stack = np.asarray(stack)
    strange = np.count_nonzero(~np.isfinite(stack))
    if strange:
        raise ValueError(
            "the stack must be finite. Received: "
            f"{strange} NaN or infinite voxels of {stack.size}"
        )
    dark, bright = np.percentile(stack, PERCENTILES)
    if not bright > dark:
        raise ValueError(
            "the stack must have contrast. Received: percentiles "
            f"{PERCENTILES} at {dark:g} and {bright:g}"
        )
    photons = (stack.astype("float32") - dark) * (peak / (bright - dark))
    return np.maximum(photons, 0).astype("float32")
