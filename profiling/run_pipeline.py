r"""Measures the input pipeline alone against the training step.

    python profiling/run_pipeline.py --dataset=folder --data_dir=DIR \
        --image_size=96 --batch_size=64

Prints images per second of both: training is fed as long as the pipeline is
the faster one. Median and half the interquartile range over batches.
"""

from absl import flags
from measure import measure

from sanet_tf import cli
from sanet_tf.errors import UserError

FLAGS = flags.FLAGS

flags.DEFINE_string("model", "sanet", "a name in sanet_tf.models.MODELS")
flags.DEFINE_string("dataset", "digits", "as in experiments/imagenet.py")
flags.DEFINE_string("data_dir", None, "where the data set lies")
flags.DEFINE_integer("image_size", 224, "side in pixels", lower_bound=1)
flags.DEFINE_integer("batch_size", 32, "images in a step", lower_bound=1)
flags.DEFINE_integer("repeats", 10, "measured batches", lower_bound=2)


def main(arguments):
    cli.no_arguments(arguments)
    cli.load_tensorflow()
    import keras

    from sanet_tf.data import load_source
    from sanet_tf.data.decoding import Decoder
    from sanet_tf.data.pipeline import image_batches
    from sanet_tf.models import MODELS

    if FLAGS.model not in MODELS:
        raise UserError(
            f"expected --model among {', '.join(MODELS)}; got {FLAGS.model}"
        )
    source = load_source(FLAGS.dataset, FLAGS.data_dir)
    size, batch_size = FLAGS.image_size, FLAGS.batch_size
    batches = image_batches(
        source, "train", Decoder(), size, batch_size, seed=0
    )
    pipeline, images, labels = _measure_pipeline(batches)
    _report("pipeline alone", pipeline, batch_size)

    model = MODELS[FLAGS.model](
        input_shape=(size, size, 3),
        classes=len(source.class_names),
        classifier_activation=None,
    )
    model.compile(
        keras.optimizers.SGD(0.001, momentum=0.9),
        keras.losses.CategoricalCrossentropy(from_logits=True),
        jit_compile=False,
    )
    step = measure(
        lambda: model.train_on_batch(images, labels), 3, FLAGS.repeats
    )
    _report(f"training step of {FLAGS.model}", step, batch_size)
    ratio = step.median / pipeline.median
    print(f"pipeline / training step: {ratio:.1f} times as many images")


def _measure_pipeline(batches):
    """Its timing and one batch; its threads end with the function."""
    iterator = iter(batches.repeat())
    timing = measure(lambda: next(iterator)[0].numpy(), 3, FLAGS.repeats)
    return timing, *next(iterator)


def _report(name, timing, batch_size):
    rate = batch_size / timing.median
    spread = rate * timing.spread / timing.median
    print(f"{name}: {rate:.1f} +- {spread:.1f} images/s", flush=True)


if __name__ == "__main__":
    cli.run(main)
