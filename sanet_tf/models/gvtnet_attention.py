"""Attention of GVTNet: within a map, and from a finer to a coarser one."""

from keras import layers

from sanet_tf.layers import QKV_ATTENTION

ATTENTION_CONFIG = {
    "num_heads": 2,
    "use_key_projection": True,
    "use_value_projection": True,
    "use_bias": True,
}


def relu6(x, name):
    return layers.Activation("relu6", name=name)(x)


class GlobalVoxelAttention:
    """Makes the attention of a network.

    Args:
        name: a key of `QKV_ATTENTION`, or None: there is none.
        config: arguments of the operator over `ATTENTION_CONFIG`, or None.
        convolution: `Conv2D` or `Conv3D`.
    """

    def __init__(self, name, config, convolution):
        self.name, self.convolution = name, convolution
        self.config = {**ATTENTION_CONFIG, **(config or {})}

    def within(self, x, name):
        """The bottom: x and what is found at its own positions."""
        if self.name is None:
            return x
        active = relu6(x, f"{name}_relu")
        queries = self.convolution(x.shape[-1], 1, name=f"{name}_queries")(
            active
        )
        found = self._attend(active, queries, 1, name)
        return layers.Add(name=f"{name}_attention_skip")([x, found])

    def above(self, keys, queries, ratio, name):
        """An up-sampler: queries and what they find on the coarser grid.

        `ratio` is the number of queries for one key.
        """
        if self.name is None:
            return queries
        found = self._attend(keys, queries, ratio, name)
        return layers.Add(name=f"{name}_attention_skip")([queries, found])

    def _attend(self, keys, queries, ratio, name):
        channels = queries.shape[-1]
        operator = QKV_ATTENTION[self.name](
            **self.config, name=f"{name}_attention"
        )
        scale = 1 if self.name == "siamese" else channels / operator.num_heads
        scale = scale**-0.5 / (ratio if self.name == "scaled" else 1)
        if scale != 1:
            queries = layers.Rescaling(scale, name=f"{name}_scale")(queries)
        found = operator(keys, queries=queries)
        return self.convolution(channels, 1, name=f"{name}_found")(found)
