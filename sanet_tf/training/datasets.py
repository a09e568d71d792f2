"""Batches as TensorFlow takes them without waiting at the end of an epoch.

tf.data's autotuning has a thread that sleeps for as long as it has worked, up
to a minute. At its end a dataset wakes this thread before it says that there
is nothing left to do; on a busy machine the thread then goes back to sleep,
and the dataset waits for it (seen with TensorFlow 2.21: 60 seconds in about
half of the epochs). Without autotuning there is no such thread.
"""

import keras


def as_dataset(batches):
    """What `fit` and `evaluate` take; on other backends the same as before.

    Args:
        batches: a `keras.utils.PyDataset` of tuples of arrays, or a
            `tf.data.Dataset`.

    Returns:
        On TensorFlow a `tf.data.Dataset` that is not autotuned.
    """
    if keras.backend.backend() != "tensorflow":
        return batches
    import tensorflow as tf

    if not isinstance(batches, tf.data.Dataset):
        batches = _from_batches(batches)
    options = tf.data.Options()
    options.autotune.enabled = False
    return batches.with_options(options)


def _from_batches(batches):
    """A dataset that makes one batch while another is trained on."""
    import tensorflow as tf

    first = batches[0]
    signature = tuple(
        tf.TensorSpec([None, *array.shape[1:]], array.dtype) for array in first
    )

    def generate():
        yield first
        for number in range(1, len(batches)):
            yield batches[number]

    dataset = tf.data.Dataset.from_generator(
        generate, output_signature=signature
    )
    known = tf.data.experimental.assert_cardinality(len(batches))
    return dataset.apply(known).prefetch(1)
