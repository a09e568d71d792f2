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
positions, C channels, H heads, D = C/H. With queries of another map the means
are over the M positions of keys and values, and the time is O((N + M) H C).

Gao, Xie, Ji, "Siamese Attention Networks", Eq. 4-6; "w/o global term" is
Table 5, "w/o params" Table 7. Departure: with BatchNorm the mean over
positions is kept and normalised afterwards (appendix 2 replaces 1/N by
BatchNorm), so that the scale does not depend on N. With QK-norm q and k are
those of `sanet_tf.layers.qk_norm`.
"""

import keras
from keras import ops

from sanet_tf.layers import masking, positions, windows
from sanet_tf.layers.attention import AttentionLayer, project
from sanet_tf.layers.qk_norm import head_mask, inverse_rms


def siamese_attention(inputs, queries, keys=None, value_kernel=None, mask=None):
    """Attends with given scores, in the rank form.

    Args:
        inputs: of keys and values, `(B, M, C in)`, float32 or wider.
        queries: scores w^T q, `(B, N, H)`; N is M where they are of the inputs.
        keys: scores w^T k, `(B, M, H)`; None leaves the global term out.
        value_kernel: `(C in, C)`, or None for unprojected values.
        mask: booleans `(B, M, 1)`, true for the positions that count, where
            the others are zeros; None: all.

    Returns:
        `(B, N, C)`.
    """
    means = masking.rescale(weighted_means(inputs, keys), mask)
    return attend_to_means(queries, means, value_kernel)


def weighted_means(inputs, keys=None):
    """M: all that a position learns of the others.

    Args:
        inputs: `(B, M, C in)`, float32 or wider.
        keys: scores `(B, M, H)`, or None without the global term.

    Returns:
        `(B, H+1, C in)`, the unweighted mean last; without the global term
        it is the only row.
    """
    ones = ops.ones_like(inputs[..., :1])
    weights = ones if keys is None else ops.concatenate([keys, ones], axis=-1)
    return positions.mean_outer(weights, inputs)


def attend_to_means(queries, means, value_kernel=None):
    """O from the scores `(B, N, H)` and M `(B, H+1 or 1, C in)`."""
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


@keras.saving.register_keras_serializable("sanet_tf")
class SiameseAttention(AttentionLayer):
    """Siamese attention operator (SAO): O(N C) in time and memory.

    Call arguments, shapes and errors are those of `AttentionLayer`. With
    queries of another map, N positions to M, it is O((N + M) C).

    Args:
        num_heads: number of heads H; divides C.
        use_global_term: whether the term that all positions share is added.
        use_score_weights: whether the scoring vector w is trained; otherwise
            it is all ones and no weight is made.
        use_qk_norm: whether queries and keys are divided by their root mean
            square over the channels of a head (QK-norm, without weights), so
            that the output is of degree one in the input, not two. Projected
            queries or keys then cost N C^2, as they cannot be folded into w.
        **kwargs: the other arguments of `AttentionLayer`.

    Reference:
        Gao, Xie, Ji, "Siamese Attention Networks", Eq. 4-6.
    """

    def __init__(
        self,
        num_heads: int = 1,
        *,
        use_global_term: bool = True,
        use_score_weights: bool = True,
        use_qk_norm: bool = False,
        **kwargs,
    ):
        super().__init__(num_heads, **kwargs)
        self.use_global_term = use_global_term
        self.use_score_weights = use_score_weights
        self.use_qk_norm = use_qk_norm

    def build(self, inputs_shape, queries_shape=None):
        super().build(inputs_shape, queries_shape)
        self.score_weights = (
            self.add_glorot_weight(
                "score_weights",
                (self.channels // self.num_heads, self.num_heads),
                3,
            )
            if self.use_score_weights
            else None
        )

    def attend(self, inputs, queries, mask=None):
        flat = positions.widen(positions.flatten(inputs))
        key_scores = self.key_scores(flat)
        is_shared = queries is inputs and self._scores_are_shared()
        return siamese_attention(
            self._affine(flat, mask),
            key_scores if is_shared else self._flat_query_scores(queries),
            key_scores,
            self.value_matrix(),
            mask,
        )

    def means(self, inputs):
        """M of `weighted_means`, `(B, H+1 or 1, C in)`.

        With biases there is one channel more, of ones.
        """
        flat = positions.widen(positions.flatten(inputs))
        return weighted_means(self._affine(flat), self.key_scores(flat))

    def compute_means_shape(self, inputs_shape):
        """Shape of `means(inputs)`."""
        rows = self.num_heads + 1 if self.use_global_term else 1
        extra = self.value_bias is not None
        return inputs_shape[0], rows, inputs_shape[-1] + extra

    def attend_to_means(self, queries, means):
        """`attend` with the means of other inputs, such as a whole volume."""
        scores = self._flat_query_scores(queries)
        return attend_to_means(scores, means, self.value_matrix())

    def attend_locally(self, inputs, queries, window):
        """`attend` with means over the window of the position's key."""
        wide = positions.widen(inputs)
        values = project(wide, self.value_kernel, self.value_bias)
        own = ops.transpose(
            head_mask(self.channels, self.num_heads, values.dtype)
        )

        def mean(values):
            means = windows.local_mean(values, window)
            return windows.repeat_to(means, queries)

        scores = self.query_scores(positions.widen(queries))
        outputs = ops.matmul(scores, own) * mean(values)
        scores = self.key_scores(wide)
        if scores is not None:
            outputs += mean(ops.matmul(scores, own) * values)
        return positions.flatten(outputs)

    def get_config(self):
        return {
            **super().get_config(),
            "use_global_term": self.use_global_term,
            "use_score_weights": self.use_score_weights,
            "use_qk_norm": self.use_qk_norm,
        }

    def query_scores(self, queries):
        """w^T q: `(B, *positions, C)`, float32 or wider, to `(.., H)`."""
        return self._scores(queries, self.query_kernel, self.query_bias)

    def key_scores(self, inputs):
        """w^T k, like `query_scores`; None without the global term."""
        if not self.use_global_term:
            return None
        return self._scores(inputs, self.key_kernel, self.key_bias)

    def score_vectors(self):
        """Vectors `(C, H)` of queries and keys; None without global term."""
        query_vectors = self._score_vectors(self.query_kernel)
        if not self.use_global_term:
            return query_vectors, None
        if self._scores_are_shared():
            return query_vectors, query_vectors
        return query_vectors, self._score_vectors(self.key_kernel)

    def _scores_are_shared(self):
        """Whether a map has the same scores as queries and as keys."""
        is_projected = self.use_query_projection or self.use_key_projection
        return self.use_global_term and not is_projected

    def _flat_query_scores(self, queries):
        return self.query_scores(positions.widen(positions.flatten(queries)))

    def _scores(self, inputs, kernel, bias):
        scores = ops.matmul(inputs, self._score_vectors(kernel))
        if bias is not None:
            shift = ops.matmul(bias[None], self._score_vectors())
            scores = scores + positions.widen(shift)
        if not self.use_qk_norm:
            return scores
        return scores * inverse_rms(
            project(inputs, kernel, bias), self.num_heads
        )

    def _score_vectors(self, kernel=None):
        """`(C, H)`: each head's w, through its block of the projection."""
        vectors = head_mask(self.channels, self.num_heads, self.compute_dtype)
        if self.score_weights is not None:
            weights = ops.tile(self.score_weights, (self.num_heads, 1))
            vectors = ops.multiply(vectors, weights)
        return vectors if kernel is None else ops.matmul(kernel, vectors)

    def _affine(self, inputs, mask=None):
        """The inputs, and a one beside them where the values have a bias."""
        if self.value_bias is None:
            return inputs
        ones = ops.ones_like(inputs[..., :1])
        ones = masking.zero(ones, masking.flatten(mask))
        return ops.concatenate([inputs, ones], axis=-1)

    def value_matrix(self):
        """The value projection of `_affine`, or None."""
        if self.value_bias is None:
            return self.value_kernel
        rows = [self.value_kernel, self.value_bias[None]]
        return ops.concatenate(rows, axis=0)
