"""The flags of a training that begins with another run's weights."""

from absl import flags

from sanet_tf.commands.flags import flag_help

FLAGS = flags.FLAGS

with flag_help.group("fine-tuning"):
    flags.DEFINE_string(
        "init_from",
        None,
        "folder of a run of `sanet train` whose weights are the first ones",
    )
    flags.DEFINE_list(
        "freeze",
        None,
        "parts of the network that are not trained, such as stem,stage1",
    )


def fine_tune(model, class_names, output):
    """The `Transfer` of --init_from, unless a run has weights to resume."""
    from pathlib import Path

    from sanet_tf.training.fine_tuning import freeze, transfer
    from sanet_tf.training.run_directory import CHECKPOINT
    from sanet_tf.training.trained import load_trained

    loaded = None
    resumes = (Path(output) / CHECKPOINT).exists()
    if FLAGS.init_from and not resumes:
        loaded = transfer(load_trained(FLAGS.init_from), model, class_names)
        print(loaded)
    if FLAGS.freeze:
        print(f"{freeze(model, FLAGS.freeze)} layers are frozen")
    return loaded
