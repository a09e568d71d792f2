"""Global self-attention (GSA): of content, plus of position, axis by axis.

Per head, with queries q, keys k, values v at the places (a, b) of a map:

    content     Q (softmax(K)^T V)     softmax over positions, each key channel
    columns     c[a, b] = sum_i (q[a, b]^T rc[i - a]) v[i, b]
    rows        p[a, b] = sum_j (q[a, b]^T rr[j - b]) n[a, j],  n = BatchNorm(c)
    output      content + p

Queries are not normalised, nothing is scaled by 1/sqrt(D), positions have no
softmax, and there is no output projection. The embeddings rc and rr of all
relative places are learned; heads share them.

Time O(N C D + N C (h + w)), memory O(N H (h + w)): no N x N. B batch, h and w
height and width, N = hw positions, C channels, H heads, D = C/H.

"Global Self-Attention Networks for Image Recognition" (arXiv 2010.03019).
That the content's keys and not its queries have the softmax, that heads share
embeddings, and the place of BatchNorm are read from the paper's figure 1 and
from public code. Departure: BatchNorm has its own statistics for each of the
C channels; some code shares them between heads.
"""

import numbers

import keras
from keras import ops

from sanet_tf.layers import masking, positions
from sanet_tf.layers.attention import AttentionLayer, project
from sanet_tf.layers.normalization import BatchNormalization


def attend_to_content(queries, keys, values, mask=None):
    """`Q (softmax(K)^T V)`, from `(B, H, N, D)` each to the same.

    `mask`, `(B, 1, N, 1)`, is true for the keys that count; None: all.
    """
    keys = masking.lower(keys, mask)
    return ops.matmul(queries, positions.softmax_mean(keys, values))


def attend_along(axis, queries, values, embeddings):
    """`c[a, b] = sum_i (q[a, b]^T r[i - a]) v[i, b]` for each head.

    Args:
        axis: 1 for columns, as above; 2 for rows.
        queries: `(B, h, w, C)`.
        values: `(B, h, w, C)`.
        embeddings: r, `(2 L - 1, D)` from `r[1 - L]` on; L is at least the
            length of the axis.

    Returns:
        `(B, h, w, C)`.
    """
    queries, values = (ops.moveaxis(x, axis, 0) for x in (queries, values))
    shape = ops.shape(queries)  # (h, B, w, C)
    lines = (shape[0], -1, embeddings.shape[-1])
    queries, values = (ops.reshape(x, lines) for x in (queries, values))
    places = ops.swapaxes(relative_places(embeddings, shape[0]), 1, 2)
    # Two products of equal batches: TensorFlow 2.21 on CPU is wrong, or
    # crashes, where some batches are broadcast.
    scores = ops.swapaxes(ops.matmul(queries, places), 0, 1)  # (BwH, h, h)
    outputs = ops.matmul(scores, ops.swapaxes(values, 0, 1))  # (BwH, h, D)
    outputs = ops.reshape(ops.swapaxes(outputs, 0, 1), shape)
    return ops.moveaxis(outputs, 0, axis)


def relative_places(embeddings, length):
    """`r[i - a]` for all a and i: `(2 L - 1, D)` to `(length, length, D)`.

    The rows of `r[1 - length]` to `r[length - 1]` and one more, written
    `length` times one behind the other, are cut into lines that are one
    shorter: each line begins one place earlier than the line before. A length
    beyond L, known only to a running graph, fails there: rows are missing.
    """
    count, dim = embeddings.shape
    first = (count + 1) // 2 - length
    near = embeddings[first : first + 2 * length - 1]
    repeated = ops.tile(ops.pad(near, ((0, 1), (0, 0))), (length, 1))
    lines = ops.reshape(repeated[:-length], (length, 2 * length - 1, dim))
    return lines[:, length - 1 :]


