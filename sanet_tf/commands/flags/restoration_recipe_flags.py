"""The flags of how a restoration network is trained."""

from absl import flags

from sanet_tf.commands.flags import flag_help
from sanet_tf.utils.errors import UserError

FLAGS = flags.FLAGS

with flag_help.group("recipe"):
    flags.DEFINE_integer("epochs", 100, "epochs of --steps_per_epoch", 1)
    flags.DEFINE_integer(
        "steps_per_epoch",
        None,
        "steps of an epoch; none: one pass over the patches",
        1,
    )
    flags.DEFINE_integer("batch_size", 16, "patches in a step", 1)
    flags.DEFINE_enum(
        "loss",
        None,
        ["mae", "mse"],
        "absolute or squared error, whose minimum has the highest PSNR; none: "
        "mae of --supervision=pairs, else mse",
    )
    flags.DEFINE_float("learning_rate", 4e-4, "learning rate of Adam", 0.0)
    flags.DEFINE_enum(
        "schedule",
        "plateau",
        ["plateau", "cosine"],
        "of the learning rate: halved where the loss rests, or a cosine to 0",
    )
    flags.DEFINE_integer(
        "warmup_steps", 0, "steps in which a cosine rises first", 0
    )
    flags.DEFINE_float(
        "clip_norm", 0.0, "highest norm of the gradient; 0: any", 0.0
    )
    flags.DEFINE_float(
        "ema_momentum",
        0.0,
        "momentum of a moving average of the weights, which then is saved; 0: "
        "none",
        0.0,
        0.99999,
    )
    flags.DEFINE_bool(
        "augment", False, "flip and turn the patches in their plane"
    )
    flags.DEFINE_integer(
        "seed", 0, "seed of the weights and the order of patches", 0
    )


def check():
    """Refuses flags of one schedule, or loss, beside another."""
    if FLAGS.loss and FLAGS.probabilistic:
        raise UserError(
            "--probabilistic has a loss of its own: leave out "
            f"--loss={FLAGS.loss}"
        )
    if FLAGS.warmup_steps and FLAGS.schedule != "cosine":
        raise UserError("--warmup_steps goes with --schedule=cosine")
    if FLAGS.decay_steps and FLAGS.schedule == "cosine":
        raise UserError("expected --schedule=cosine or --decay_steps, got both")
    is_other = FLAGS.decay_rate != FLAGS["decay_rate"].default
    if is_other and not FLAGS.decay_steps:
        raise UserError("--decay_rate goes with --decay_steps")


def fields():
    """The fields of a `SiameseConfig` that they are."""
    return {
        **({"train_loss": FLAGS.loss} if FLAGS.loss else {}),
        "train_epochs": FLAGS.epochs,
        "train_batch_size": FLAGS.batch_size,
        "train_learning_rate": FLAGS.learning_rate,
        "train_schedule": FLAGS.schedule,
        "train_warmup_steps": FLAGS.warmup_steps,
        "train_clip_norm": FLAGS.clip_norm,
        "train_ema_momentum": FLAGS.ema_momentum,
        "train_augment": FLAGS.augment,
    }
