"""Siamese attention: one scoring vector, shared by both ends of every pair.

Per head, with queries q, keys k, values v and the scoring vector w:

    o_i = 1/N sum_j v_j (q_i + k_j)^T w                   the definition
        = vbar (w^T q_i) + 1/N sum_j v_j (w^T k_j)        local + global term

Both terms use the values only through means over positions, so the value
projection acts after the mean, and w^T W_q and w^T W_k are folded into one
vector a head before they meet an input. What is computed is the rank form,
with a column of ones beside the H scores:

    M = 1/N [w^T k, 1]^T X        (H+1, C)  weighted means of the input
    R = M W_v, its blocks sorted  (H+1, C)  vbar for each head; global term
    O = [w^T q, 1] R              (N, C)    one matrix product

Time O(N H C), memory O(N C): no N x N and no N x C x C. B batch, N
positions, C channels, H heads, D = C/H.

Gao, Xie, Ji, "Siamese Attention Networks", Eq. 4-6; "w/o global term" is
Table 5, "w/o params" Table 7. Departure: with BatchNorm the mean over
positions is kept and normalised afterwards (appendix 2 replaces 1/N by
BatchNorm), so that the scale does not depend on N. With QK-norm q and k are
those of `sanet_tf.layers.qk_norm`.
"""

import keras
from keras import ops

from sanet_tf.layers import masking, positions
from sanet_tf.layers.base import AttentionLayer, project
from sanet_tf.layers.qk_norm import head_mask, inverse_rms


def siamese_attention(inputs, queries, keys=None, value_kernel=None, mask=None):
    """Attends with given scores, in the rank form.

    Args:
        inputs: `(B, N, C)`, float32 or wider.
        queries: scores w^T q, `(B, N, H)`.
        keys: scores w^T k, `(B, N, H)`; None leaves the global term out.
        value_kernel: `(C, C)`, or None for unprojected values.
        mask: booleans `(B, N, 1)`, true for the positions that count, where
            the others are zeros; None: all.

    Returns:
        `(B, N, C)`.
    """
    means = masking.rescale(weighted_means(inputs, keys), mask)
    return respond(queries, means, value_kernel)


def weighted_means(inputs, keys=None):
    """M: all that a position learns of the others.

    Args:
        inputs: `(B, N, C)`, float32 or wider.
        keys: scores `(B, N, H)`, or None without the global term.

    Returns:
        `(B, H+1, C)`, the unweighted mean last; without the global term it
        is the only row.
    """
    ones = ops.ones_like(inputs[..., :1])
    weights = ones if keys is None else ops.concatenate([keys, ones], axis=-1)
    return positions.mean_outer(weights, inputs)


def respond(queries, means, value_kernel=None):
    """O from the scores `(B, N, H)` and M `(B, H+1 or 1, C)`."""
    values = project(means, value_kernel)
    own = ops.transpose(
        head_mask(values.shape[-1], queries.shape[-1], values.dtype)
    )
    rows = values[:, -1:] * own
    if means.shape[1] > 1:
        shared = ops.sum(values[:, :-1] * own, axis=1, keepdims=True)
        rows = ops.concatenate([rows, shared], axis=1)
        ones = ops.ones_like(queries[..., :1])
        queries = ops.concatenate([queries, ones], axis=-1)
    return ops.matmul(queries, rows)


def respond_locally(queries, keys, values, local_mean):
    """The operator with a local mean in the place of each mean.

    Args:
        queries: scores `(B, *spatial, H)`.
        keys: scores `(B, *spatial, H)`, or None without the global term.
        values: `(B, *spatial, C)`.
        local_mean: function of `(B, *spatial, C)` that gives the same shape.

    Returns:
        `(B, *spatial, C)`.
    """
    own = ops.transpose(
        head_mask(values.shape[-1], queries.shape[-1], values.dtype)
    )
    outputs = ops.matmul(queries, own) * local_mean(values)
    if keys is not None:
        outputs += local_mean(ops.matmul(keys, own) * values)
    return outputs


