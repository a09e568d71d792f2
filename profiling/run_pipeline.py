r"""Measures the input pipeline alone, and what it can feed.

    python profiling/run_pipeline.py --dataset=folder --data_dir=DIR \
        --image_size=96 --batch_size=64
    python profiling/run_pipeline.py --dataset=photographs --image_size=224 \
        --gpu_images_per_second=RATE

`photographs` are made for the occasion: JPEGs of 500 x 375 pixels, about the
size of ImageNet's, with smooth areas, edges and noise, so that they have about
its bytes too. Measured is the pipeline of experiments/imagenet.py, uncached,
and cached: decoded and scaled once and kept in memory, as experiments/cifar.py
keeps its images, then only cropped and mirrored. Uncached photographs are read
from the disk's cache in memory: a slow disk is not measured.

With --gpu_images_per_second it says how many cores a GPU of that training
speed would need. Then the training step of --model follows, unless --model is
empty. Median and half the interquartile range over batches. Writes
pipeline.csv, pipeline.md and a record of the run; all is measured.
"""

import contextlib
import math
import os
import tempfile
from pathlib import Path

from absl import flags

from sanet_tf.commands import cli
from sanet_tf.commands.flags import flag_help
from sanet_tf.commands.network_names import NETWORKS
from sanet_tf.utils import backends
from sanet_tf.utils.errors import UserError, did_you_mean
from sanet_tf.utils.timing import measure

FLAGS = flags.FLAGS
SIDES = (375, 500)  # height and width of most photographs of ImageNet
PHOTOGRAPHS = 64  # made for each split

flags.DEFINE_string(
    "model", "sanet", "the architecture that is trained; empty: none"
)
flag_help.alias("network", "model", is_shown=True)
flags.DEFINE_string(
    "dataset", "digits", "as in experiments/imagenet.py, or photographs"
)
flags.DEFINE_string("data_dir", None, "where the data set lies")
flags.DEFINE_integer("image_size", 224, "side in pixels", lower_bound=1)
flags.DEFINE_integer("batch_size", 32, "images in a step", lower_bound=1)
flags.DEFINE_integer("repeats", 10, "measured batches", lower_bound=2)
flags.DEFINE_float(
    "gpu_images_per_second", None, "training speed of a GPU", lower_bound=0
)
flags.DEFINE_string(
    "output", "runs/profiling", "folder that receives the results"
)
flag_help.alias("output_dir", "output")


def main(arguments):
    cli.no_arguments(arguments)
    if FLAGS.model and FLAGS.model not in NETWORKS:
        raise UserError(
            f"expected --network among {', '.join(NETWORKS)}; got "
            f"{FLAGS.model}{did_you_mean(FLAGS.model, NETWORKS)}"
        )
    backends.load_tensorflow()
    from sanet_tf.data import load_source
    from sanet_tf.data.arrays import decode, scaled_size
    from sanet_tf.models import MODELS
    from sanet_tf.training.feeds import ArrayFeed, StreamFeed
    from sanet_tf.training.record import run_record, script_flags
    from sanet_tf.utils.files import (
        make_directory,
        write_csv,
        write_json,
        write_text,
    )

    output = make_directory(FLAGS.output)
    record, rows = run_record(script_flags()), []

    def add(name, timing, feeds=True):
        rows.append(_row(name, timing, batch_size, feeds))
        print(_line(rows[-1]), flush=True)

    with contextlib.ExitStack() as stack:
        if FLAGS.dataset == "photographs":
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            size = _make_photographs(Path(folder))
            print(f"photographs of {size / 1000:.0f} kB on average")
            source = load_source("folder", folder)
        else:
            source = load_source(FLAGS.dataset, FLAGS.data_dir)
        batch_size = min(FLAGS.batch_size, source.sizes["train"])
        size = FLAGS.image_size
        stream = StreamFeed(source, size, batch_size).batches("train", 0)
        uncached, batch = _measure_stream(stream)
        add("pipeline, uncached", uncached)
        if source.lists is not None:
            arrays = decode(source, scaled_size(size))
            feed = ArrayFeed(arrays, size, batch_size)
            cached = _measure_arrays(feed.batches("train", 0))
            add("pipeline, cached", cached)
    if FLAGS.model:
        step = _measure_step(MODELS[FLAGS.model], batch)
        add(f"training step of {FLAGS.model}", step, feeds=False)
    write_csv(output / "pipeline.csv", rows)
    write_text(output / "pipeline.md", _page(rows, record))
    write_json(output / "pipeline.run.json", record)
    print(f"wrote {output}/: pipeline.csv, pipeline.md")


