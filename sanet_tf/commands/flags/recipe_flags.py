"""The flags of `sanet_tf.training.recipe.Recipe`, one for each field."""

import dataclasses

from absl import flags

from sanet_tf.commands.flags import flag_help, flag_types
from sanet_tf.utils.errors import UserError

FLAGS = flags.FLAGS

with flag_help.group("recipe"):
    flags.DEFINE_integer(
        "epochs", 150, "passes over the training images", lower_bound=1
    )
    flags.DEFINE_integer(
        "batch_size", 640, "images in a step, over all devices", lower_bound=1
    )
    flags.DEFINE_enum(
        "optimizer",
        "sgd",
        ["sgd", "adamw", "lion", "muon"],
        "Keras's; muon takes adamw for all weights but matrices",
    )
    flags.DEFINE_float(
        "learning_rate", 0.1, "highest learning rate of the run", 0.0
    )
    flags.DEFINE_enum(
        "schedule",
        "steps",
        ["steps", "cosine", "flat_cosine", "onecycle"],
        "course of the learning rate: falls at --decay_epochs; half a cosine; "
        "one in the last quarter; rises in three tenths of the run, then falls",
    )
    flag_types.define_sizes(
        "decay_epochs",
        ["80", "105", "120"],
        "epochs after which --schedule=steps falls",
        example="80,105,120",
    )
    flags.DEFINE_float(
        "decay_rate", 0.1, "factor of each fall of --schedule=steps", 0.0
    )
    flags.DEFINE_integer(
        "warmup_epochs",
        0,
        "epochs in which the learning rate of --schedule=cosine or "
        "flat_cosine rises from zero",
        0,
    )
    flags.DEFINE_float(
        "momentum", 0.9, "momentum of --optimizer=sgd", 0.0, 0.999
    )
    flags.DEFINE_bool("nesterov", False, "Nesterov's momentum, with sgd")
    flags.DEFINE_float(
        "weight_decay",
        0.0,
        "coefficient of L2 with sgd, of decoupled decay with the others",
        0.0,
    )
    flags.DEFINE_list(
        "decay_exclude",
        ["gamma", "beta", "bias"],
        "weights without weight decay, by parts of their names",
    )
    flags.DEFINE_float(
        "label_smoothing",
        0.0,
        "share of each label that is spread over all classes",
        0.0,
        0.99,
    )
    flags.DEFINE_float(
        "clip_norm",
        0.0,
        "highest norm of the gradient of all weights together; 0: any",
        0.0,
    )
    flags.DEFINE_float(
        "ema_momentum",
        0.0,
        "momentum of the moving average of the weights that is evaluated; 0: "
        "the weights themselves",
        0.0,
        0.99999,
    )
    flags.DEFINE_integer(
        "accumulate_steps",
        1,
        "parts of a batch that are taken one after the other, to save memory",
        1,
    )

with flag_help.group("fine-tuning"):
    flags.DEFINE_float(
        "backbone_rate",
        None,
        "factor of the learning rate of all but the classifier; none: 1",
        lower_bound=0.0,
    )


def recipe():
    """The `sanet_tf.training.recipe.Recipe` of the flags.

    Raises:
        UserError: the parts do not divide the batch.
    """
    from sanet_tf.training.recipe import Recipe

    if FLAGS.batch_size % FLAGS.accumulate_steps:
        raise UserError(
            "expected a --batch_size that --accumulate_steps="
            f"{FLAGS.accumulate_steps} divides; got {FLAGS.batch_size}"
        )

    values = {
        field.name: FLAGS[field.name].value
        for field in dataclasses.fields(Recipe)
    }
    lists = {
        "decay_epochs": flag_types.numbers("decay_epochs") or (),
        "decay_exclude": tuple(FLAGS.decay_exclude),
    }
    return Recipe(**{**values, **lists})
