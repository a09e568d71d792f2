r"""Which view of a volume restores best: the tile's, a window's, the volume's.

    python experiments/compare_statistics.py \
        --models=runs/a/model,runs/b/model --n_tiles=1,4,4

Restores simulated volumes, larger than what the models were trained on, with
each of the three statistics. Writes statistics.csv and statistics.md.
"""

from absl import flags

from sanet_tf.commands import cli
from sanet_tf.commands.flags import flag_help, flag_types
from sanet_tf.utils import backends
from sanet_tf.utils.errors import UserError

FLAGS = flags.FLAGS

flags.DEFINE_list("models", None, "folders of trained models")
flag_types.define_sizes(
    "shape",
    ["32", "256", "256"],
    "voxels of a test volume along Z,Y,X",
    axes=3,
)
flag_types.define_sizes(
    "n_tiles", ["1", "4", "4"], "tiles along Z,Y,X", axes=3, example="1,4,4"
)
flags.DEFINE_integer("count", 4, "test volumes", 1)
flags.DEFINE_float(
    "exposure", 0.1, "share of the light in the noisy volumes", 0.0
)
flags.DEFINE_integer(
    "seed", 2000, "seed of the first volume; the next have the next", 0
)
flags.DEFINE_string(
    "output", "runs/statistics", "folder that receives the results"
)
flag_help.alias("output_dir", "output")


def main(arguments):
    cli.no_arguments(arguments)
    if not FLAGS.models:
        raise UserError("expected --models=DIR,DIR: folders of trained models")
    backends.load_tensorflow()
    import numpy as np
    from statistics_markdown import MODES, markdown

    from sanet_tf.restoration import load
    from sanet_tf.restoration.metrics import evaluate
    from sanet_tf.restoration.simulation.camera import expose
    from sanet_tf.restoration.simulation.volumes import simulate_volume
    from sanet_tf.training.record import run_record, script_flags
    from sanet_tf.utils import files

    output = files.make_directory(FLAGS.output)
    record = run_record(script_flags())
    models = [load(path) for path in FLAGS.models]
    shape = flag_types.numbers("shape")
    n_tiles = flag_types.numbers("n_tiles")
    rows = []
    for i in range(FLAGS.count):
        seed = FLAGS.seed + i
        truth = simulate_volume(shape, seed)
        noisy = expose(truth, FLAGS.exposure, np.random.default_rng(seed))
        for number, model in enumerate(models):
            for mode in MODES:
                restored = model.predict(
                    noisy, "ZYX", n_tiles=n_tiles, statistics=mode
                )
                found = evaluate(restored, truth)
                rows.append(
                    {"model": number, "seed": seed, "statistics": mode, **found}
                )
                print(f"model {number}, seed {seed}, {mode}: {found}")
    files.write_csv(output / "statistics.csv", rows)
    files.write_text(output / "statistics.md", markdown(rows, record))
    files.write_json(output / "statistics.run.json", record)
    print(f"wrote {output}/: statistics.csv, statistics.md")


if __name__ == "__main__":
    cli.run(main)
