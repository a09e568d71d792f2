"""Precise BatchNorm: the statistics of inference, estimated anew.

BatchNorm's running averages lag behind weights that change, and were gathered
while these did. Here means and variances are those of many training images
under the weights as they are. In each batch every layer normalises by the
moments of the batch, as in training, so one pass serves all layers:

    mean = E_b mean_b,    variance = E_b (variance_b + mean_b^2) - mean^2

over batches b. It takes a forward pass over some thousand images.

Wu and Johnson, "Rethinking Batch in BatchNorm" (arXiv 2105.07576), section 3.
"""

import contextlib

import keras
import numpy as np

from sanet_tf.models.sublayers import sublayers


class PreciseBatchNorm:
    """Statistics of a network's BatchNorm layers, estimated when asked for.

    Args:
        model: a `keras.Model` on one device.
        num_images: images to estimate from; 0 leaves the running averages.
    """

    def __init__(self, model, num_images):
        self._model = model
        self._num_images = num_images
        self._layers = [
            layer
            for layer in sublayers(model)
            if isinstance(layer, keras.layers.BatchNormalization)
        ]
        self._known = None, None  # the last key, and its statistics

    @contextlib.contextmanager
    def applied(self, key, batches):
        """Puts the estimates in the place of the running averages for a while.

        Args:
            key: what tells the weights; the same one is not estimated twice.
            batches: function without arguments that gives the batches, tuples
                with the images first.
        """
        if not self._num_images:
            yield
            return
        running = self._read()
        if self._known[0] != key:
            try:
                self._known = key, self._estimate(batches())
            finally:
                self._assign(running)
        self._assign(self._known[1])
        try:
            yield
        finally:
            self._assign(running)

    def _estimate(self, batches):
        count, sums = 0, 0.0
        with self._without_memory():
            for images, *_ in batches:
                self._model(images, training=True)
                means, variances = np.split(self._read(), 2)
                moments = np.concatenate([means, variances + means**2])
                sums = sums + len(images) * moments
                count += len(images)
                if count >= self._num_images:
                    break
        means, squares = np.split(sums / count, 2)
        return np.concatenate([means, squares - means**2])

    @contextlib.contextmanager
    def _without_memory(self):
        """After a call the running averages are the moments of its batch."""
        momenta = [layer.momentum for layer in self._layers]
        for layer in self._layers:
            layer.momentum = 0.0
        try:
            yield
        finally:
            for layer, momentum in zip(self._layers, momenta, strict=True):
                layer.momentum = momentum

    def _variables(self):
        return [
            *(layer.moving_mean for layer in self._layers),
            *(layer.moving_variance for layer in self._layers),
        ]

    def _read(self):
        """Means, then variances of all layers, as one float64 vector."""
        values = map(keras.ops.convert_to_numpy, self._variables())
        return np.concatenate([np.float64(value) for value in values])

    def _assign(self, vector):
        variables = self._variables()
        ends = np.cumsum([variable.shape[0] for variable in variables])[:-1]
        for variable, part in zip(
            variables, np.split(vector, ends), strict=True
        ):
            variable.assign(part.astype("float32"))
