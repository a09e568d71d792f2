"""The data that CARE was published with, as its archives unpack.

    Denoising_Planaria/train_data/data_label.npz
    Denoising_Planaria/test_data/GT/*.tif, condition_1/*.tif, condition_2, _3
    Denoising_Tribolium/train_data/data_label.npz
    Denoising_Tribolium/test_data/*.tif     of 4 exposures, the last the truth
    Projection_Flywing/train_data/data_label.npz
    Projection_Flywing/test_data/C1_T001.tif, ..., proj_C2_T001.tif, ...

Condition 1 is the brightest, 3 the darkest: of Planaria as numbered; of
Tribolium the exposures 3, 2 and 1 of 4; of Flywing the channels C1, C3 and C0
(5, 3 and 2 % laser power), with the projection of C2 (20 %) as the truth.
Files of Flywing are found by name in whatever folders of test_data.

The patches are normalised already. The last twentieth validates: 17,900,
15,500 and 17,780 patches make the 17,005, 14,725 and 16,891 that Table 9 of
the paper trains on.
"""

import dataclasses
from pathlib import Path

import numpy as np

from sanet_tf.restoration.data import contrast, layouts, npz, patches
from sanet_tf.restoration.data.pairs import (
    RestorationData,
    TestPair,
    as_stacks,
)
from sanet_tf.utils.errors import UserError

TRAINING = "train_data/data_label.npz"
TESTING = "test_data"
PATCHES = 8  # to choose a yardstick's parameter by
REFERENCE = (
    "Weigert et al., Content-aware image restoration, Nature Methods 2018, "
    "doi:10.1038/s41592-018-0216-7"
)


@dataclasses.dataclass(frozen=True)
class Archive:
    """What is known about one of the archives.

    Attributes:
        name: of the archive and of the folder that it unpacks to.
        task: "denoise" or "project".
        patches: how many, to train and to validate with.
        depth: planes of a patch of 64x64.
        test: number of test volumes and their shape.
    """

    name: str
    task: str
    patches: int
    depth: int
    test: str

    @property
    def gigabytes(self):
        """Of the patches, float32, unpacked."""
        planes = self.depth + (1 if self.task == "project" else self.depth)
        return self.patches * planes * 64 * 64 * 4 / 1e9


ARCHIVES = {
    "planaria": Archive(
        "Denoising_Planaria", "denoise", 17900, 16, "20 of 95x1024x1024"
    ),
    "tribolium": Archive(
        "Denoising_Tribolium", "denoise", 15500, 16, "6 of 50x800x800"
    ),
    "flywing": Archive(
        "Projection_Flywing", "project", 17780, 50, "26 of 50x520x692"
    ),
}


