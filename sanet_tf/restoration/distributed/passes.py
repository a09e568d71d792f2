"""A job done pass by pass: intensities, layers' means, tiles, smaller copies.

What is done goes into a journal; whoever does the job again skips it.
"""

import contextlib

import numpy as np

from sanet_tf.restoration import intensities, normalization
from sanet_tf.restoration.checks import check_axes
from sanet_tf.restoration.distributed.packing import packed, unpacked
from sanet_tf.restoration.io import zarr_pyramid
from sanet_tf.restoration.tiling.chunk_tiles import aligned
from sanet_tf.restoration.tiling.volume import PaddedStack
from sanet_tf.restoration.tiling.whole_volume import count_passes, mean
from sanet_tf.training.progress import progress_bar
from sanet_tf.utils.errors import UserError

REGIONS = 2  # that a task reads to find the intensities
TILES = ("tiles",)


def restore(opened, executor, journal, n_tiles=None):
    """Restores a stack.

    Args:
        opened: an `Opened`.
        executor: where the tasks are done; see `executors`.
        journal: a `Journal`.
        n_tiles: along each axis of the stack, or None: as memory allows.

    Raises:
        ValueError: as of `Restorer.restore`.
    """
    model = opened.model
    if 0 in opened.data.shape:
        raise UserError(f"expected voxels, got {opened.data.shape}")
    first, *_ = indices = opened.indices()
    part, axes, spatial = opened.part(first), opened.own, model._spatial
    check_axes(part, axes, spatial, model.config.n_channel_in)
    volume = PaddedStack(part, axes, spatial, model._axes_div_by(spatial))
    grid = _grid(opened, volume, executor)
    counts = _counts(opened, grid, executor, journal, n_tiles)
    tiles = grid.tiles(counts)
    none = normalization.Stretch(0, 1)
    layers = count_passes(opened.tiled(first, none), tiles) - 1
    passes = [*[("gather", layer) for layer in range(layers)], ("restore",)]
    # A part after the other, so that only one has maps that are kept; or all
    # at once, for many workers.
    groups = [indices] if executor.shares else [[index] for index in indices]
    spans = _spans(part, axes)
    copies = _copies(opened.job.results)
    total = len(indices) * (len(spans) + len(passes) * len(tiles))
    total += sum(map(len, copies))
    with progress_bar(total, 0, "task") as bar:

        def run(step, tasks):
            for key, result in executor.run(opened, step, tasks):
                yield key, result
                bar.update()

        def finish(step, tasks):
            left = {
                key: task for key, task in tasks.items() if key not in journal
            }
            bar.update(len(tasks) - len(left))
            for key, result in run(step, left):
                journal.add(key, result)

        stretches = _stretches(opened, indices, spans, run, journal)
        if TILES not in journal:
            journal.add(TILES, counts)
        bar.update(len(indices) * len(spans) - bar.n)
        means = {index: [] for index in indices}
        for group in groups:
            keeps = layers and not executor.shares
            keeping = contextlib.nullcontext()
            # Maps of tiles that another process did are not there.
            if keeps and not _begun(journal, group[0], len(tiles)):
                tile_shape = grid.tile_shape(counts)
                keeping = opened.keeping(volume.shape, tile_shape)
            with keeping:
                for name in passes:
                    left = [
                        i for i in group if ("mean", *name, *i) not in journal
                    ]
                    tasks = {
                        (*name, number, *i): (i, stretches[i], tile, means[i])
                        for i in left
                        for number, tile in enumerate(tiles)
                    }
                    bar.update((len(group) - len(left)) * len(tiles))
                    finish(name[0], tasks)
                    if name != passes[-1]:
                        for i in group:
                            means[i].append(_mean(journal, name, i, len(tiles)))
                        journal.forget(tasks)
        for level in copies:  # each is made of the one before it
            finish("shrink", level)


def _begun(journal, index, tiles):
    """Whether the first pass over the tiles of a part was begun before."""
    name = ("gather", 0)
    keys = [(*name, number, *index) for number in range(tiles)]
    return any(key in journal for key in [("mean", *name, *index), *keys])


def _copies(results):
    """For each level of copies, of all results, `{key: task}`."""
    results = [path for path in results if path.endswith(".zarr")]
    return [
        {
            ("shrink", number, level, *at): (number, level, at)
            for number, of_one in enumerate(of_all)
            for level, at in of_one
        }
        for of_all in zip(*map(zarr_pyramid.tasks, results), strict=True)
    ]


def _mean(journal, name, index, tiles):
    """A layer's mean over a part, kept in place of its tiles' sums."""
    key = ("mean", *name, *index)
    if key not in journal:
        sums = (journal[*name, number, *index] for number in range(tiles))
        found = mean((unpacked(values), count) for values, count in sums)
        journal.add(key, packed(found.astype(np.float64)))
    return unpacked(journal[key]).astype(np.float32)


def _grid(opened, volume, executor):
    """Of whole chunks, if several processes write them."""
    chunks = [1] * len(volume.spatial)
    if executor.shares:
        sizes = dict(zip(volume.spatial, volume.sizes, strict=True))
        chunks = [opened.chunks.get(axis, sizes[axis]) for axis in sizes]
    return aligned(opened.model._grid(volume.shape), volume, chunks)


def _counts(opened, grid, executor, journal, n_tiles):
    """Tiles along each spatial axis of the network: those chosen first."""
    if TILES in journal:
        return journal[TILES]
    model, axes = opened.model, opened.own
    if n_tiles is None:
        number = -(-executor.workers // len(opened.indices()))
        limit = executor.tile_bytes()
        return grid.choose(model._predict_bytes, limit, number)
    n_tiles = [n_tiles[opened.job.axes.index(axis)] for axis in axes]
    counts = model._tile_counts(n_tiles, axes)
    for axis, count, size, chunk in zip(
        model._spatial, counts, grid.sizes, grid.chunks, strict=True
    ):
        if count > 1 and count > (most := -(-size // chunk)):
            raise UserError(
                f"expected at most {most} tiles along {axis}, got {count}: two "
                f"workers may not write to one chunk, of {chunk} voxels there; "
                "smaller --zarr_chunks allow more"
            )
    return counts


def _spans(part, axes):
    """Which `regions` are for one task."""
    number = len(intensities.regions(part, axes))
    return [slice(i, i + REGIONS) for i in range(0, number, REGIONS)]


def _stretches(opened, indices, spans, run, journal):
    """How the intensities of each part are mapped; kept when all are known."""
    tasks = {
        (number, *index): (index, span)
        for index in indices
        for number, span in enumerate(spans)
        if ("stretch", *index) not in journal
    }
    found, known = {}, {}
    for (_, *index), (collected, bad) in run("collect", tasks):
        index = tuple(index)
        before, counts = found.pop(index, (None, []))
        if before is not None:
            collected = intensities.merge(before, collected)
        found[index] = collected, [*counts, bad]
        if len(counts) + 1 == len(spans):
            known[index] = _stretch(opened, index, *found.pop(index))
    for index, stretch in known.items():
        values = stretch.low.tolist(), stretch.range.tolist()
        journal.add(("stretch", *index), values)
    return {
        index: normalization.Stretch(*journal["stretch", *index])
        for index in indices
    }


def _stretch(opened, index, collected, bad):
    part, axes = opened.part(index), opened.own
    with opened.named(index):
        intensities.check_finite(part, axes, bad)
    return normalization.StreamedPercentiles(
        part, axes, **opened.model.percentiles, collected=collected
    )
