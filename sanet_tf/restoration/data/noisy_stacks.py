"""Your own noisy stacks, of which there is no clean picture.

    --supervision=noise2void      stacks ZYX or YX
    --supervision=noise2noise     series TZYX or TYX of one scene each, at rest

DIR is a TIFF file, an OME-Zarr, or a folder of them. Of a series each moment
learns from the next. Three stacks or more are split by stacks, fewer into
disjoint regions. Nothing can be measured on the test stacks; their pictures are
to be looked at.
"""

from pathlib import Path

from sanet_tf.restoration.data import patches, stacks
from sanet_tf.restoration.data.own_stacks import restoration_data
from sanet_tf.restoration.data.pairs import Pair
from sanet_tf.utils.errors import UserError


def load(
    data_dir,
    task,
    cutting,
    channels=None,
    joint_channels=False,
):
    """Reads noisy stacks and cuts patches.

    Args:
        data_dir: a TIFF file, an OME-Zarr, or a folder of them.
        task: "denoise".
        cutting: a `Cutting` of "noise2void" or "noise2noise".
        channels: see `stacks.open_channels`; each is a stack of its own.
        joint_channels: whether they are learned together instead.

    Returns:
        A `RestorationData`, whose test stacks have no truth.

    Raises:
        UserError: a stack is not what it should be.
    """
    path = Path(data_dir).expanduser()
    files = stacks.list_stacks(path)
    read = _moments if cutting.supervision == "noise2noise" else _stack
    return restoration_data(
        [
            pair
            for file in files
            for pair in read(file, channels, joint_channels)
        ],
        {
            "dataset": "stacks",
            "provenance": stacks.provenance(stacks.folder_of(path)),
            "files": {file.name: stacks.checksum(file) for file in files},
        },
        task=task,
        cutting=cutting,
    )


def _stack(file, channels, joint):
    found = stacks.open_channels(file, channels=channels, joint=joint)
    return [Pair(name, stack) for name, stack in found.items()]


def _moments(file, channels, joint):
    """Each moment of a series, and the next."""
    found = stacks.open_channels(file, stacks.SERIES, channels, joint)
    for series in found.values():
        if series.ndim not in map(len, stacks.SERIES) or series.shape[0] < 2:
            raise UserError(
                f"{file}: expected a series of two moments or more, TYX or "
                f"TZYX, got {patches.format_shape(series.shape)}"
            )
    return [
        Pair(f"moment {t}/{name}", series[t], again=series[t + 1])
        for name, series in found.items()
        for t in range(series.shape[0] - 1)
    ]
