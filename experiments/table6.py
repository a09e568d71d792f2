r"""Table 6: U-Net, U-Net+Attn and U-Net+SAO on one data set, several seeds.

    python experiments/table6.py --seeds=3 [flags of experiments/restoration.py]

Each network and seed is a run of experiments/restoration.py in a folder of its
own below --output; one that is complete is not repeated, so the same
command resumes. Writes table6.csv, table6.md and table6.png. All networks of a
seed are trained on the same patches in the same order. --network=gvtnet trains
GVTNet without attention, with its own and with SAO.
"""

from absl import flags

from sanet_tf.commands import cli
from sanet_tf.commands import (  # its flags are this script's too
    train_restoration as restoration,
)
from sanet_tf.commands.flags import flag_types
from sanet_tf.utils import files
from sanet_tf.utils.errors import UserError

FLAGS = flags.FLAGS
NETWORKS = {"unet": "none", "attn": "softmax", "sao": "siamese"}
GVTNETS = {**NETWORKS, "attn": "scaled"}  # its authors' attention

flags.adopt_module_key_flags(restoration)
flags.DEFINE_integer("seeds", 3, "runs of each network", 1)
flags.DEFINE_integer("processes", 1, "runs side by side", 1)
flags.DEFINE_integer(
    "threads", None, "cores of each run; default: all, shared among them", 1
)
flag_types.define_names(
    "networks",
    list(NETWORKS),
    tuple(NETWORKS),
    "networks to train: without attention, with regular attention, with SAO",
)


def main(arguments):
    cli.no_arguments(arguments)
    from child_runs import Run, complete
    from side_by_side import core_sets
    from table6_markdown import write_markdown
    from table6_report import GVTNET_LABELS, LABELS, rows_of, write_figure

    from sanet_tf.training.record import run_record, script_flags

    if FLAGS["seed"].present:
        raise UserError(
            "expected --seeds, the number of runs of each network; their seeds "
            "are 0, 1, ..., so --seed has no meaning"
        )
    core_sets(FLAGS.processes, FLAGS.threads)  # refused before a folder is made
    output = files.make_directory(FLAGS.output or "runs/table6")
    own = script_flags()
    record = run_record(
        {n: v for n, v in own.items() if n not in ("attention", "seed")}
    )
    gvtnet = FLAGS.network == "gvtnet"
    attentions = GVTNETS if gvtnet else NETWORKS
    labels = GVTNET_LABELS if gvtnet else LABELS
    runs = {
        (network, seed): Run(
            restoration,
            output / f"{network}-seed{seed}",
            {"attention": attentions[network], "seed": seed},
        )
        for seed in range(FLAGS.seeds)
        for network in FLAGS.networks
    }
    metrics, _ = complete(runs.values(), FLAGS.processes, FLAGS.threads)
    results = {key: metrics[run.name] for key, run in runs.items()}
    rows = rows_of(results)
    files.write_csv(output / "table6.csv", rows)
    write_markdown(
        output / "table6.md", rows, results, FLAGS.dataset, record, labels
    )
    write_figure(output / "table6.png", results, labels)
    files.write_json(output / "table6.run.json", record)
    print((output / "table6.md").read_text())
    print(f"wrote {output}/: table6.csv, table6.md, table6.png")


if __name__ == "__main__":
    cli.run(main)
