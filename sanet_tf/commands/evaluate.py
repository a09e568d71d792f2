r"""Evaluates trained and exported classifiers on labelled photographs.

    sanet evaluate --model=runs/mine --data_dir=DIR \
        --image_size=96,128 --output=evaluation
    sanet evaluate --model=runs/mine,exported \
        --data_dir=DIR --output=evaluation
    sanet evaluate --model=exported pictures/ --output=evaluation

The first takes a trained network at several image sizes, the second an
exported one beside it. The third takes pictures, and those in folders and in
folders below: the class of each is the name of the folder in which it lies.
What is no picture, or lies in no such folder, is counted and named. --output
receives evaluation.json (top-1, top-5, loss; precision, recall and F1 of each
class) and, for each network and size, the confusion matrix as CSV and as a
picture.
"""

from pathlib import Path

import numpy as np
from absl import flags

from sanet_tf.commands import cli
from sanet_tf.commands.flags import flag_help, flag_types
from sanet_tf.data import check_source
from sanet_tf.utils import backends, files
from sanet_tf.utils.errors import UserError
from sanet_tf.utils.printing import printable
from sanet_tf.utils.program import program

FLAGS = flags.FLAGS
USAGE = "--model=DIR (--data_dir=DIR | pictures/ ...) --output=DIR"

with flag_help.group("model"):
    flag_types.define_paths(
        "model",
        "folder of a run of `sanet train` or of an exported classifier; "
        "several are A,B,C",
    )
    flag_types.define_sizes(
        "image_size",
        None,
        "sides in pixels of what the network sees; none: the network's own",
        example="96,128",
    )
with flag_help.group("data"):
    flags.DEFINE_string(
        "dataset",
        "folder",
        "folder, digits, cifar10, cifar100, or a set of TensorFlow Datasets",
    )
    flags.DEFINE_string("data_dir", None, "folder of the data set")
    flags.DEFINE_enum("split", "val", ["train", "val"], "split of the data set")
with flag_help.group("output"):
    flags.DEFINE_string("output", None, "folder that receives the results")
    flag_help.alias("output_dir", "output")


def main(paths):
    models = flag_types.paths("model")
    if not models or not all(models) or FLAGS.output is None:
        raise UserError(f"expected --model and --output: {program()} {USAGE}")
    _check_data(paths)
    sizes = flag_types.numbers("image_size") or ()
    cli.check_models(*models)
    backends.load_tensorflow()
    from sanet_tf.commands import evaluated
    from sanet_tf.training.record import run_record, script_flags

    results, confusions = [], {}
    for path in models:
        for network in evaluated.load(path, sizes):
            size = network.image_size
            name = f"{Path(path).resolve().name}-{network.kind}-{size}"
            if name in confusions:
                raise UserError(f"expected folders of other names: two {name}")
            scores, confusion = _evaluate(network, paths)
            results.append({"name": name, "image_size": size, **scores})
            confusions[name] = confusion, network.class_names
            print(
                f"{name}: top-1 {scores['top1']:.4f}, "
                f"top-5 {scores['top5']:.4f}, loss {scores['loss']:.4f} "
                f"on {scores['images']:,} images",
                flush=True,
            )
    output = Path(FLAGS.output)
    files.make_directory(output)
    for name, (confusion, class_names) in confusions.items():
        _write_confusion(output / name, confusion, class_names)
    record = {**run_record(script_flags()), "results": results}
    files.write_json(output / "evaluation.json", record)
    print(f"wrote {output / 'evaluation.json'} and the confusion matrices")


def _check_data(paths):
    """Refuses pictures beside a data set, and neither."""
    named = [f for f in ("dataset", "data_dir", "split") if FLAGS[f].present]
    if paths and named:
        raise UserError(
            "expected pictures or a data set, got "
            f"{' '.join(paths)} and --{named[0]}={FLAGS[named[0]].value}"
        )
    if not paths:
        check_source(FLAGS.dataset, FLAGS.data_dir)


def _evaluate(network, paths):
    from sanet_tf.commands import evaluated
    from sanet_tf.training.classification_metrics import evaluate

    rows, labels, skipped = [], [], {}
    names = network.class_names
    if paths:
        batches = evaluated.read_pictures(paths, names, skipped)
    else:
        place = FLAGS.dataset, FLAGS.data_dir, FLAGS.split
        batches = evaluated.read(*place, names, skipped)
    for images, numbers in batches:
        rows.append(network.predict(images))
        labels += numbers
    if not rows:
        name, reason = next(iter(skipped.items()), ("there", "are none"))
        raise UserError(
            f"not one of {len(skipped)} files is an image with a label; "
            f"{name}: {reason}"
        )
    probabilities = np.concatenate(rows)
    broken = int((~np.isfinite(probabilities)).any(1).sum())
    if broken:
        raise UserError(
            f"the network gives no finite probabilities for {broken} of "
            f"{len(labels)} images at --image_size={network.image_size}"
        )
    for name, reason in skipped.items():
        print(printable(f"skipped {name}: {reason}"))
    scores, confusion = evaluate(
        probabilities, np.array(labels), network.class_names
    )
    skipped = {"count": len(skipped), "names": dict(sorted(skipped.items()))}
    return {**scores, "skipped_images": skipped}, confusion


def _write_confusion(stem, confusion, class_names):
    files.write_csv(
        stem.with_name(f"{stem.name}.csv"),
        [
            {
                "true \\ predicted": name,
                **dict(zip(class_names, row, strict=True)),
            }
            for name, row in zip(class_names, confusion.tolist(), strict=True)
        ],
    )
    figure = _draw(confusion, class_names)
    files.write_figure(stem.with_name(f"{stem.name}.png"), figure)


def _draw(confusion, class_names):
    """Each row as shares of the images of its class."""
    from matplotlib.figure import Figure

    shares = confusion / np.maximum(confusion.sum(1, keepdims=True), 1)
    side = min(4 + len(class_names) / 4, 16)  # inches
    figure = Figure(figsize=(side + 1, side), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(shares, cmap="viridis", vmin=0, vmax=1)
    figure.colorbar(image, label="share of the class's images")
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    if len(class_names) <= 50:
        numbers = range(len(class_names))
        names = [printable(name) for name in class_names]
        axes.set_xticks(numbers, names, rotation=90, parse_math=False)
        axes.set_yticks(numbers, names, parse_math=False)
    return figure


if __name__ == "__main__":
    cli.run(main)
