"""Clean real stacks, degraded by the camera model at a stated light.

    --dataset=noise --data_dir=a.tif        one stack, cut into regions
    --dataset=noise --data_dir=DIR          a folder of them

Three stacks or more are split by stacks, fewer into disjoint regions; the
description says which. The clean stack is the truth, in its own grey values.
"""

import dataclasses
from functools import partial
from pathlib import Path

import numpy as np

from sanet_tf.restoration.data import stacks
from sanet_tf.restoration.data.channels import channels_of, each
from sanet_tf.restoration.data.own_stacks import restoration_data
from sanet_tf.restoration.data.pairs import Pair
from sanet_tf.restoration.simulation.camera import (
    Camera,
    expose,
    to_photons,
)
from sanet_tf.utils.errors import UserError


def load(
    data_dir,
    task,
    cutting,
    photons=20.0,
    channels=None,
    joint_channels=False,
):
    """Reads clean stacks, adds noise and cuts patches.

    Args:
        data_dir: a TIFF file, an OME-Zarr, or a folder of them; ZYX or YX.
        task: "denoise".
        cutting: a `Cutting`; "noise2noise" draws the noise twice.
        photons: of the bright structures (99.9th percentile of a stack, or of
            each of its channels).
        channels: see `stacks.open_channels`; each is a stack of its own.
        joint_channels: whether they are learned together instead.

    Returns:
        A `RestorationData`.

    Raises:
        UserError: a stack is not what it should be.
    """
    if not photons > 0:
        raise UserError(f"--photons must be positive, got {photons}")
    path = Path(data_dir).expanduser()
    files = stacks.list_stacks(path)
    camera = Camera()
    pairs, skipped = [], []
    clean_of = {
        name: stack
        for file in files
        for name, stack in stacks.open_channels(
            file, channels=channels, joint=joint_channels
        ).items()
    }
    for index, (name, stack) in enumerate(clean_of.items()):
        clean = each(np.asarray, stack)
        for channel in channels_of(clean):
            stacks.refuse_not_finite(channel, name)
        try:
            expected = each(partial(to_photons, peak=photons), clean)
        except ValueError as error:
            skipped.append(f"{name}: {error}")
            continue
        rng = np.random.default_rng((cutting.seed, index))
        take = partial(expose, exposure=1, rng=rng, camera=camera)
        low, again = each(take, expected), None
        if cutting.supervision == "noise2noise":
            again = each(take, expected)
        pairs.append(Pair(name, low, clean, again))
    if not pairs:
        raise UserError(f"no stack is left: {'; '.join(skipped)}")
    return restoration_data(
        pairs,
        {
            "dataset": "noise",
            "photons": photons,
            "camera": dataclasses.asdict(camera),
            "provenance": stacks.provenance(stacks.folder_of(path)),
            "files": {file.name: stacks.checksum(file) for file in files},
        },
        task=task,
        cutting=cutting,
        skipped=skipped,
    )
