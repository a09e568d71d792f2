r"""How an attention network should begin, and what outlying images do to it.

    python experiments/stability.py --network=sanet --seeds=5 \
        --dataset=folder --data_dir=DIR [flags of experiments/cifar.py]

Trains the network in three forms: BatchNorm's scale in the attention from one
(the paper's text), from zero, and from zero with QK-norm. Each form and seed
is a run of experiments/cifar.py below --output; one that is complete is
not repeated. The weights after the last epoch are then evaluated on the
validation images, and on these with other contrasts, once with BatchNorm's
running averages and once with statistics estimated from
--precise_batch_norm training images. Writes stability.csv and stability.md.
"""

import functools

import cifar  # its flags are this script's too
from absl import flags

from sanet_tf.commands import cli
from sanet_tf.commands.flags import augmentation_flags
from sanet_tf.utils import backends
from sanet_tf.utils.errors import UserError

FLAGS = flags.FLAGS
FORMS = {
    "from one": ["gamma_initializer=ones"],
    "from zero": ["gamma_initializer=zeros"],
    "from zero, QK-norm": ["gamma_initializer=zeros", "use_qk_norm=true"],
}

flags.adopt_module_key_flags(cifar)
flags.DEFINE_integer("seeds", 5, "runs of each form: seeds 0, 1, ...", 1)
flags.DEFINE_list(
    "contrasts",
    ["0.5", "1", "1.5", "2"],
    "factors of the images' differences from their mean",
)
flags.DEFINE_integer(
    "images", 1000, "validation images of each contrast", lower_bound=1
)
flags.DEFINE_integer("processes", 1, "runs side by side", 1)
flags.DEFINE_integer(
    "threads", None, "cores of each run; default: all, shared among them", 1
)
FLAGS.set_default("precise_batch_norm", 2000)


def main(arguments):
    cli.no_arguments(arguments)
    contrasts = _contrasts()
    if FLAGS["seed"].present or FLAGS["attention_config"].present:
        raise UserError(
            "expected no --seed and no --attention_config, which differ from "
            "run to run here"
        )
    cifar.check_network(attention_config=FORMS["from one"])
    import stability_report
    from child_runs import Run, complete, diverged

    from sanet_tf.training.record import run_record, script_flags
    from sanet_tf.utils import files

    output = files.make_directory(FLAGS.output or "runs/stability")
    runs = {
        (form, seed): Run(
            cifar,
            output / f"{_folder_name(form)}-seed{seed}",
            {"attention_config": config, "seed": seed, "precise_batch_norm": 0},
        )
        for seed in range(FLAGS.seeds)
        for form, config in FORMS.items()
    }
    _, errors = complete(
        runs.values(), FLAGS.processes, FLAGS.threads, diverged
    )
    rows = []
    for (form, seed), run in runs.items():
        row = {"form": form, "seed": seed, "error": errors.get(run.name)}
        found = [{}] if row["error"] else _evaluated(run.folder, contrasts)
        rows += [{**row, **values} for values in found]
    stability_report.write(output, rows, run_record(script_flags()))


@functools.cache
def _feed():
    """The images as the runs have seen them."""
    from sanet_tf.data import load_arrays
    from sanet_tf.training.feeds import ArrayFeed

    arrays = load_arrays(
        FLAGS.dataset, FLAGS.data_dir, FLAGS.download, FLAGS.image_size
    )
    return ArrayFeed(
        arrays,
        FLAGS.image_size,
        FLAGS.batch_size,
        **augmentation_flags.feed_options(),
    )


def _evaluated(folder, contrasts):
    """The rows of a run, which are kept beside its weights."""
    from sanet_tf.utils import files

    kept = folder / "contrasts.json"
    wanted = {
        "contrasts": contrasts,
        "images": FLAGS.images,
        "precise_batch_norm": FLAGS.precise_batch_norm,
    }
    known = files.read_json(kept) if kept.exists() else {}
    if known.get("wanted") != wanted:
        backends.load_backend(FLAGS.deterministic)
        from contrasts import evaluate

        rows = evaluate(
            folder, _feed(), contrasts, FLAGS.images, FLAGS.precise_batch_norm
        )
        known = {"wanted": wanted, "rows": rows}
        files.write_json(kept, known)
    log = (folder / "log.csv").read_text().splitlines()
    place = log[0].split(",").index("val_loss")
    lost = sum(not line.split(",")[place] for line in log[1:])
    return [{**row, "lost_validations": lost} for row in known["rows"]]


def _folder_name(form):
    return form.lower().replace(", ", "-").replace(" ", "-")


def _contrasts():
    try:
        contrasts = [float(value) for value in FLAGS.contrasts]
    except ValueError as error:
        raise UserError(
            f"expected --contrasts=0.5,1,2, got {','.join(FLAGS.contrasts)}"
        ) from error
    if 1.0 not in contrasts:
        raise UserError("expected 1 among --contrasts, the images as they are")
    return contrasts


if __name__ == "__main__":
    cli.run(main)