def _make_photographs(folder):
    """Leaves two classes of them in train and val; gives their mean size."""
    import numpy as np
    from PIL import Image

    rng, sizes = np.random.default_rng(0), []
    for split in ("train", "val"):
        for name in "ab":
            (folder / split / name).mkdir(parents=True)
        for number in range(PHOTOGRAPHS):
            path = folder / split / "ab"[number % 2] / f"{number:03d}.jpg"
            Image.fromarray(_photograph(rng)).save(path, quality=92)
            sizes.append(path.stat().st_size)
    return sum(sizes) / len(sizes)


def _photograph(rng):
    """Structure of all sizes, as in nature: half the contrast an octave."""
    import numpy as np
    from PIL import Image

    height, width = SIDES
    pixels = np.full((*SIDES, 3), 128.0)
    for octave in range(7):
        cells = rng.normal(0, 40 / 1.6**octave, (3 * 2**octave, 4 * 2**octave))
        layer = Image.fromarray(cells.astype(np.float32))
        layer = np.asarray(layer.resize((width, height), Image.BICUBIC))
        pixels += layer[..., None] * rng.uniform(0.5, 1, 3)
    return np.clip(pixels + rng.normal(0, 4, pixels.shape), 0, 255).astype("u1")


def _measure_stream(batches):
    """Its timing and one batch; its threads end with the function."""
    iterator = iter(batches.repeat())
    timing = measure(lambda: next(iterator)[0].numpy(), 3, FLAGS.repeats)
    return timing, next(iterator)


def _measure_arrays(batches):
    numbers = iter(range(10**9))

    def call():
        images, _ = batches[next(numbers) % len(batches)]
        return images.numpy()

    return measure(call, 3, FLAGS.repeats)


def _measure_step(function, batch):
    import keras

    images, labels = batch
    model = function(
        input_shape=images.shape[1:],
        classes=labels.shape[1],
        classifier_activation=None,
    )
    model.compile(
        keras.optimizers.SGD(0.001, momentum=0.9),
        keras.losses.CategoricalCrossentropy(from_logits=True),
        jit_compile=False,
    )
    return measure(
        lambda: model.train_on_batch(images, labels), 3, FLAGS.repeats
    )


def _row(name, timing, batch_size, feeds):
    """The rate of all cores, of one, and the cores that a GPU needs."""
    rate = batch_size / timing.median
    each = rate / len(os.sched_getaffinity(0))
    gpu = FLAGS.gpu_images_per_second if feeds else None
    return {
        "what": name,
        "images_per_second": round(rate, 1),
        "spread": round(rate * timing.spread / timing.median, 1),
        "images_per_second_per_core": round(each, 1),
        "cores_for_gpu": math.ceil(gpu / each) if gpu else "",
    }


def _line(row):
    line = (
        f"{row['what']}: {row['images_per_second']} ({row['spread']}) "
        f"images/s, {row['images_per_second_per_core']} a core"
    )
    if row["cores_for_gpu"]:
        line += (
            f"; a GPU that trains {FLAGS.gpu_images_per_second:g} images/s "
            f"needs {row['cores_for_gpu']} such cores"
        )
    return line


def _page(rows, record):
    gpu = FLAGS.gpu_images_per_second
    heading = f"cores for {gpu:g} images/s" if gpu else ""
    lines = [
        f"Measured by `{record['command']}` on {record['machine']}: batch "
        f"{FLAGS.batch_size}, {FLAGS.image_size} pixels, median over batches, "
        "in brackets half the interquartile range. Uncached: read, decoded, "
        "cropped, scaled and mirrored anew each time; cached: decoded and "
        "scaled once and kept in memory.",
        "",
        f"| | images/s | a core | {heading} |",
        "|---|---:|---:|---:|",
        *(
            f"| {row['what']} | {row['images_per_second']} ({row['spread']}) | "
            f"{row['images_per_second_per_core']} | {row['cores_for_gpu']} |"
            for row in rows
        ),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    cli.run(main)
