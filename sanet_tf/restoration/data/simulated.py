"""Simulated volumes: embedded, offline, and the truth is known.

Volumes for training, validation and test have seeds of their own. The low
picture is what the camera counts at a low exposure; the high one is what it
counts at a high exposure, or the expected photons without noise.
"""

import dataclasses

import numpy as np

from sanet_tf.restoration.data import contrast, patches
from sanet_tf.restoration.data.pairs import Pair, RestorationData, as_stacks
from sanet_tf.restoration.simulation.camera import Camera, expose
from sanet_tf.restoration.simulation.variety import simulate_varied
from sanet_tf.restoration.simulation.volumes import (
    STRUCTURES,
    simulate_epithelium,
    simulate_volume,
)
from sanet_tf.utils.errors import UserError

SHAPES = {"ZYX": (32, 128, 128), "YX": (192, 192)}


def load(
    data_dir,
    task,
    cutting,
    num_volumes=4,
    num_test=2,
    volume_shape=None,
    exposure=0.1,
    high_exposure=None,
    structure="mixed",
):
    """Simulates volumes and cuts patches.

    Args:
        data_dir: None.
        task: "denoise", or "project": curved epithelia.
        cutting: a `Cutting`, whose seed is that of everything; "noise2noise"
            draws the noise twice.
        num_volumes: to train with, and a quarter as many (at least one) to
            validate with, at each exposure.
        num_test: volumes to test on, at each exposure.
        volume_shape: voxels of all volumes, larger than a patch.
        exposure: of the low pictures, or several, which the volumes to train
            with have in turn.
        high_exposure: of the high pictures; None is without noise.
        structure: see `simulate_volume`; or "varied", see `simulate_varied`.

    Returns:
        A `RestorationData`.

    Raises:
        UserError: options that contradict each other.
    """
    seed, patch_size = cutting.seed, cutting.patch_size
    flat = patch_size is not None and len(patch_size) == 2
    flat = flat and task == "denoise"
    shape = tuple(volume_shape or SHAPES["YX" if flat else "ZYX"])
    exposures = tuple(np.atleast_1d(exposure).tolist())
    camera = Camera()
    _check(shape, exposures, high_exposure, structure, num_volumes, num_test)

    def pictures(part, number, exposures):
        """`number` scenes, each at the exposures given for it."""
        for index in range(number):
            stem = (seed, part, index)
            clean, truth = _scene(shape, stem, structure, task)
            for turn, low in enumerate(exposures(index)):
                rng = np.random.default_rng((*stem, 1 + turn))
                high = truth
                if high_exposure is not None:
                    high = expose(truth, high_exposure, rng, camera)
                again = None
                if cutting.supervision == "noise2noise":
                    other = np.random.default_rng((*stem, 1 + turn, 1))
                    again = expose(truth, low, other, camera)
                yield Pair(
                    f"{patches.REGIONS[part]}-{index}-exposure-{low:g}",
                    expose(clean, low, rng, camera),
                    high,
                    again,
                )

    def in_turn(index):
        return exposures[index % len(exposures) :][:1]

    num_validation = max(1, num_volumes // 4)
    train = list(pictures(0, num_volumes, in_turn))
    axes, patch_size = patches.plan(train, patch_size, task)
    cutting = dataclasses.replace(cutting, patch_size=patch_size)
    validation = list(pictures(1, num_validation, lambda index: exposures))
    test = list(pictures(2, num_test, lambda index: exposures))
    regions = {"train": train, "validation": validation, "test": test}
    regions, skipped = contrast.select_regions(
        regions, cutting.percentiles, cutting.strict
    )
    parts = patches.cut_both(regions, axes, cutting, task)
    return RestorationData(
        axes,
        *parts,
        as_stacks(regions["test"]),
        as_stacks(regions["validation"]),
        {
            "dataset": "simulated",
            "task": task,
            "structure": "epithelium" if task == "project" else structure,
            "volumes": [num_volumes, num_validation, num_test],
            "volume_shape": list(shape),
            "exposure": list(exposures),
            "high_exposure": high_exposure,
            "skipped": skipped,
            "camera": dataclasses.asdict(camera),
            **patches.describe(parts, cutting),
        },
    )


def _scene(shape, seed, structure, task):
    """Expected photons of a volume, and of what is to be restored."""
    if task == "project":
        return simulate_epithelium(shape, seed)
    if structure == "varied":
        volume = simulate_varied(shape, seed)
    else:
        volume = simulate_volume(shape, seed, structure)
    return volume, volume


def _check(shape, exposures, high_exposure, structure, num_volumes, num_test):
    for name, number in (("volumes", num_volumes), ("test", num_test)):
        if number < 1:
            raise UserError(f"--num_{name} must be positive, got {number}")
    if len(shape) not in (2, 3) or min(shape) < 1:
        raise UserError(
            f"--volume_shape must be Z,Y,X or Y,X, got "
            f"{patches.format_shape(shape)}"
        )
    lights = [*exposures, *([high_exposure] if high_exposure else [])]
    if not exposures or min(lights) <= 0:
        raise UserError(f"exposures must be positive, got {lights}")
    if len({*exposures}) < len(exposures):
        raise UserError(f"expected each exposure once, got {exposures}")
    if len(exposures) > num_volumes:
        raise UserError(
            f"{len(exposures)} exposures take turns in {num_volumes} volumes "
            f"to train with: expected --num_volumes={len(exposures)} or more"
        )
    known = ("mixed", "varied", *STRUCTURES)
    if structure not in known:
        raise UserError(
            f"no structure {structure!r}; there are {', '.join(known)}"
        )
