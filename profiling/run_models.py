"""Measures every network: latency, throughput and the training step.

    python profiling/run_models.py [--networks=sanet,mobilenet_v2]

Hardware: any with 16 GB free. Time: about an hour on two cores for all
networks. One network at a time is in memory, beside MobileNetV2 of
keras.applications. The two are called in turn, so that their ratio holds on a
machine whose speed varies. Writes models.csv, models.png and a record of the
run. Counts are exact, times measured.
"""

import gc

from absl import flags

from sanet_tf.commands import cli
from sanet_tf.commands.flags import flag_help, flag_types
from sanet_tf.commands.network_names import NETWORKS
from sanet_tf.utils import backends
from sanet_tf.utils.errors import UserError

FLAGS = flags.FLAGS
REFERENCE = "keras.applications"  # its MobileNetV2, always measured

flag_types.define_names(
    "models", None, NETWORKS, "networks to measure; none: all"
)
flag_help.alias("networks", "models", is_shown=True)
flags.DEFINE_integer("image_size", 224, "side in pixels", lower_bound=1)
flags.DEFINE_integer("batch_size", 32, "images in a batch", lower_bound=1)
flags.DEFINE_integer("repeats", 8, "timed calls of each", lower_bound=2)
flags.DEFINE_string(
    "output", "runs/profiling", "folder that receives the results"
)
flag_help.alias("output_dir", "output")


def main(arguments):
    cli.no_arguments(arguments)
    backends.load_tensorflow()
    from model_calls import model_calls, write_figure

    from sanet_tf.training.record import run_record, script_flags
    from sanet_tf.utils.files import make_directory, write_csv, write_json

    output = make_directory(FLAGS.output)
    record = run_record(script_flags())
    functions = _functions()
    reference = _build(functions.pop(REFERENCE))
    reference_row = _counts(REFERENCE, reference)
    reference_calls = model_calls(reference, FLAGS.image_size, FLAGS.batch_size)
    rows, rounds = [], []
    for name, function in functions.items():
        model = _build(function)
        row = _counts(name, model)
        calls = model_calls(model, FLAGS.image_size, FLAGS.batch_size)
        timings, beside = _measure_in_turn(calls, reference_calls)
        rows.append(row | _times(timings, beside))
        rounds.append(beside)
        _print(rows[-1])
        # Already here, should a later network not fit into memory.
        write_csv(output / "models.csv", rows)
        del model, calls
        gc.collect()
    joined = _joined(rounds)
    rows.append(reference_row | _times(joined, joined))
    write_csv(output / "models.csv", rows)
    write_figure(output / "models.png", rows, FLAGS.batch_size)
    write_json(output / "models.run.json", record)
    print(f"wrote {output}/: models.csv, models.png")


def _functions():
    """`{name: function}`, the reference among them."""
    import keras

    from sanet_tf.models import MODELS

    names = FLAGS.models or list(MODELS)
    functions = {name: MODELS[name] for name in names}
    return {**functions, REFERENCE: keras.applications.MobileNetV2}


def _build(function):
    try:
        return function(
            input_shape=(FLAGS.image_size, FLAGS.image_size, 3), weights=None
        )
    except ValueError as error:
        raise UserError(
            f"--image_size={FLAGS.image_size} does not do: {error}"
        ) from error


def _measure_in_turn(calls, reference_calls):
    """Timings by column: the network's, and the reference's beside it."""
    from sanet_tf.utils.timing import measure_in_turn

    timings, beside = {}, {}
    for column, call in calls.items():
        measured = measure_in_turn(
            {"network": call, REFERENCE: reference_calls[column]},
            2,
            FLAGS.repeats,
        )
        timings[column] = measured["network"]
        beside[column] = measured[REFERENCE]
    return timings, beside


def _joined(rounds):
    """All timings of the reference, by column, as one each."""
    from sanet_tf.utils.timing import Timing

    return {
        column: Timing(sum((turn[column].seconds for turn in rounds), ()))
        for column in rounds[0]
    }


def _counts(name, model):
    from sanet_tf import profile
    from sanet_tf.models.counting import count_parameters

    return {
        "model": name,
        "parameters": count_parameters(model),
        "madd_computed": profile(model, repeats=0).tree.madd,
    }


def _times(timings, beside):
    """The measured columns of models.csv, as a dictionary."""
    row = {}
    for column, timing in timings.items():
        row[f"{column}_ms"] = round(1e3 * timing.median, 3)
        row[f"{column}_spread_ms"] = round(1e3 * timing.spread, 3)
        row[f"{column}_ratio"] = round(timing.median / beside[column].median, 3)
    row["images_per_second"] = round(
        FLAGS.batch_size / timings["batch"].median, 2
    )
    return row


def _print(row):
    print(
        f"{row['model']:22}"
        + "".join(
            f"  {label} {row[f'{column}_ms']:9.2f} ms, "
            f"{row[f'{column}_ratio']:5.2f} x"
            for column, label in {
                "latency": "one image",
                "batch": "batch",
                "training_step": "training step",
            }.items()
        ),
        flush=True,
    )


if __name__ == "__main__":
    cli.run(main)
