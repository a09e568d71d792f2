"""Batches of patches in a repeatable order."""

import numpy as np
from csbdeep.internals.train import RollingSequence

from sanet_tf.restoration.care.augmentation import turn
from sanet_tf.restoration.supervision.blind_spots import blinded
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
        turns: whether pairs are flipped and turned, as the seed decides.
        blind_spots: a `BlindSpots`, if Y is X; or None.
    """

    def __init__(
        self,
        X,
        Y,
        batch_size,
        length,
        augmenter,
        seed,
        first=0,
        turns=False,
        blind_spots=None,
    ):
        super().__init__(len(X), batch_size, length)
        self.X, self.Y, self.augmenter, self.seed = X, Y, augmenter, seed
        self.first, self.turns, self.blind_spots = first, turns, blind_spots

    def _index(self, loop):
        seed = derive_seed(self.seed, loop)
        return np.random.default_rng(seed).permutation(self.data_size)

    def __getitem__(self, i):
        order = self.batch(self.first + i)
        X, Y = self._augmented(self.X[order], self.Y[order], i)
        if self.blind_spots is not None:
            return blinded(X, self.blind_spots, self._generator(i, 2))
        return X, Y

    def _augmented(self, X, Y, i):
        if not self.turns and self.augmenter is None:
            return X, Y
        pairs = list(zip(X, Y, strict=True))
        if self.turns:
            rng = self._generator(i, 1)
            pairs = [turn(x, y, rng) for x, y in pairs]
        if self.augmenter is not None:
            pairs = [self.augmenter(x, y) for x, y in pairs]
        return tuple(np.stack(side) for side in zip(*pairs, strict=True))

    def _generator(self, i, purpose):
        seed = derive_seed(self.seed, self.first + i, purpose)
        return np.random.default_rng(seed)
