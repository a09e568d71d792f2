"""Pairs of pictures in one `.npz` file.

    noisy, clean    (n, Y, X) or (n, Z, Y, X)
    fov             (n,): number of the field, whose pictures stay together
    channel         (n,): number of the channel

Each picture is of one channel; one network learns them all. The last fields
validate. Test pictures are in a file of their own, which is not opened before
it is asked for: until then the validation pictures stand in for them.
"""

import dataclasses
from pathlib import Path

import numpy as np

from sanet_tf.restoration.data import contrast, npz, patches, stacks
from sanet_tf.restoration.data.pairs import Pair, RestorationData, as_stacks
from sanet_tf.utils.errors import UserError

NAMES = ("noisy", "clean", "fov", "channel")
STAND_IN = "the validation pictures, for want of --test_data"


def load(
    data_dir,
    task,
    cutting,
    validation_split=0.1,
    test_data=None,
    fit_truth=False,
    cache_dir=None,
):
    """Reads pairs and cuts patches.

    Args:
        data_dir: path of the file.
        task: "denoise".
        cutting: a `Cutting`; of "noise2noise" `clean` is a second noisy
            picture.
        validation_split: share of the fields, the last ones, to validate with.
        test_data: path of a file of the same arrays to test on, or None.
        fit_truth: see `patches.cut`.
        cache_dir: where compressed arrays are unpacked, once; None is beside
            the file.

    Returns:
        A `RestorationData`.

    Raises:
        UserError: a file is not what it should be, or too few pairs are left.
    """
    pairs, fields, identity = _read(data_dir, cache_dir)
    axes, patch_size = patches.plan(pairs, cutting.patch_size, task)
    cutting = dataclasses.replace(cutting, patch_size=patch_size)
    held = _held_fields(fields, validation_split)
    regions = {
        "train": [p for p, f in zip(pairs, fields, strict=True) if f < held],
        "validation": [
            p for p, f in zip(pairs, fields, strict=True) if f >= held
        ],
    }
    files = {"train": identity}
    if test_data is None:
        regions["test"] = regions["validation"]
    else:
        regions["test"], _, files["test"] = _read(test_data, cache_dir)
        patches.plan(regions["test"], (1,) * len(patch_size), task)
    regions, skipped = contrast.select_regions(
        regions, cutting.percentiles, cutting.strict
    )
    parts = patches.cut_both(regions, axes, cutting, task, fit_truth)
    return RestorationData(
        axes,
        *parts,
        as_stacks(regions["test"]),
        as_stacks(regions["validation"]),
        {
            "dataset": "npz",
            "task": task,
            "split": f"fields below {held} train, the others validate",
            "measured_on": _measured_on(test_data, cutting.supervision),
            "provenance": stacks.provenance(stacks.folder_of(data_dir)),
            "skipped": skipped,
            "files": files,
            "fit_truth": fit_truth,
            **patches.describe(parts, cutting),
        },
    )


def _measured_on(test_data, supervision):
    if test_data is not None:
        return "--test_data"
    if supervision == "noise2noise":
        return f"the second noisy pictures of {STAND_IN}"
    return STAND_IN


def _read(path, cache_dir):
    """Pairs, the number of the field of each, and the file's identity."""
    path = Path(path).expanduser()
    if not path.is_file():
        raise UserError(
            f"{path}: no such file; --dataset=npz needs one of the arrays "
            f"{', '.join(NAMES)}"
        )
    (noisy, clean, fov, channel), identity = npz.open_arrays(
        path, NAMES, cache_dir
    )
    ok = noisy.shape == clean.shape and noisy.ndim in (3, 4) and len(noisy)
    numbers = (fov, channel)
    if not ok or any(
        array.shape != (len(noisy),) or array.dtype.kind not in "iu"
        for array in numbers
    ):
        raise UserError(
            f"{path}: expected noisy and clean of one shape (n, Y, X) or (n, "
            "Z, Y, X), and n whole numbers fov and channel; got "
            + ", ".join(
                f"{name} {array.dtype} {array.shape}"
                for name, array in zip(
                    NAMES, (noisy, clean, *numbers), strict=True
                )
            )
        )
    pairs = [
        Pair(f"fov{field}-channel{number}", low, high)
        for field, number, low, high in zip(
            fov, channel, noisy, clean, strict=True
        )
    ]
    return pairs, fov.tolist(), identity


def _held_fields(fields, share):
    """The first field that validates."""
    distinct = np.unique(fields)
    held = max(1, round(len(distinct) * share))
    if held >= len(distinct):
        raise UserError(
            f"--validation_split={share} leaves {len(distinct) - held} fields "
            f"to train and {held} to validate with, of {len(distinct)}"
        )
    return int(distinct[-held])
