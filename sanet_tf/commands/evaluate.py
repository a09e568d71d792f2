r"""Evaluates trained and exported classifiers on labelled photographs.

    sanet evaluate --model=runs/mine --data_dir=DIR \
        --image_size=96,128 --output_dir=evaluation
    sanet evaluate --model=runs/mine --model=exported \
        --data_dir=DIR --output_dir=evaluation

The first takes a trained network at several image sizes, the second an
exported one beside it. --output_dir receives evaluation.json (top-1, top-5,
loss; precision, recall and F1 of each class) and, for each network and size,
the confusion matrix as CSV and as a picture.
"""

from pathlib import Path

import numpy as np
from absl import flags

from sanet_tf.commands import cli
from sanet_tf.utils import backends, files
from sanet_tf.utils.errors import UserError
from sanet_tf.utils.printing import printable

FLAGS = flags.FLAGS
flags.DEFINE_multi_string(
    "model", None, "folder of a run or of an exported network; repeatable"
)
flags.DEFINE_string(
    "dataset", "folder", "folder, digits, cifar10, cifar100, or a set of TFDS"
)
flags.DEFINE_string("data_dir", None, "where the data set lies")
flags.DEFINE_enum("split", "val", ["train", "val"], "what is evaluated on")
flags.DEFINE_list(
    "image_size", None, "sides in pixels; default: the network's own"
)
flags.DEFINE_string("output_dir", None, "folder that receives the results")


def main(arguments):
    cli.no_arguments(arguments)
    if not FLAGS.model or FLAGS.output_dir is None:
        raise UserError("expected --model=RUN|EXPORTED and --output_dir=DIR")
    sizes = _sizes()
    backends.load_tensorflow()
    from sanet_tf.commands import evaluated
    from sanet_tf.training.record import run_record, script_flags

    results, confusions = [], {}
    for path in FLAGS.model:
        for network in evaluated.load(path, sizes):
            size = network.image_size
            name = f"{Path(path).resolve().name}-{network.kind}-{size}"
            if name in confusions:
                raise UserError(f"expected folders of other names: two {name}")
            scores, confusion = _evaluate(network)
            results.append({"name": name, "image_size": size, **scores})
            confusions[name] = confusion, network.class_names
            print(
                f"{name}: top-1 {scores['top1']:.4f}, "
                f"top-5 {scores['top5']:.4f}, loss {scores['loss']:.4f} "
                f"on {scores['images']:,} images",
                flush=True,
            )
    output = Path(FLAGS.output_dir)
    files.make_directory(output)
    for name, (confusion, class_names) in confusions.items():
        _write_confusion(output / name, confusion, class_names)
    record = {**run_record(script_flags()), "results": results}
    files.write_json(output / "evaluation.json", record)
    print(f"wrote {output / 'evaluation.json'} and the confusion matrices")


def _evaluate(network):
    from sanet_tf.commands import evaluated
    from sanet_tf.training.classification_metrics import evaluate

    rows, labels, skipped = [], [], {}
    for images, numbers in evaluated.read(
        FLAGS.dataset, FLAGS.data_dir, FLAGS.split, network.class_names, skipped
    ):
        rows.append(network.predict(images))
        labels += numbers
    if not rows:
        raise UserError(f"not one image of {FLAGS.split} could be read")
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


def _sizes():
    try:
        sizes = [int(size) for size in FLAGS.image_size or []]
    except ValueError:
        sizes = [0]
    if any(size < 1 for size in sizes):
        raise UserError(
            "expected --image_size=96,128, sides in pixels; got "
            f"{','.join(FLAGS.image_size)}"
        )
    return sizes


if __name__ == "__main__":
    cli.run(main)
