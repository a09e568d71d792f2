"""What is exported: a function of one tensor, and how to check its file."""

import dataclasses
import functools
import json
from collections.abc import Callable

import keras
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import (
    convert_variables_to_constants_v2,
)


@dataclasses.dataclass(frozen=True)
class Program:
    """A function of one tensor, and what the user of its file must know.

    Attributes:
        function: from a tensor like `input` to a tensor.
        model: the `keras.Model` in it.
        input: the `tf.TensorSpec` of its input, with a name.
        output: name of its output.
        trained: what `function` must give, by the network as it was
            trained: from a tensor to a tensor.
        random: arrays to compare both on.
        real: as `random`, of given pictures or stacks.
        about: entries of the manifest; see `sanet_tf.export.manifest`.
    """

    function: Callable
    model: keras.Model
    input: tf.TensorSpec
    output: str
    trained: Callable
    random: list
    real: list
    about: dict

    @property
    def metadata(self):
        """`about` as JSON of ASCII, which the files have in themselves."""
        return json.dumps(self.about)

    @functools.cached_property
    def reference(self):
        """`trained` as a function of NumPy arrays."""
        traced = self._traced(self.trained)  # ten times as fast as eagerly
        return lambda array: traced(tf.constant(array)).numpy()

    def freeze(self, finish=lambda tensor: tensor):
        """A `tf.function` to `{output: finish(tensor)}`, without variables."""
        frozen = convert_variables_to_constants_v2(
            self._traced(self.function).get_concrete_function()
        )
        return self._traced(
            lambda tensor: {self.output: finish(frozen(tensor)[0])}
        )

    def _traced(self, function):
        return tf.function(
            function, input_signature=[self.input], autograph=False
        )
