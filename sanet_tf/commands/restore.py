"""Restores microscope stacks with a trained restoration model.

    sanet restore --model=DIR in.tif [more.tif ...] --output=DIR

The model is the --output of `sanet train-restoration`, or what `sanet export`
has made of it; classifiers are for `sanet predict`.
An input is a TIFF file, a zarr folder, or a folder of these. The results are
TIFF files of the same names, which ImageJ opens with voxel size, channels and
times as they were; where names are the same, the folders' go before them.
Times and channels are restored one by one.

A file that fails is named on stderr, the others are restored all the same, and
the exit status is 1. What is there already is left, so the same command goes on
with a folder where it stopped.
"""

import contextlib
import os
import sys
from pathlib import Path

from absl import flags

from sanet_tf.commands import cli
from sanet_tf.commands.flags import flag_help, flag_types
from sanet_tf.restoration.io import inputs, origin
from sanet_tf.utils import backends, replacement
from sanet_tf.utils.errors import UserError
from sanet_tf.utils.printing import printable

USAGE = "--model=DIR in.tif [more.tif ...] --output=DIR"
UNCERTAIN = "uncertainty"  # folder in that of the results

with flag_help.group("model"):
    MODEL = flags.DEFINE_list(
        "model",
        None,
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
    DTYPE = flags.DEFINE_enum(
        "dtype",
        "float32",
        ["float32", "uint8", "uint16", "input"],
        "data type of the results; integers are rounded and clipped",
    )
    UNCERTAINTY = flags.DEFINE_bool(
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
    if (
        not MODEL.value
        or not all(MODEL.value)
        or OUTPUT.value is None
        or not paths
    ):
        raise UserError(
            "expected --model, --output and one or more stacks: "
            f"{cli.program()} {USAGE}"
        )
    n_tiles = flag_types.numbers("n_tiles")
    sources, lines = _sources(paths, Path(OUTPUT.value))
    for line in lines:
        print(line, file=sys.stderr)
    failed = bool(lines)
    replacement.remove_all_abandoned(OUTPUT.value)
    replacement.remove_all_abandoned(Path(OUTPUT.value) / UNCERTAIN)
    if not OVERWRITE.value:
        for target in [target for target in sources if target.exists()]:
            source = sources.pop(target)
            other = origin.other(source, target)
            if other is None:
                kept = f"{target} exists, kept; --overwrite replaces it"
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
    tf = backends.load_tensorflow(threads=THREADS.value)
    from sanet_tf.training.progress import progress_bar

    model = _load()
    with progress_bar(len(sources), 0, "stack") as bar:
        for target, source in sources.items():
            try:
                _restore(model, source, target, n_tiles)
                bar.write(printable(f"wrote {target}"))
            except (MemoryError, tf.errors.ResourceExhaustedError):
                failed = True
                line = f"{source}: not enough memory; more --n_tiles need less"
                bar.write(printable(line), file=sys.stderr)
            except Exception as error:  # each library has errors of its own
                failed = True
                bar.write(_line(source, error), file=sys.stderr)
            bar.update()
    return int(failed)


def _load():
    """The model, or all of them as one."""
    from sanet_tf.inference import load
    from sanet_tf.restoration.ensemble import Ensemble
    from sanet_tf.restoration.restorer import is_probabilistic

    models = [
        load(path, THREADS.value, PROVIDERS.value) for path in MODEL.value
    ]
    for path, model in zip(MODEL.value, models, strict=True):
        if not hasattr(model, "restore"):
            raise UserError(
                f"{path} classifies pictures, expected a restoration model: "
                f"sanet predict --model={path} photo.jpg"
            )
    if len(models) > 1 or TTA.value:
        return Ensemble(models, TTA.value)
    if UNCERTAINTY.value and not is_probabilistic(models[0]):
        raise UserError(
            "--uncertainty needs several models, --tta, or a model that was "
            f"trained with --probabilistic; {MODEL.value[0]} was not"
        )
    return models[0]


def _restore(model, source, target, n_tiles):
    from sanet_tf.restoration.io import hyperstacks, signed
    from sanet_tf.restoration.io.calibration import voxel_width, z_scale
    from sanet_tf.restoration.io.sequences import open_sequence
    from sanet_tf.restoration.io.tiff import create_stack, open_stack
    from sanet_tf.restoration.normalization import WIDER
    from sanet_tf.restoration.previews import write_preview

    is_sequence = source.is_dir() and not inputs.is_zarr(source)
    open_source = open_sequence if is_sequence else open_stack
    stack = signed.decode(
        open_source(source, AXES.value, hyperstacks.needed_axes(model))
    )
    if n_tiles and len(n_tiles) != len(stack.axes):
        raise UserError(
            f"{source}: expected --n_tiles with one number for each of the "
            f"axes {stack.axes}, got {len(n_tiles)}"
        )
    own, _ = hyperstacks.split_axes(model, stack.axes, stack.shape)
    tiles = n_tiles and tuple(n_tiles[stack.axes.index(a)] for a in own)
    dtype = stack.dtype.name if DTYPE.value == "input" else DTYPE.value
    dtype = WIDER.get(dtype, dtype)
    axes, shape = hyperstacks.restored(model, stack.axes, stack.shape)
    with contextlib.ExitStack() as created:
        results = {}
        for path, kind in _results(target, dtype).items():
            results[path] = created.enter_context(
                create_stack(path, shape, axes, kind, like=stack, source=source)
            )
        for index, part in hyperstacks.parts(model, stack.data, stack.axes):
            restored, *deviations = (array[index] for array in results.values())
            with _named(axes, index):
                model.restore(
                    *(part, own, restored),
                    n_tiles=tiles,
                    statistics=STATISTICS.value,
                    blend=BLEND.value,
                    **({"uncertainty": deviations[0]} if deviations else {}),
                )
        if PREVIEW.value:
            first, part = next(hyperstacks.parts(model, stack.data, stack.axes))
            restored, *deviations = (array[first] for array in results.values())
            deviation = {UNCERTAIN: deviations[0]} if deviations else {}
            write_preview(
                target.with_suffix(".png"),
                {"input": part, **deviation, "restored": restored},
                own,
                z_scale(stack),
                *voxel_width(stack),
            )


def _results(target, dtype):
    """`{path: data type}` of a stack's results, the restored one first.

    It appears last, when all else is there: so the stack counts as done.
    """
    deviation = target.parent / UNCERTAIN / target.name
    return {target: dtype} | (
        {deviation: "float32"} if UNCERTAINTY.value else {}
    )


@contextlib.contextmanager
def _named(axes, index):
    """Has an error say at which time, channel or plane it was, if of many."""
    try:
        yield
    except ValueError as error:
        places = zip(axes, index, strict=False)  # the looped axes come first
        text = "".join(f"{letter} = {number}, " for letter, number in places)
        raise UserError(f"at {text}{error}" if text else str(error)) from error


def _sources(paths, output):
    """`{output: input}`, and lines on what is not restored."""
    found, lines = {}, []
    for path in map(Path, paths):
        try:
            stacks, foreign = inputs.find_stacks(path, SEQUENCE.value)
        except (UserError, OSError) as error:
            lines.append(_line(path, error))
            continue
        for line in inputs.left_out(path, foreign):
            print(printable(line))
        found |= {os.path.abspath(stack): stack for stack in stacks}
    sources = {}
    for source, name in inputs.name_results([*found.values()]).items():
        target = output / f"{name}.tif"
        place = source.resolve()
        if output.resolve() in (place, place.parent):
            raise UserError(
                f"--output={output} is the folder of {source}; name another "
                "folder, so that no input is overwritten"
            )
        if target in sources:
            line = (
                f"{source}: its result would be {target}, as that of "
                f"{sources[target]}; restore it to another folder"
            )
            lines.append(printable(line))
        else:
            sources[target] = source
    return sources, lines


def _line(source, error):
    """One line that names the file, whatever raised the error."""
    line = str(error)
    if not isinstance(error, UserError):
        line = " ".join(line.split())
    if not line or not isinstance(error, ValueError | OSError):
        line = f"{type(error).__name__}: {line}"
    return printable(line if str(source) in line else f"{source}: {line}")


if __name__ == "__main__":
    cli.run(main)
