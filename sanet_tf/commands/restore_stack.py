"""One stack from a file to a file, as `sanet restore` restores it."""

import contextlib

from sanet_tf.commands.restore_sources import UNCERTAINTY
from sanet_tf.restoration.io import hyperstacks, inputs, signed
from sanet_tf.restoration.io.calibration import voxel_width, z_scale
from sanet_tf.restoration.io.sequences import open_sequence
from sanet_tf.restoration.io.stack import create_stack, open_stack
from sanet_tf.restoration.normalization import WIDER
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

    Raises:
        UserError: the stack cannot be read, or does not fit the model.
        ValueError: what `restore` raises.
    """
    is_sequence = source.is_dir() and not inputs.is_zarr(source)
    open_source = open_sequence if is_sequence else open_stack
    stack = signed.decode(
        open_source(source, axes, hyperstacks.needed_axes(model))
    )
    if n_tiles and len(n_tiles) != len(stack.axes):
        raise UserError(
            f"{source}: expected --n_tiles with one number for each of the "
            f"axes {stack.axes}, got {len(n_tiles)}"
        )
    own, looped = hyperstacks.split_axes(model, stack.axes, stack.shape)
    dtype = stack.dtype.name if dtype == "input" else dtype
    written = {target: WIDER.get(dtype, dtype)}
    if uncertainty:
        written[target.parent / UNCERTAINTY / target.name] = "float32"
    options = {}
    if target.suffix == ".zarr":
        options = {"version": zarr_version, "chunks": zarr_chunks}
    axes, shape = hyperstacks.restored(model, stack.axes, stack.shape)
    with contextlib.ExitStack() as created:
        # The first appears last, when all else is there: then it is done.
        results = [
            created.enter_context(
                create_stack(
                    *(path, shape, axes, kind),
                    **{"like": stack, "source": source, **options},
                )
            )
            for path, kind in written.items()
        ]
        hyperstacks.restore(
            *(model, stack.data, stack.axes, results, n_tiles),
            statistics=statistics,
            blend=blend,
        )
        if preview:
            first, part = next(hyperstacks.parts(model, stack.data, stack.axes))
            restored, *deviations = (
                hyperstacks.part(result, axes, looped, first)
                for result in results
            )
            deviation = {UNCERTAINTY: deviations[0]} if deviations else {}
            write_preview(
                target.parent / f"{_stem(target)}.png",
                {"input": part, **deviation, "restored": restored},
                own,
                z_scale(stack),
                *voxel_width(stack),
            )


def _stem(target):
    is_zarr = target.suffix == ".zarr"
    return inputs.without_zarr(target.name) if is_zarr else target.stem