@keras.saving.register_keras_serializable("sanet_tf")
class GlobalSelfAttention(AttentionLayer):
    """Global self-attention module (GSA) for maps up to a size.

    Queries, keys and values are always projected, without bias.

    Args:
        num_heads: number of heads H; divides C.
        max_size: side, or height and width, of the largest map that the
            embeddings serve; None: that of the map at build.
        **kwargs: `use_batch_norm`, `gamma_initializer` and `seed` of
            `AttentionLayer`.

    Call arguments:
        inputs: `(B, height, width, C)`, height and width up to `max_size`;
            they may be unknown (None) if `max_size` is given.
        training: whether BatchNorm uses the statistics of the batch.
        mask: `(B, *spatial)`, true for the positions that count; None: all.

    Output:
        The shape of the input.

    Raises:
        ValueError: `max_size` is not of positive integers, or is missing for
            a map of unknown size; the map is larger; or as in
            `AttentionLayer`. A size that is known only to a running graph
            fails there, with an error of the backend.

    Reference:
        "Global Self-Attention Networks for Image Recognition" (arXiv
        2010.03019).
    """

    is_planar = True

    def __init__(
        self, num_heads: int = 8, *, max_size: int | None = None, **kwargs
    ):
        if kwargs.get("use_bias"):
            raise ValueError(
                "Global self-attention has no biases. Received: use_bias=True"
            )
        super().__init__(
            num_heads,
            use_query_projection=True,
            use_key_projection=True,
            use_value_projection=True,
            **kwargs,
        )
        self.max_size = _check_max_size(max_size)

    def build(self, inputs_shape, queries_shape=None):
        if queries_shape is not None:
            _refuse_queries()
        super().build(inputs_shape)
        self.largest_map = self._largest_map(inputs_shape)
        self._check_map(inputs_shape)
        height, width = self.largest_map
        head_dim = self.channels // self.num_heads
        self.column_embeddings = self._add_embeddings(
            "column_embeddings", height, head_dim, 3
        )
        self.row_embeddings = self._add_embeddings(
            "row_embeddings", width, head_dim, 4
        )
        self.column_norm = BatchNormalization(
            dtype=self.variable_dtype, name="column_norm"
        )
        self.column_norm.build(inputs_shape)

    def attend(self, inputs, queries, mask=None):
        if queries is not inputs:
            _refuse_queries()
        self._check_map(inputs.shape)
        queries, keys, values = (
            positions.widen(project(inputs, kernel))
            for kernel in (
                self.query_kernel,
                self.key_kernel,
                self.value_kernel,
            )
        )
        content = attend_to_content(
            *(
                positions.split_heads(positions.flatten(x), self.num_heads)
                for x in (queries, keys, values)
            ),
            None if mask is None else positions.flatten(mask)[:, None],
        )
        return positions.merge_heads(content) + positions.flatten(
            self._attend_to_places(queries, values, mask)
        )

    def get_config(self):
        config = super().get_config()
        for name in "query", "key", "value":
            del config[f"use_{name}_projection"]
        del config["use_bias"]
        return {**config, "max_size": self.max_size}

    def _attend_to_places(self, queries, values, mask):
        columns = self.column_norm(
            attend_along(1, queries, values, self.column_embeddings),
            mask=None if mask is None else mask[..., 0],
        )
        columns = masking.zero(columns, mask)
        return attend_along(2, queries, columns, self.row_embeddings)

    def _add_embeddings(self, name, size, dim, stream):
        """Random normal rows, of length one on average."""
        return self.add_weight(
            name=name,
            shape=(2 * size - 1, dim),
            initializer=keras.initializers.RandomNormal(
                stddev=dim**-0.5, seed=self.stream_seed(stream)
            ),
            autocast=False,
        )

    def _largest_map(self, input_shape):
        largest = self.max_size or tuple(input_shape[1:3])
        if isinstance(largest, int):
            return largest, largest
        if None in largest:
            raise ValueError(
                "`max_size` must be given for maps of unknown size. "
                f"Received: max_size=None, input_shape={tuple(input_shape)}"
            )
        return largest

    def _check_map(self, shape):
        """Known sizes only: an unknown one is checked when it is called."""
        sizes = zip(shape[1:3], self.largest_map, strict=True)
        if any(size is not None and size > limit for size, limit in sizes):
            raise ValueError(
                "The map must not be larger than `max_size`, or than the map "
                f"at build without it: {self.largest_map}. "
                f"Received: max_size={self.max_size}, "
                f"input_shape={tuple(shape)}"
            )


def _refuse_queries():
    raise ValueError(
        "`queries` must be None: GlobalSelfAttention knows the places of one "
        "map only."
    )


def _check_max_size(max_size):
    """None, an integer or a pair of integers, which JSON makes a list."""
    if max_size is None:
        return None
    is_pair = isinstance(max_size, (list, tuple))
    sizes = tuple(max_size) if is_pair else (max_size, max_size)
    whole = all(isinstance(s, numbers.Integral) and s > 0 for s in sizes)
    if len(sizes) != 2 or not whole:
        raise ValueError(
            "`max_size` must be a positive integer, (height, width) or None. "
            f"Received: max_size={max_size}"
        )
    sizes = tuple(map(int, sizes))
    return sizes if is_pair else sizes[0]
