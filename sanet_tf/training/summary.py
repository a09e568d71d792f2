"""Numbers for TensorBoard, which TensorFlow alone can write."""

import keras

from sanet_tf.utils import files


def write_summary(folder, step, values):
    """Adds scalars to the event files; does nothing on other backends.

    Args:
        folder: path of the event files.
        step: number of the epoch.
        values: `{name: number}`; None is left out.

    Raises:
        UserError: the operating system refuses, such as on a full disk.
    """
    if keras.backend.backend() != "tensorflow":
        return
    import tensorflow as tf

    with (
        files.os_errors_as_user_errors(folder),
        tf.summary.create_file_writer(str(folder)).as_default(),
    ):
        for name, value in values.items():
            if value is not None:
                tf.summary.scalar(name, value, step=step)
