"""The relatives of the paper's operators as they are defined.

A definition is a function of the inputs `(B, *spatial, C)` and of a dict of
weights by name. BatchNorm is that of inference.
"""

import numpy as np

EPSILON = 1e-5  # of all normalisations


def gsa(inputs, weights, num_heads=8):
    """Content, and columns then rows: two loops over pairs of places."""
    outputs = np.zeros(inputs.shape)
    for sample, output in zip(inputs, outputs, strict=True):
        queries, keys, values = (
            sample @ weights[f"{name}_kernel"]
            for name in ("query", "key", "value")
        )
        heads = np.split(np.arange(sample.shape[-1]), num_heads)
        columns = _columns(queries, values, weights["column_embeddings"], heads)
        columns = _batch_norm(columns, weights, "column_norm")
        rows = _rows(queries, columns, weights["row_embeddings"], heads)
        output += _content(queries, keys, values, heads) + rows
    return outputs


def ssa(inputs, weights):
    """`sigmoid(BatchNorm(sum_i c_i X_i)) X`, c the means of the channels."""
    outputs = np.zeros(inputs.shape)
    for sample, output in zip(inputs, outputs, strict=True):
        squashed = _average(sample)
        for place in np.ndindex(sample.shape[:-1]):
            score = np.array([sum(squashed * sample[place])])
            gate = _sigmoid(_batch_norm(score, weights, "batch_norm"))
            output[place] = gate * sample[place]
    return outputs


def se(inputs, weights):
    """`sigmoid(W2 relu(W1 xbar + b1) + b2) x`."""
    outputs = np.zeros(inputs.shape)
    for sample, output in zip(inputs, outputs, strict=True):
        hidden = np.maximum(_convolve(_average(sample), weights, "reduce"), 0)
        output[:] = sample * _sigmoid(_convolve(hidden, weights, "expand"))
    return outputs


def gc(inputs, weights):
    """`x + W2 relu(LayerNorm(W1 g + b1)) + b2`, g with a softmax."""
    outputs = np.zeros(inputs.shape)
    for sample, output in zip(inputs, outputs, strict=True):
        context, total = np.zeros(sample.shape[-1]), 0
        for place in np.ndindex(sample.shape[:-1]):
            weight = np.exp(_convolve(sample[place], weights, "key"))
            context += weight * sample[place]
            total += weight
        hidden = _convolve(context / total, weights, "reduce")
        hidden = _normalise(hidden, hidden.mean(), hidden.var())
        hidden = hidden * weights["layer_norm/gamma"]
        hidden = np.maximum(hidden + weights["layer_norm/beta"], 0)
        output[:] = sample + _convolve(hidden, weights, "expand")
    return outputs


def ca(inputs, weights):
    """Each position by the gates of its row and of its column."""

    def gates(pooled, name):
        hidden = _convolve(pooled, weights, "reduce")
        hidden = _batch_norm(hidden, weights, "batch_norm")
        hidden *= np.clip(hidden + 3, 0, 6) / 6
        return _sigmoid(_convolve(hidden, weights, name))

    outputs = np.zeros(inputs.shape)
    for sample, output in zip(inputs, outputs, strict=True):
        for a, b in np.ndindex(sample.shape[:-1]):
            row, column = sample[a].mean(0), sample[:, b].mean(0)
            both = gates(row, "row") * gates(column, "column")
            output[a, b] = both * sample[a, b]
    return outputs


DEFINITIONS = {"gsa": gsa, "ssa": ssa, "se": se, "gc": gc, "ca": ca}


def _content(queries, keys, values, heads):
    """`Q (softmax(K)^T V)`, the softmax over positions."""
    outputs = np.zeros(values.shape)
    for own in heads:
        products, totals = np.zeros((len(own), len(own))), np.zeros(len(own))
        for place in np.ndindex(values.shape[:-1]):
            exponents = np.exp(keys[place][own])
            products += np.outer(exponents, values[place][own])
            totals += exponents
        for place in np.ndindex(values.shape[:-1]):
            outputs[place][own] = (queries[place][own] / totals) @ products
    return outputs


def _columns(queries, values, embeddings, heads):
    """`c[a, b] = sum_i (q[a, b]^T r[i - a]) v[i, b]`."""
    outputs = np.zeros(values.shape)
    middle = len(embeddings) // 2  # r[0]
    for a, b in np.ndindex(values.shape[:-1]):
        for i in range(values.shape[0]):
            for own in heads:
                score = queries[a, b, own] @ embeddings[middle + i - a]
                outputs[a, b, own] += score * values[i, b, own]
    return outputs


def _rows(queries, values, embeddings, heads):
    """`p[a, b] = sum_j (q[a, b]^T r[j - b]) v[a, j]`."""
    outputs = np.zeros(values.shape)
    middle = len(embeddings) // 2
    for a, b in np.ndindex(values.shape[:-1]):
        for j in range(values.shape[1]):
            for own in heads:
                score = queries[a, b, own] @ embeddings[middle + j - b]
                outputs[a, b, own] += score * values[a, j, own]
    return outputs


def _average(sample):
    return sample.reshape(-1, sample.shape[-1]).mean(0)


def _convolve(inputs, weights, name):
    return inputs @ weights[f"{name}_kernel"] + weights[f"{name}_bias"]


def _batch_norm(inputs, weights, name):
    mean, variance = (
        weights[f"{name}/moving_{statistic}"]
        for statistic in ("mean", "variance")
    )
    normalised = _normalise(inputs, mean, variance)
    return normalised * weights[f"{name}/gamma"] + weights[f"{name}/beta"]


def _normalise(inputs, mean, variance):
    return (inputs - mean) / np.sqrt(variance + EPSILON)


def _sigmoid(inputs):
    return 1 / (1 + np.exp(-inputs))
