"""The paper's operators as they are defined: loops over heads and pairs.

A definition is a function of the inputs `(B, *spatial, C)` and of a dict of
weights by name; a projection without weights is left out. B batch, N and M
positions of queries and keys, C channels, H heads, D = C/H.
"""

import numpy as np
from keras import ops

from . import relatives
from .backend import name_of


def siamese(
    inputs,
    weights,
    num_heads=1,
    use_global_term=True,
    use_qk_norm=False,
    queries=None,
):
    """`o_i = 1/N sum_j v_j (q_i + k_j)^T w`; `q_i^T w` without global term."""
    channels = (inputs if queries is None else queries).shape[-1]
    dim = channels // num_heads
    vectors = weights.get("score_weights", np.ones((dim, num_heads)))

    def attend(query, keys, values, head):
        output = np.zeros(dim)
        for key, value in zip(keys, values, strict=True):
            pair = query + key if use_global_term else query
            output += value * (pair @ vectors[:, head])
        return output / len(keys)

    if use_qk_norm:
        attend = _with_qk_norm(attend)
    return _multi_head(attend, inputs, weights, num_heads, queries=queries)


def scaled(inputs, weights, num_heads=1, use_qk_norm=False, queries=None):
    """`o_i = 1/N sum_j (q_i^T k_j) v_j`."""

    def attend(query, keys, values, head):
        pairs = zip(keys, values, strict=True)
        return sum((query @ key) * value for key, value in pairs) / len(keys)

    if use_qk_norm:
        attend = _with_qk_norm(attend)
    return _multi_head(attend, inputs, weights, num_heads, queries=queries)


def softmax(inputs, weights, num_heads=1, pool_size=1, queries=None):
    """`o_i = sum_j softmax_j(q_i^T k_j) v_j`, j over the pooled positions."""

    def attend(query, keys, values, head):
        exponents = [np.exp(query @ key) for key in keys]
        pairs = zip(exponents, values, strict=True)
        return sum(e * value for e, value in pairs) / sum(exponents)

    return _multi_head(attend, inputs, weights, num_heads, pool_size, queries)


def pooled(inputs, weights, num_heads=1, pool_size=2, queries=None):
    """Softmax attention to max-pooled keys and values."""
    return softmax(inputs, weights, num_heads, pool_size, queries)


QKV_DEFINITIONS = {
    "siamese": siamese,
    "softmax": softmax,
    "pooled": pooled,
    "scaled": scaled,
}
DEFINITIONS = {**QKV_DEFINITIONS, **relatives.DEFINITIONS}


def weights_of(layer):
    """The weights of a layer by name, as float64 arrays."""
    return {
        name_of(weight): ops.convert_to_numpy(weight).astype("float64")
        for weight in layer.weights
    }


def _multi_head(attend, inputs, weights, num_heads, pool_size=1, queries=None):
    """Calls `attend(query, keys, values, head)` for each query of a head."""
    asking = inputs if queries is None else queries
    outputs = np.zeros(asking.shape)
    heads = np.split(np.arange(asking.shape[-1]), num_heads)
    for sample, asker, output in zip(inputs, asking, outputs, strict=True):
        attended = _max_pool(sample, pool_size)
        attended = attended.reshape(-1, sample.shape[-1])  # (M, C)
        queries = _project(asker, weights, "query")
        keys = _project(attended, weights, "key")
        values = _project(attended, weights, "value")
        for position in np.ndindex(asker.shape[:-1]):
            for head, own in enumerate(heads):
                output[position][own] = attend(
                    queries[position][own], keys[:, own], values[:, own], head
                )
    return outputs


def _with_qk_norm(attend):
    """`attend` of q / rms(q) and k / rms(k), rms over a head's channels."""

    def normalized(vector):
        return vector / np.sqrt(np.mean(vector**2) + 1e-6)

    def attend_to_normalized(query, keys, values, head):
        keys = np.array([normalized(key) for key in keys])
        return attend(normalized(query), keys, values, head)

    return attend_to_normalized


def _max_pool(sample, pool_size):
    """Maxima of windows from the first position on, cut at the end."""
    sizes = np.array(sample.shape[:-1])
    counts = -(-sizes // pool_size)
    maxima = np.zeros((*counts, sample.shape[-1]))
    for corner in np.ndindex(*counts):
        starts = np.array(corner) * pool_size
        window = [slice(i, i + pool_size) for i in starts]
        maxima[corner] = np.max(sample[*window], axis=tuple(range(len(corner))))
    return maxima


def _project(inputs, weights, name):
    if f"{name}_kernel" not in weights:
        return inputs
    return inputs @ weights[f"{name}_kernel"] + weights.get(f"{name}_bias", 0)
