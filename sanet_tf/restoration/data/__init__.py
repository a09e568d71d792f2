"""Pairs of pictures to learn restoration from: a source each."""

import inspect
from functools import partial

from sanet_tf.restoration.data import (
    archive,
    clean_stacks,
    cutting,
    noisy_stacks,
    published,
    simulated,
    tiff_pairs,
)
from sanet_tf.restoration.data.patches import TASKS
from sanet_tf.restoration.supervision import SUPERVISIONS
from sanet_tf.utils.errors import UserError

SOURCES = {
    "simulated": simulated.load,
    "noise": clean_stacks.load,
    "tiff": tiff_pairs.load,
    "npz": archive.load,
    "stacks": noisy_stacks.load,
    **{name: partial(published.load, name) for name in published.ARCHIVES},
}
TASK_OF = {  # of the sources that are not for both
    **dict.fromkeys(("noise", "npz", "stacks"), "denoise"),
    **{name: archive.task for name, archive in published.ARCHIVES.items()},
}


def load_data(dataset, data_dir=None, task="denoise", **options):
    """Opens a data set by name.

    Args:
        dataset: a name in `SOURCES`.
        data_dir: where it lies; None for "simulated".
        task: "denoise", or "project" from a stack to a plane.
        **options: of the source, see its module, and those of a `Cutting`,
            where patches are to be cut.

    Returns:
        A `sanet_tf.restoration.data.pairs.RestorationData`.

    Raises:
        UserError: it is not there, or is not what it should be.
    """
    check_options(dataset, data_dir, task, **options)
    load = SOURCES[dataset]
    if not _cuts(load):
        return load(data_dir, task, **options)
    own = {n: options.pop(n) for n in cutting.NAMES if n in options}
    return load(data_dir, task, cutting.Cutting(**own), **options)


def _cuts(load):
    """Whether a source has stacks, from which patches are to be cut."""
    return "cutting" in inspect.signature(load).parameters


def check_options(dataset, data_dir=None, task="denoise", **options):
    """Refuses what of `load_data`'s arguments does not go together.

    Raises:
        UserError: there is no such data set or task, they do not go together,
            a folder is missing, or the data set does not take an option.
    """
    if dataset not in SOURCES:
        raise UserError(
            f"no data set {dataset!r}; there are {', '.join(SOURCES)}"
        )
    if task not in TASKS:
        raise UserError(f"no task {task!r}; there are {', '.join(TASKS)}")
    if task != TASK_OF.get(dataset, task):
        raise UserError(
            f"--dataset={dataset} is for --task={TASK_OF[dataset]}, got "
            f"--task={task}"
        )
    supervision = options.get("supervision", "pairs")
    _check_supervision(dataset, task, supervision)
    if dataset == "simulated" and data_dir is not None:
        raise UserError(
            "--dataset=simulated takes no --data_dir: nothing is read; for "
            "your own stacks there are --dataset=tiff and --dataset=noise"
        )
    if dataset != "simulated" and not data_dir:
        raise UserError(f"--dataset={dataset} needs --data_dir=PATH")
    load = SOURCES[dataset]
    known = [*inspect.signature(load).parameters][2:]
    if _cuts(load):
        known[:1] = cutting.NAMES
    unknown = sorted({*options} - {*known})
    if unknown:
        raise UserError(
            f"--dataset={dataset} takes no --{unknown[0]}; it takes "
            f"{', '.join(f'--{name}' for name in known)}"
        )
    channels = options.get("channels", ())
    several = channels == "all" or len({*channels}) > 1
    if options.get("joint_channels") and not several:
        raise UserError(
            "--joint_channels goes with --channels=all, or two numbers or more "
            "such as 0,2"
        )
    if options.get("seed", 0) < 0:
        raise UserError(f"the seed must not be negative, got {options['seed']}")


def _check_supervision(dataset, task, supervision):
    if supervision not in SUPERVISIONS:
        raise UserError(
            f"no supervision {supervision!r}; there are "
            f"{', '.join(SUPERVISIONS)}"
        )
    if supervision == "noise2void" and task != "denoise":
        raise UserError(
            "--supervision=noise2void is for --task=denoise: a voxel of the "
            f"picture itself is asked for; got --task={task}"
        )
    if supervision == "noise2noise" and dataset in published.ARCHIVES:
        raise UserError(
            f"--dataset={dataset} has clean pictures and no second noisy ones: "
            "expected --supervision=pairs or noise2void"
        )
    if supervision == "pairs" and dataset == "stacks":
        raise UserError(
            "--dataset=stacks has no clean pictures: expected "
            "--supervision=noise2void, or noise2noise of series"
        )
