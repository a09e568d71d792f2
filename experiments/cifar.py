r"""Trains a classifier on a data set in memory, on any backend of Keras.

    python experiments/cifar.py --network=resnet50_ssa --data_dir=DIR \
        --flagfile=ssa-cifar
    KERAS_BACKEND=jax python experiments/cifar.py --network=sanet \
        --dataset=folder --data_dir=DIR --image_size=96 --epochs=20

For CIFAR, and for folders of photographs that fit into memory: these are
decoded once. TensorFlow need not be installed where another backend is chosen.
The same command resumes an interrupted run. The results and the record of the
run are left in --output.
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
from sanet_tf.utils.printing import printable

FLAGS = flags.FLAGS
# The default recipe, that of sanet_tf/recipes/ssa-cifar.flags.
SSA_NOTE = {
    "epochs": 200,
    "batch_size": 100,
    "decay_epochs": ["50", "100", "150"],
    "weight_decay": 5e-4,
}

check_network = training_flags.check  # for scripts that call this one
flags.adopt_module_key_flags(training_flags)
for name, value in SSA_NOTE.items():
    FLAGS.set_default(name, value)
with flag_help.group("data"):
    flags.DEFINE_enum(
        "dataset",
        "cifar10",
        ["cifar10", "cifar100", "folder", "digits"],
        "data set; folder: DIR/train/CLASS/*.jpg and DIR/val/CLASS/*.jpg",
    )
    flags.DEFINE_string("data_dir", None, "folder DIR of the data set")
    flags.DEFINE_bool("download", False, "let Keras download CIFAR")
    flags.DEFINE_integer(
        "image_size",
        32,
        "side in pixels of what the network sees",
        lower_bound=1,
    )
with flag_help.group("network"):
    flags.DEFINE_bool(
        "cifar_stem",
        None,
        "first convolution of stride 1, no pooling; none: with CIFAR, in the "
        "networks that have it",
    )


def main(arguments):
    cli.no_arguments(arguments)
    distribution = hardware_flags.distribution()
    recipe = recipe_flags.recipe()
    augmentation_flags.check()
    training_flags.check()
    check_source(FLAGS.dataset, FLAGS.data_dir)
    backends.load_backend(FLAGS.deterministic)
    with distribution:
        hardware_flags.check_step(distribution)
        _train(distribution, recipe)


def _train(distribution, recipe):
    from sanet_tf.data import load_arrays
    from sanet_tf.training.feeds import ArrayFeed
    from sanet_tf.training.results import write_results
    from sanet_tf.utils.device import gpu_name

    function = training_flags.network()
    arrays = load_arrays(
        FLAGS.dataset, FLAGS.data_dir, FLAGS.download, FLAGS.image_size
    )
    for line in arrays.warnings:
        print(f"warning: {printable(line)}")
    hardware_flags.set_precision(gpu_name() is not None)

    def build():
        return training_flags.build(
            function,
            FLAGS.image_size,
            len(arrays.class_names),
            **_stem(function),
        )

    feed = ArrayFeed(
        arrays,
        FLAGS.image_size,
        recipe.batch_size,
        shard=hardware_flags.shard(distribution),
        **augmentation_flags.feed_options(),
    )
    with training_flags.trainer(
        build, recipe, feed, arrays.class_names, distribution
    ) as trainer:
        trainer.train()
        if distribution.process == 0:
            write_results(trainer, lambda: {"data": _description(arrays)})


def _stem(function):
    from sanet_tf.training.trained import has_cifar_stem

    wanted = has_cifar_stem(function, FLAGS.dataset, FLAGS.cifar_stem)
    return {"cifar_stem": True} if wanted else {}


def _description(arrays):
    """What was learned from, without a path."""
    return {
        "name": FLAGS.dataset,
        "sha256": arrays.sha256(),
        "classes": len(arrays.class_names),
        "images": arrays.sizes,
        "image_size": FLAGS.image_size,
    }


if __name__ == "__main__":
    cli.run(main)