def load(
    dataset,
    data_dir,
    task,
    condition=1,
    validation_split=0.05,
    cache_dir=None,
    strict=False,
    supervision="pairs",
):
    """Opens a published data set; nothing is read but what is indexed.

    Args:
        dataset: "planaria", "tribolium" or "flywing".
        data_dir: the folder that the archive unpacked to, or the one above.
        task: "denoise", for flywing "project".
        condition: of the test volumes: 1, 2 or 3, from bright to dark.
        validation_split: share of the patches, the last ones, to validate
            with.
        cache_dir: where a compressed training file is unpacked, once; None
            is beside it.
        strict: whether a truth without contrast is an error, not left out.
        supervision: "pairs" or "noise2void".

    Returns:
        A `RestorationData`.

    Raises:
        UserError: files are missing, truncated or of another layout.
    """
    archive = ARCHIVES[dataset]
    if condition not in (1, 2, 3):
        raise UserError(f"--condition must be 1, 2 or 3, got {condition}")
    root = _find(archive, dataset, Path(data_dir).expanduser())
    x, y, identity = _open_patches(root / TRAINING, task, cache_dir)
    held = round(len(x) * validation_split)
    if not 0 < held < len(x):
        raise UserError(
            f"--validation_split={validation_split} leaves {len(x) - held} "
            f"patches to train and {held} to validate with, of {len(x)}"
        )
    cut = len(x) - held
    pairs = layouts.TESTS[dataset](root / TESTING, condition)
    if not pairs:
        raise UserError(_missing(archive, dataset, [root / TESTING]))
    patches.plan(pairs, (1, 1, 1) if task == "denoise" else (1, 1), task)
    regions, skipped = contrast.select_regions({"test": pairs}, strict=strict)
    parts = [(x[:cut], y[:cut]), (x[cut:], y[cut:])]
    if supervision == "noise2void":
        parts = [(noisy, None) for noisy, _ in parts]
    return RestorationData(
        "ZYX",
        *parts,
        as_stacks(regions["test"]),
        _as_stacks(x[cut:], y[cut:], task),
        {
            "dataset": dataset,
            "task": task,
            "supervision": supervision,
            "condition": condition,
            "reference": REFERENCE,
            "split": f"the last {held} of {len(x)} patches validate",
            "skipped": skipped,
            "files": identity,
            "test": {pair.name: list(pair.low.shape) for pair in pairs},
            "patch_size": list(x.shape[1:-1]),
            "patches": {"train": cut, "validation": held},
        },
    )


def _as_stacks(x, y, task):
    """Patches, evenly chosen, in place of stacks that were not published."""
    chosen = np.linspace(0, len(x) - 1, min(PATCHES, len(x))).astype(int)
    pairs = (TestPair(f"patch {i}", x[i, ..., 0], y[i, ..., 0]) for i in chosen)
    if task == "denoise":
        return tuple(pairs)
    return tuple(TestPair(p.name, p.low, p.high[0]) for p in pairs)


def _find(archive, dataset, data_dir):
    """The folder that holds train_data and test_data."""
    candidates = [data_dir, data_dir / archive.name, data_dir.parent]
    if data_dir.name not in ("train_data", "test_data"):
        candidates.pop()
    for root in candidates:
        if (root / TRAINING).is_file():
            if not (root / TESTING).is_dir():
                raise UserError(_missing(archive, dataset, [root / TESTING]))
            return root
    raise UserError(
        _missing(archive, dataset, [root / TRAINING for root in candidates])
    )


def _missing(archive, dataset, places):
    what = "test stacks" if places[0].name == TESTING else "training patches"
    return (
        f"the {what} of --dataset={dataset} are not in "
        f"{' or '.join(map(str, places))}; expected --data_dir with "
        f"{TRAINING} ({archive.gigabytes:.1f} GB unpacked) and {TESTING} "
        f"({archive.test} voxels, several GB), as {archive.name}.tar.gz "
        f"unpacks. It was published with {REFERENCE}, on the institute's "
        "page for publications (MPI-CBG, site 7207)"
    )


def _open_patches(path, task, cache_dir):
    """X and Y (n, Z, Y, X, 1) and the identity of their file."""
    (x, y), identity = npz.open_arrays(path, ("X", "Y"), cache_dir)
    if task == "project" and y.ndim == 4:  # as published: (S, C, Y, X)
        y = y[:, :, None]
    expected = "float32 X (n, 1, Z, Y, X) and Y of " + (
        "(n, 1, 1, Y, X)" if task == "project" else "the same shape"
    )
    planes = x.shape[2:3] if task == "denoise" else (1,)
    if (
        x.ndim != 5
        or x.shape[1] != 1
        or y.shape != (*x.shape[:2], *planes, *x.shape[3:])
        or {x.dtype, y.dtype} != {np.dtype("float32")}
    ):
        raise UserError(
            f"{path}: expected {expected}, got {x.dtype} {x.shape} and "
            f"{y.dtype} {y.shape}"
        )
    return np.moveaxis(x, 1, -1), np.moveaxis(y, 1, -1), identity
