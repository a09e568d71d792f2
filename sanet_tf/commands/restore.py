"""Restores microscope stacks with a trained restoration model.

    sanet restore --model=DIR in.tif [more.tif ...] --output=DIR

The model is the --output of `sanet train-restoration`, or what `sanet export`
has made of it; classifiers are for `sanet predict`.
An input is a TIFF file, a zarr folder, or a folder of these. The results are
TIFF files of the same names, which ImageJ opens with voxel size, channels and
times as they were, or OME-Zarr; where names are the same, the folders' go
before them. Times and channels are restored one by one; channels together by a
model that was trained so.

A file that fails is named on stderr, the others are restored all the same, and
the exit status is 1. What is there already is left, so the same command goes on
with a folder where it stopped, and within a stack, if the model is one trained
model and tiles are not blended.
"""

import contextlib
import os
import sys
from pathlib import Path

from absl import flags

from sanet_tf.commands import cli
from sanet_tf.commands.flags import flag_help, flag_types
from sanet_tf.commands.restore_sources import UNCERTAINTY, find_sources, line_of
from sanet_tf.restoration.distributed.addresses import local_workers
from sanet_tf.restoration.io import origin
from sanet_tf.utils import backends, replacement
from sanet_tf.utils.errors import UserError
from sanet_tf.utils.printing import printable
from sanet_tf.utils.program import program

USAGE = "--model=DIR in.tif [more.tif ...] --output=DIR"
SUFFIXES = {"tiff": ".tif", "zarr": ".ome.zarr"}

with flag_help.group("model"):
    flag_types.define_paths(
        "model",
        "folder of the trained or exported restoration model; the mean of "
        "several is A,B,C",
    )
    TTA = flags.DEFINE_bool(
        "tta",
        False,
        "restore each stack flipped and turned in all eight ways, which takes "
        "eight times as long, and average",
    )
    STATISTICS = flags.DEFINE_enum(
        "statistics",
        None,
        ["tile", "window", "volume"],
        "where attention takes its means from; none: the model's default",
    )
    BLEND = flags.DEFINE_bool(
        "blend", False, "average overlapping tiles: no seam between them"
    )
with flag_help.group("input"):
    AXES = flags.DEFINE_string(
        "axes",
        None,
        "axes of the stacks, if these do not say them, such as ZYX",
    )
    SEQUENCE = flags.DEFINE_bool(
        "sequence",
        False,
        "a folder of TIFF files is one stack, each file a plane",
    )
with flag_help.group("output"):
    OUTPUT = flags.DEFINE_string(
        "output", None, "folder for the restored stacks"
    )
    FORMAT = flags.DEFINE_enum(
        "output_format",
        "tiff",
        list(SUFFIXES),
        "of the results: TIFF, or OME-Zarr, which is read piece by piece",
    )
    ZARR_VERSION = flags.DEFINE_enum(
        "zarr_version", "0.5", ["0.5", "0.4"], "of OME-Zarr: zarr 3, or zarr 2"
    )
    flag_types.define_sizes(
        "zarr_chunks",
        None,
        "voxels of a chunk of OME-Zarr along Z,Y,X or Y,X; none: 64,256,256 or "
        "1024,1024",
    )
    DTYPE = flags.DEFINE_enum(
        "dtype",
        "float32",
        ["float32", "uint8", "uint16", "input"],
        "data type of the results; integers are rounded and clipped",
    )
    DEVIATION = flags.DEFINE_bool(
        "uncertainty",
        False,
        "write one standard deviation of each voxel to OUTPUT/uncertainty too; "
        "of several models, of --tta or of probabilistic models",
    )
    PREVIEW = flags.DEFINE_bool(
        "preview", False, "write a PNG of each stack too"
    )
    OVERWRITE = flags.DEFINE_bool("overwrite", False, "replace old results")
with flag_help.group("hardware"):
    CLUSTER = flags.DEFINE_string(
        "cluster",
        None,
        "share the tiles of each stack among processes of dask.distributed: "
        "local:N, or HOST:PORT of its scheduler; with --output_format=zarr",
    )
    flag_types.define_sizes(
        "n_tiles",
        None,
        "tiles along each of the axes; none: as few as fit into memory",
        example="1,4,4",
    )
    PROVIDERS = flags.DEFINE_list(
        "providers", None, "execution providers of ONNX Runtime, for ONNX files"
    )
    THREADS = flags.DEFINE_integer(
        "threads", None, "threads of the runtime; none: its own choice", 1
    )


