"""The flags of `sanet_tf.training.recipe.Recipe`, one for each field."""

import dataclasses

from absl import flags

from sanet_tf.utils.errors import UserError

FLAGS = flags.FLAGS

flags.DEFINE_integer("epochs", 150, "epochs", lower_bound=1)
flags.DEFINE_integer(
    "batch_size", 640, "images in a step, over all devices", lower_bound=1
)
flags.DEFINE_float("learning_rate", 0.1, "highest learning rate", 0.0)
flags.DEFINE_enum(
    "schedule",
    "steps",
    ["steps", "cosine", "flat_cosine", "onecycle"],
    "its course",
)
flags.DEFINE_list("decay_epochs", ["80", "105", "120"], "where steps fall")
flags.DEFINE_float("decay_rate", 0.1, "factor of each fall", 0.0)
flags.DEFINE_integer("warmup_epochs", 0, "warm-up of (flat) cosine", 0)
flags.DEFINE_enum(
    "optimizer",
    "sgd",
    ["sgd", "adamw", "lion", "muon"],
    "Keras's; muon takes adamw for all but matrices",
)
flags.DEFINE_float("momentum", 0.9, "momentum of SGD", 0.0, 0.999)
flags.DEFINE_bool("nesterov", False, "Nesterov momentum")
flags.DEFINE_float(
    "weight_decay", 0.0, "L2 of sgd, decoupled decay of the others", 0.0
)
flags.DEFINE_list(
    "decay_exclude",
    ["gamma", "beta", "bias"],
    "weights without decay, by parts of their names, such as depthwise",
)
flags.DEFINE_float("label_smoothing", 0.0, "label smoothing", 0.0, 0.99)
flags.DEFINE_float(
    "clip_norm", 0.0, "highest norm of the whole gradient; 0: any", 0.0
)
flags.DEFINE_float(
    "ema_momentum", 0.0, "moving average of the weights; 0: none", 0.0, 0.99999
)
flags.DEFINE_integer(
    "accumulate_steps", 1, "parts of a batch, one after the other", 1
)
flags.DEFINE_float(
    "backbone_rate",
    None,
    "factor of the learning rate of all but the classifier; default: 1",
    lower_bound=0.0,
)


def recipe():
    """The `sanet_tf.training.recipe.Recipe` of the flags."""
    from sanet_tf.training.recipe import Recipe

    values = {
        field.name: FLAGS[field.name].value
        for field in dataclasses.fields(Recipe)
    }
    lists = {
        "decay_epochs": _integers("decay_epochs"),
        "decay_exclude": tuple(FLAGS.decay_exclude),
    }
    return Recipe(**{**values, **lists})


def _integers(flag):
    try:
        return tuple(int(value) for value in FLAGS[flag].value)
    except ValueError as error:
        raise UserError(
            f"expected --{flag}=80,105,120, got {','.join(FLAGS[flag].value)}"
        ) from error
