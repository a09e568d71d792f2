"""A stack restored to a file by tasks, which the same call goes on with."""

import contextlib
from pathlib import Path

import sanet_tf
from sanet_tf.restoration.distributed import passes
from sanet_tf.restoration.distributed.job import Job, Opened
from sanet_tf.restoration.distributed.unfinished import (
    identify,
    identify_model,
    unfinished,
)
from sanet_tf.restoration.io import (
    hyperstacks,
    inputs,
    origin,
    tiff_writing,
    zarr_writing,
)
from sanet_tf.restoration.io.axis_letters import AXES
from sanet_tf.utils.errors import UserError

FORMAT = 2  # of what is unfinished: with smaller copies


@contextlib.contextmanager
def restored(
    model,
    stack,
    source,
    targets,
    executor,
    *,
    statistics=None,
    n_tiles=None,
    zarr_version="0.5",
    zarr_chunks=None,
    anew=False,
):
    """Restores a stack; the results appear when the block ends.

    Args:
        model: a trained model, with its folder.
        stack: the `Stack`.
        source: its `Path`.
        targets: `{Path: data type}` of the results, TIFF files or folders of
            OME-Zarr: of the restored stack and, if there are two, of its
            uncertainty.
        executor: where the tasks are done; see `executors`.
        statistics: see `Restorer.restore`.
        n_tiles: along each axis of the stack, or None.
        zarr_version: of OME-Zarr.
        zarr_chunks: of OME-Zarr, or None.
        anew: whether what was done otherwise is removed.

    Yields:
        An array-like of each result, of the axes that
        `hyperstacks.result_shape` gives.

    Raises:
        UserError: the stack does not fit the model, or results cannot be
            written.
    """
    axes, shape = hyperstacks.result_shape(model, stack.axes, stack.shape)
    sizes = dict(zip(axes, shape, strict=True))
    _, looped = hyperstacks.split_axes(model, stack.axes, stack.shape)
    if zarr_chunks and "Z" in looped and executor.shares and zarr_chunks[0] > 1:
        raise UserError(
            "the model restores planes one by one, and two workers may not "
            f"write to one chunk: expected a chunk of 1 along Z, got "
            f"{zarr_chunks[0]}"
        )

    def create(number, path):
        target = [*targets][number]
        is_zarr = target.suffix == ".zarr"
        order = zarr_writing.ORDER if is_zarr else AXES
        stored = "".join(sorted(axes, key=order.index))
        stored_shape = tuple(sizes[axis] for axis in stored)
        about = stack, origin.seen_from(source, target)
        arguments = path, stored_shape, stored, targets[target], *about
        if is_zarr:
            name = inputs.without_zarr(target.name)
            zarr_writing.create(*arguments, name, zarr_version, zarr_chunks)
        else:
            tiff_writing.create(*arguments)

    identity = {
        "version": sanet_tf.__version__,
        "format": FORMAT,
        "model": identify_model(model.logdir),
        "source": identify(source),
        "axes": stack.axes,
        "statistics": statistics,
        "n_tiles": n_tiles and list(n_tiles),
        "zarr_version": zarr_version,
        "zarr_chunks": zarr_chunks and list(zarr_chunks),
        "cluster": executor.shares,  # tiles are of whole chunks then
        "targets": {path.name: dtype.name for path, dtype in targets.items()},
    }
    with unfinished([*targets], create, identity, anew) as (paths, journal):
        job = Job(
            model=str(Path(model.logdir).resolve()),
            source=str(source.resolve()),
            axes=stack.axes,
            results=tuple(str(path.resolve()) for path in paths),
            statistics=statistics,
            weights=repr(identity["model"]),
            identity=repr(identity),
        )
        opened = Opened(job, model, stack)
        passes.restore(opened, executor, journal, n_tiles)
        yield opened.results
