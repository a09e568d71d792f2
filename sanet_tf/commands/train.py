r"""Trains a classifier on ImageNet, or on any labelled photographs.

    sanet train --network=sanet \
        --flagfile=paper
    sanet train --dataset=folder --data_dir=DIR \
        --flagfile=photographs

To begin with the weights of another run, for other classes:

    sanet train --dataset=folder --data_dir=DIR \
        --init_from=RUN_DIR --freeze=stem,stage1 --backbone_rate=0.1 ...

The same command resumes an interrupted run. The results, the record of the
run and, on TensorFlow, a SavedModel are left in --output.
"""

from absl import flags

from sanet_tf.commands import cli
from sanet_tf.commands.flags import (
    augmentation_flags,
    flag_help,
    hardware_flags,
    recipe_flags,
    training_flags,
)
from sanet_tf.data import check_source
from sanet_tf.utils import backends
from sanet_tf.utils.errors import UserError
from sanet_tf.utils.printing import printable

FLAGS = flags.FLAGS

flags.adopt_module_key_flags(training_flags)
with flag_help.group("data"):
    flags.DEFINE_string(
        "dataset",
        "imagenet2012",
        "folder (DIR/train/CLASS/*.jpg and DIR/val/CLASS/*.jpg), digits, or a "
        "set of TensorFlow Datasets",
    )
    flags.DEFINE_string("data_dir", None, "folder DIR of the data set")
    flags.DEFINE_bool("download", False, "let TensorFlow Datasets download it")
    flags.DEFINE_string(
        "train_split",
        None,
        "split of a set of TensorFlow Datasets, or slice of one, to train on, "
        "such as train[:90%]",
    )
    flags.DEFINE_string(
        "val_split",
        None,
        "split of a set of TensorFlow Datasets, or slice of one, to validate "
        "with, such as train[90%:]",
    )
    flags.DEFINE_integer(
        "image_size",
        224,
        "side in pixels of what the network sees",
        lower_bound=1,
    )


def main(arguments):
    cli.no_arguments(arguments)
    distribution = hardware_flags.distribution()
    recipe = recipe_flags.recipe()
    augmentation_flags.check()
    training_flags.check()
    check_source(
        FLAGS.dataset, FLAGS.data_dir, FLAGS.train_split, FLAGS.val_split
    )
    backends.load_backend(FLAGS.deterministic)
    _check_backend()
    with distribution:
        hardware_flags.check_step(distribution)
        _train(distribution, recipe)


def _check_backend():
    """JAX can be fed by tf.data, which then leaves the GPUs to it."""
    import keras

    backend = keras.backend.backend()
    if backend == "jax":
        try:
            import tensorflow as tf
        except ImportError as error:
            raise UserError(
                "TensorFlow reads the images, and is not installed: "
                'pip install ".[tensorflow]"; experiments/cifar.py of the '
                "repository trains without it"
            ) from error
        tf.config.set_visible_devices([], "GPU")
        if augmentation_flags.feed_options()["batch_augmentation"]:
            raise UserError(
                "--rand_augment, --random_erasing, --mixup and --cutmix: "
                "expected KERAS_BACKEND=tensorflow, got jax; "
                "experiments/cifar.py has them on any backend"
            )
    elif backend != "tensorflow":
        raise UserError(
            f"expected KERAS_BACKEND=tensorflow or jax, got {backend}; "
            "experiments/cifar.py trains on any backend, with data sets that "
            "fit into memory"
        )


def _train(distribution, recipe):
    from sanet_tf.data import load_source
    from sanet_tf.training.feeds import StreamFeed
    from sanet_tf.training.results import write_results
    from sanet_tf.utils.device import gpu_name

    function = training_flags.network()
    source = load_source(
        FLAGS.dataset,
        FLAGS.data_dir,
        FLAGS.download,
        FLAGS.train_split,
        FLAGS.val_split,
    )
    for line in source.warnings:
        print(f"warning: {printable(line)}")
    hardware_flags.set_precision(gpu_name() is not None)

    def build():
        return training_flags.build(
            function, FLAGS.image_size, len(source.class_names)
        )

    feed = StreamFeed(
        source,
        FLAGS.image_size,
        recipe.batch_size,
        shard=hardware_flags.shard(distribution),
        **augmentation_flags.feed_options(),
    )
    with training_flags.trainer(
        build, recipe, feed, source.class_names, distribution
    ) as trainer:
        trainer.train()
        if distribution.process == 0:
            write_results(trainer, lambda: _export(trainer, build, source))


def _export(trainer, build, source):
    """Leaves a SavedModel of the best weights, checked on validation images."""
    import keras

    if keras.backend.backend() != "tensorflow":
        return {}
    from sanet_tf import export
    from sanet_tf.training import checkpoint
    from sanet_tf.training.run_directory import WEIGHTS

    keras.config.set_dtype_policy("float32")  # whatever it was trained in
    model = build()  # on one device
    checkpoint.restore(trainer.run / WEIGHTS, model)
    path = trainer.run / "saved_model"
    export.export_saved_model(model, source.class_names, path)
    difference = export.check_saved_model(path, model, source)
    return {"saved_model_difference": difference}


if __name__ == "__main__":
    cli.run(main)