def main(paths):
    models = flag_types.paths("model")
    if not models or not all(models) or OUTPUT.value is None or not paths:
        raise UserError(
            "expected --model, --output and one or more stacks: "
            f"{program()} {USAGE}"
        )
    options = _options(models)
    sources, lines = find_sources(
        paths, Path(OUTPUT.value), SUFFIXES[FORMAT.value], SEQUENCE.value
    )
    for line in lines:
        print(line, file=sys.stderr)
    failed = bool(lines)
    replacement.remove_all_abandoned(OUTPUT.value)
    replacement.remove_all_abandoned(Path(OUTPUT.value) / UNCERTAINTY)
    if not OVERWRITE.value:
        for target in [target for target in sources if target.exists()]:
            source = sources.pop(target)
            other = origin.other(source, target)
            if other is None:
                kept = f"{target} exists, kept; --overwrite replaces it"
                deviation = target.parent / UNCERTAINTY / target.name
                if DEVIATION.value and not deviation.exists():
                    kept += ", and adds its uncertainty, which is not there"
                print(printable(kept))
                continue
            failed = True
            line = (
                f"{source}: its result would be {target}, which is that of "
                f"{other}; restore it to another folder, or --overwrite"
            )
            print(printable(line), file=sys.stderr)
    if not sources:
        return int(failed)
    cli.check_models(*models)
    if CLUSTER.value is not None:  # its workers may share this GPU
        os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    tf = backends.load_tensorflow(threads=THREADS.value)
    from sanet_tf.commands.restore_model import executor_of, open_model
    from sanet_tf.commands.restore_stack import restore_stack
    from sanet_tf.training.progress import progress_bar

    cluster, threads = CLUSTER.value, THREADS.value
    model = open_model(
        models,
        TTA.value,
        DEVIATION.value,
        cluster is not None,
        *(threads, PROVIDERS.value),
    )
    with (
        executor_of(cluster, threads) as options["executor"],
        progress_bar(len(sources), 0, "stack") as bar,
    ):
        for target, source in sources.items():
            try:
                with _telling(target, bar):
                    restore_stack(model, source, target, **options)
                bar.write(printable(f"wrote {target}"))
            except (MemoryError, tf.errors.ResourceExhaustedError):
                failed = True
                line = f"{source}: not enough memory; more --n_tiles need less"
                bar.write(printable(line), file=sys.stderr)
            except Exception as error:  # each library has errors of its own
                failed = True
                bar.write(line_of(source, error), file=sys.stderr)
            bar.update()
    return int(failed)


@contextlib.contextmanager
def _telling(target, bar):
    """Says, where a restoration is interrupted, what is kept of it."""
    from sanet_tf.restoration.distributed.unfinished import folder_of

    try:
        yield
    except BaseException:
        if folder_of(target).exists():
            line = f"{folder_of(target)} has what is done so far; "
            line = printable(f"{line}the same command goes on")
            bar.write(line, file=sys.stderr)
        raise


def _options(models):
    """The arguments of `restore_stack` that flags are."""
    if CLUSTER.value is not None:
        for name, flag in (("blend", BLEND), ("tta", TTA)):
            if flag.value:
                raise UserError(
                    f"--cluster cannot have --{name}, which takes all tiles of "
                    "a stack together"
                )
        if len(models) > 1:
            raise UserError(f"--cluster takes one --model, got {len(models)}")
        local_workers(CLUSTER.value, THREADS.value)
    if FORMAT.value != "zarr":
        for name in ("zarr_version", "zarr_chunks", "cluster"):
            if flags.FLAGS[name].value != flags.FLAGS[name].default:
                raise UserError(f"--{name} goes with --output_format=zarr")
    return {
        "axes": AXES.value,
        "statistics": STATISTICS.value,
        "n_tiles": flag_types.numbers("n_tiles"),
        "blend": BLEND.value,
        "dtype": DTYPE.value,
        "uncertainty": DEVIATION.value,
        "preview": PREVIEW.value,
        "overwrite": OVERWRITE.value,
        "zarr_version": ZARR_VERSION.value,
        "zarr_chunks": flag_types.numbers("zarr_chunks"),
    }


if __name__ == "__main__":
    cli.run(main)
