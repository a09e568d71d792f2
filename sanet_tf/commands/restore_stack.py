"""One stack from a file to a file, as `sanet restore` restores it."""

import contextlib

import numpy as np

from sanet_tf.commands.restore_sources import UNCERTAINTY
from sanet_tf.restoration.distributed.executors import Here
from sanet_tf.restoration.distributed.restored import restored
from sanet_tf.restoration.intensities import WIDER
from sanet_tf.restoration.io import hyperstacks, inputs
from sanet_tf.restoration.io.calibration import voxel_width, z_scale
from sanet_tf.restoration.io.sequences import open_any
from sanet_tf.restoration.io.stack import create_stack
from sanet_tf.restoration.previews import write_preview
from sanet_tf.utils.errors import UserError


def restore_stack(
    model,
    source,
    target,
    *,
    axes=None,
    statistics=None,
    n_tiles=None,
    blend=False,
    dtype="float32",
    uncertainty=False,
    preview=False,
    zarr_version="0.5",
    zarr_chunks=None,
    executor=None,
    overwrite=False,
):
    """Restores a stack, each time and channel by itself.

    Args:
        model: the restoration model, or an `Ensemble`.
        source: `Path` of a TIFF file, a zarr folder, or a folder of planes.
        target: `Path` of the result, .tif or .zarr.
        axes: of the stack, if it does not say them.
        statistics: see `Restorer.restore`.
        n_tiles: along each axis of the stack, or None.
        blend: see `Restorer.restore`.
        dtype: of the result; "input": that of the stack.
        uncertainty: whether one standard deviation is written, too.
        preview: whether a picture is written, too.
        zarr_version: of OME-Zarr.
        zarr_chunks: of OME-Zarr, or None.
        executor: of the tasks that a trained model's restoration is made of;
            None: this process.
        overwrite: whether what another command has begun is removed.

    Raises:
        UserError: the stack cannot be read, or does not fit the model.
        ValueError: what `restore` raises.
    """
    stack = open_any(source, axes, hyperstacks.needed_axes(model))
    if n_tiles and len(n_tiles) != len(stack.axes):
        raise UserError(
            f"{source}: expected --n_tiles with one number for each of the "
            f"axes {stack.axes}, got {len(n_tiles)}"
        )
    own, looped = hyperstacks.split_axes(model, stack.axes, stack.shape)
    dtype = stack.dtype.name if dtype == "input" else dtype
    written = {target: np.dtype(WIDER.get(dtype, dtype))}
    if uncertainty:
        deviation = target.parent / UNCERTAINTY / target.name
        written[deviation] = np.dtype("float32")
    options = {"statistics": statistics, "n_tiles": n_tiles}
    zarr = {}
    if target.suffix == ".zarr":
        if zarr_chunks is None and "Z" in looped:  # planes are written alone
            zarr_chunks = (1, 1024, 1024)
        zarr = {"zarr_version": zarr_version, "zarr_chunks": zarr_chunks}
    if not blend and hasattr(model, "logdir"):
        options |= {"executor": executor or Here(), "anew": overwrite, **zarr}
        make = restored
    else:
        options |= {"blend": blend, **zarr}
        make = _restored_at_once
    with make(model, stack, source, written, **options) as results:
        if preview:
            axes, _ = hyperstacks.result_shape(model, stack.axes, stack.shape)
            first, part = next(hyperstacks.parts(model, stack.data, stack.axes))
            values, *deviations = (
                hyperstacks.part(result, axes, looped, first)
                for result in results
            )
            deviation = {UNCERTAINTY: deviations[0]} if deviations else {}
            write_preview(
                target.parent / f"{_stem(target)}.png",
                {"input": part, **deviation, "restored": values},
                own,
                z_scale(stack),
                *voxel_width(stack),
            )


@contextlib.contextmanager
def _restored_at_once(
    model,
    stack,
    source,
    targets,
    *,
    zarr_version=None,
    zarr_chunks=None,
    **options,
):
    """The results, which appear when the block ends; see `restored`."""
    zarr = {}
    if zarr_version is not None:
        zarr = {"version": zarr_version, "chunks": zarr_chunks}
    axes, shape = hyperstacks.result_shape(model, stack.axes, stack.shape)
    with contextlib.ExitStack() as created:
        # The first appears last, when all else is there: then it is done.
        results = [
            created.enter_context(
                create_stack(path, shape, axes, kind, stack, source, **zarr)
            )
            for path, kind in targets.items()
        ]
        hyperstacks.restore(model, stack.data, stack.axes, results, **options)
        yield results


def _stem(target):
    is_zarr = target.suffix == ".zarr"
    return inputs.without_zarr(target.name) if is_zarr else target.stem
