"""What a network costs, layer by layer: any Keras model.

    sanet profile --network=sanet
    sanet profile --model=FILE.keras --input_shape=224,224,3 --batch_size=8
    sanet profile --model=RUN --output=profiles

Prints a tree of blocks and layers: shape of the output, parameters,
multiply-adds, bytes of the output, milliseconds and their share. --output
receives profile.csv, profile.json, profile.png and a record of the run.
Counts are exact but where +? is behind them, times measured: each layer is
compiled and called by itself, so leave the machine idle. KERAS_BACKEND decides
what computes, tensorflow or jax.
"""

from pathlib import Path

from absl import flags

from sanet_tf.commands import cli
from sanet_tf.commands.flags import flag_help, flag_types
from sanet_tf.commands.network_names import NETWORKS, RESTORATION
from sanet_tf.utils import backends
from sanet_tf.utils.errors import UserError, did_you_mean, first_line

FLAGS = flags.FLAGS

with flag_help.group("model"):
    flags.DEFINE_string(
        "model",
        None,
        "file of a Keras model (.keras), or folder of a trained network",
    )
    flags.DEFINE_enum(
        "network",
        None,
        [*NETWORKS, *RESTORATION],
        "in place of --model: name of a network, which is not trained",
    )
with flag_help.group("input"):
    flag_types.define_sizes(
        "input_shape",
        None,
        "shape of one sample; none: the model's own",
        example="224,224,3",
    )
    flags.DEFINE_integer("batch_size", 1, "samples in a call", 1)
with flag_help.group("evaluation"):
    flags.DEFINE_integer(
        "repeats", 10, "measured calls of each layer; 0: no times", 0
    )
    flags.DEFINE_integer("depth", None, "levels that are printed; none: all", 1)
with flag_help.group("output"):
    flags.DEFINE_string("output", None, "folder of the files; none: no files")
    flags.DEFINE_string(
        "trace_dir", None, "folder of a trace for TensorBoard and XProf"
    )


def main(arguments):
    cli.no_arguments(arguments)
    given = FLAGS.model or FLAGS.network
    if (FLAGS.model is None) == (FLAGS.network is None):
        raise UserError(
            "expected --network=NAME, or --model=FILE.keras or --model=RUN"
        )
    if FLAGS.repeats == 1:
        raise UserError("expected --repeats=0 or from 2; got 1")
    if FLAGS.model is not None and not Path(FLAGS.model).exists():
        raise UserError(
            f"--model={FLAGS.model}: expected a file or a folder; names of "
            f"networks go to --network"
            f"{did_you_mean(FLAGS.model, (*NETWORKS, *RESTORATION))}"
        )
    backends.load_backend(False)
    from sanet_tf import profile

    shape = flag_types.numbers("input_shape")
    model = _network(shape) if FLAGS.network else _load(Path(FLAGS.model))
    try:
        found = profile(
            model, shape, FLAGS.batch_size, FLAGS.repeats, FLAGS.trace_dir
        )
    except UserError:
        raise
    except (TypeError, ValueError) as error:
        raise UserError(
            f"cannot profile {given}: {first_line(error)}; --input_shape "
            "sets the shape"
        ) from error
    print(found.text(FLAGS.depth))
    if FLAGS.output:
        _write(found)
    if FLAGS.trace_dir:
        print(f"wrote a trace to {FLAGS.trace_dir}")


def _network(shape):
    from sanet_tf.models import MODELS, UNETS

    shape = {"input_shape": shape} if shape else {}
    try:
        return {**MODELS, **UNETS}[FLAGS.network](**shape)
    except ValueError as error:
        raise UserError(
            f"{FLAGS.network} takes no such --input_shape: {first_line(error)}"
        ) from error


def _load(path):
    """A model from a file, or from the folder of a run."""
    if path.is_dir():
        inside = path if (path / "config.json").is_file() else path / "model"
        if (inside / "config.json").is_file():
            from sanet_tf.restoration import load

            return load(inside).keras_model
        from sanet_tf.training.trained import load_trained

        return load_trained(path).model
    import keras

    # Keras finds the classes that are registered, so those that are imported.
    import sanet_tf.export.folded_attention
    import sanet_tf.models  # noqa: F401

    try:
        return keras.saving.load_model(path, compile=False)
    except Exception as error:  # Keras, zipfile and h5py have many
        raise UserError(
            f"cannot load {path} as a Keras model: {first_line(error)}"
        ) from error


def _write(found):
    from sanet_tf.training.record import run_record, script_flags
    from sanet_tf.utils import files

    folder = files.make_directory(FLAGS.output)
    found.to_csv(folder / "profile.csv")
    found.to_json(folder / "profile.json")
    files.write_figure(folder / "profile.png", found.figure())
    files.write_json(folder / "profile.run.json", run_record(script_flags()))
    print(
        f"wrote {folder}/: profile.csv, profile.json, profile.png, "
        "profile.run.json"
    )


if __name__ == "__main__":
    cli.run(main)
