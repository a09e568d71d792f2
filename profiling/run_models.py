"""Measures every network: latency, throughput and the training step.

    python profiling/run_models.py [--models=sanet,mobilenet_v2]

Hardware: any with 8 GB free. Time: about ten minutes on two cores for all
networks. They are called in turn in one process, beside MobileNetV2 of
keras.applications, so that their ratios hold on a machine whose speed varies.
Writes models.csv, models.png and a record of the run. Counts are exact, times
measured.
"""

from absl import flags

from sanet_tf import cli
from sanet_tf.errors import UserError

FLAGS = flags.FLAGS
REFERENCE = "keras.applications"  # its MobileNetV2, always measured

flags.DEFINE_list("models", None, "names in MODELS; all if none")
flags.DEFINE_integer("image_size", 224, "side in pixels", lower_bound=1)
flags.DEFINE_integer("batch_size", 32, "images in a batch", lower_bound=1)
flags.DEFINE_integer("repeats", 8, "timed calls of each", lower_bound=2)
flags.DEFINE_string("output_dir", "runs/profiling", "where the results go")


def main(arguments):
    cli.no_arguments(arguments)
    cli.load_tensorflow()
    from counting import count_computed_madd, count_parameters
    from measure import measure_in_turn
    from model_calls import training_step, write_figure
    from operator_forms import compiled

    from sanet_tf.files import make_directory, write_csv, write_json
    from sanet_tf.record import run_record, script_flags

    output = make_directory(FLAGS.output_dir)
    record = run_record(script_flags())
    models = _models()
    one, many = _images(1), _images(FLAGS.batch_size)
    rows = {
        name: {
            "model": name,
            "parameters": count_parameters(model),
            "madd_computed": count_computed_madd(model),
        }
        for name, model in models.items()
    }
    for column, make in (
        ("latency_ms", lambda model: compiled(model, one)),
        ("batch_ms", lambda model: compiled(model, many)),
        ("training_step_ms", lambda model: training_step(model, many)),
    ):
        print(f"{column}: {len(models)} networks ...", flush=True)
        timings = measure_in_turn(
            {name: make(model) for name, model in models.items()},
            2,
            FLAGS.repeats,
        )
        reference = timings[REFERENCE].median
        for name, timing in timings.items():
            row = rows[name]
            row[column] = round(1e3 * timing.median, 3)
            row[column.replace("_ms", "_spread_ms")] = round(
                1e3 * timing.spread, 3
            )
            row[column.replace("_ms", "_ratio")] = round(
                timing.median / reference, 3
            )
            print(
                f"  {name:24} {row[column]:10.2f} ms, "
                f"{timing.median / reference:.2f} times {REFERENCE}",
                flush=True,
            )
    for row in rows.values():
        row["images_per_second"] = round(
            1e3 * FLAGS.batch_size / row["batch_ms"], 2
        )
    write_csv(output / "models.csv", list(rows.values()))
    write_figure(output / "models.png", list(rows.values()), FLAGS.batch_size)
    write_json(output / "models.run.json", record)
    print(f"wrote {output}/: models.csv, models.png")


def _models():
    """`{name: model}`, the reference last."""
    import keras

    from sanet_tf.models import MODELS

    names = FLAGS.models or list(MODELS)
    unknown = [name for name in names if name not in MODELS]
    if unknown:
        raise UserError(
            f"expected --models among {', '.join(MODELS)}; "
            f"got {', '.join(unknown)}"
        )
    functions = {name: MODELS[name] for name in names}
    functions[REFERENCE] = keras.applications.MobileNetV2
    shape = (FLAGS.image_size, FLAGS.image_size, 3)
    try:
        return {
            name: function(input_shape=shape, weights=None)
            for name, function in functions.items()
        }
    except ValueError as error:
        raise UserError(
            f"--image_size={FLAGS.image_size} does not do: {error}"
        ) from error


def _images(batch_size):
    import tensorflow as tf

    size = FLAGS.image_size
    return tf.random.stateless_uniform((batch_size, size, size, 3), (0, 0))


if __name__ == "__main__":
    cli.run(main)
