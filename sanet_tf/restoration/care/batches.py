"""Batches of patches in a repeatable order."""

import numpy as np
from csbdeep.internals.train import RollingSequence

from sanet_tf.utils.seeds import derive_seed


class Batches(RollingSequence):
    """Batches of patches in an order that the seed decides.

    Args:
        X: array-like of patches.
        Y: the true patches.
        batch_size: patches in a batch.
        length: number of batches.
        augmenter: function of a pair of patches, or None.
        seed: integer.
        first: number of the first batch in that order.
    """

    def __init__(self, X, Y, batch_size, length, augmenter, seed, first=0):
        super().__init__(len(X), batch_size, length)
        self.X, self.Y, self.augmenter, self.seed = X, Y, augmenter, seed
        self.first = first

    def _index(self, loop):
        seed = derive_seed(self.seed, loop)
        return np.random.default_rng(seed).permutation(self.data_size)

    def __getitem__(self, i):
        order = self.batch(self.first + i)
        X, Y = self.X[order], self.Y[order]
        if self.augmenter is None:
            return X, Y
        pairs = [self.augmenter(x, y) for x, y in zip(X, Y, strict=True)]
        return tuple(np.stack(side) for side in zip(*pairs, strict=True))