@keras.saving.register_keras_serializable("sanet_tf")
class SiameseAttention(AttentionLayer):
    """Siamese attention operator (SAO): O(N C) in time and memory.

    Args:
        num_heads: number of heads H; divides C.
        use_query_projection: whether queries are projected.
        use_key_projection: whether keys are projected.
        use_value_projection: whether values are projected.
        use_batch_norm: whether the output is batch normalised, after the
            mean over positions.
        gamma_initializer: of BatchNorm's scale; see `AttentionLayer`.
        use_global_term: whether the term that all positions share is added.
        use_score_weights: whether the scoring vector w is trained; otherwise
            it is all ones and no weight is made.
        use_qk_norm: whether queries and keys are divided by their root mean
            square over the channels of a head (QK-norm, without weights), so
            that the output is of degree one in the input, not two. Projected
            queries or keys then cost N C^2, as they cannot be folded into w.
        seed: integer for repeatable initial weights (Glorot), or None.

    Call arguments:
        inputs: `(B, *spatial, C)`, one to three spatial axes, each of which
            may be unknown (None).
        training: whether BatchNorm uses the statistics of the batch.
        mask: `(B, *spatial)`, true for the positions that count; None: all.

    Output:
        The shape of the input.

    Raises:
        ValueError: `num_heads` is not a positive integer or does not divide
            C, the rank is below 3 or above 5, or C is unknown.

    Reference:
        Gao, Xie, Ji, "Siamese Attention Networks", Eq. 4-6.
    """

    def __init__(
        self,
        num_heads=1,
        *,
        use_global_term=True,
        use_score_weights=True,
        use_qk_norm=False,
        **kwargs,
    ):
        super().__init__(num_heads, **kwargs)
        self.use_global_term = use_global_term
        self.use_score_weights = use_score_weights
        self.use_qk_norm = use_qk_norm

    def build(self, input_shape):
        super().build(input_shape)
        self.channels = input_shape[-1]
        head_dim = self.channels // self.num_heads
        self.score_weights = (
            self.add_glorot_weight(
                "score_weights", (head_dim, self.num_heads), 3
            )
            if self.use_score_weights
            else None
        )

    def attend(self, inputs, mask=None):
        inputs = positions.widen(positions.flatten(inputs))
        return siamese_attention(
            inputs, *self.scores(inputs), self.value_kernel, mask
        )

    def statistics(self, inputs):
        """The means of `weighted_means`, `(B, H+1 or 1, C)`."""
        inputs = positions.widen(positions.flatten(inputs))
        _, keys = self.scores(inputs)
        return weighted_means(inputs, keys)

    def attend_with(self, inputs, statistics):
        """`attend` with the means of other inputs, such as a whole volume."""
        inputs = positions.widen(positions.flatten(inputs))
        queries, _ = self.scores(inputs)
        return respond(queries, statistics, self.value_kernel)

    def attend_locally(self, inputs, local_mean):
        """`attend` with local means; see `respond_locally`."""
        inputs = positions.widen(inputs)
        queries, keys = self.scores(inputs)
        values = project(inputs, self.value_kernel)
        outputs = respond_locally(queries, keys, values, local_mean)
        return positions.flatten(outputs)

    def get_config(self):
        return {
            **super().get_config(),
            "use_global_term": self.use_global_term,
            "use_score_weights": self.use_score_weights,
            "use_qk_norm": self.use_qk_norm,
        }

    def scores(self, inputs):
        """Scores of queries and keys; None for keys without global term.

        Args:
            inputs: `(B, *positions, C)`, float32 or wider.

        Returns:
            Two `(B, *positions, H)`, the same where neither is projected.
        """
        query_vectors, key_vectors = self.score_vectors()
        queries = self._scores(inputs, query_vectors, self.query_kernel)
        if key_vectors is None:
            return queries, None
        if key_vectors is query_vectors:
            return queries, queries
        return queries, self._scores(inputs, key_vectors, self.key_kernel)

    def _scores(self, inputs, vectors, kernel):
        scores = ops.matmul(inputs, vectors)
        if not self.use_qk_norm:
            return scores
        return scores * inverse_rms(project(inputs, kernel), self.num_heads)

    def score_vectors(self):
        """Vectors `(C, H)` of queries and keys; None without global term."""
        query_vectors = self._score_vectors(self.query_kernel)
        if not self.use_global_term:
            return query_vectors, None
        if self.query_kernel is self.key_kernel:  # neither is projected
            return query_vectors, query_vectors
        return query_vectors, self._score_vectors(self.key_kernel)

    def _score_vectors(self, kernel):
        """`(C, H)`: each head's w, through its block of the projection."""
        vectors = head_mask(self.channels, self.num_heads, self.compute_dtype)
        if self.score_weights is not None:
            vectors *= ops.tile(self.score_weights, (self.num_heads, 1))
        return vectors if kernel is None else ops.matmul(kernel, vectors)
