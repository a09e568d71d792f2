"""Several channels of one scene, which a network takes and gives together.

What is asked of them is asked of each: their shape is that of one channel, and
an index takes a part of each. So such pictures are split and cut as those of
one channel are, and their channels stay together.
"""

import dataclasses

import numpy as np

from sanet_tf.utils.errors import UserError


class Channels:
    """Channels of one picture, side by side.

    `numpy.asarray` reads them all, as `(C, *shape)`.

    Args:
        named: `{name: array-like}` of one shape, such as "channel 0".

    Attributes:
        named: the same.
        shape: of one channel.
        ndim: of one channel.
        dtype: of one channel.
    """

    def __init__(self, named):
        self.named = dict(named)
        first = next(iter(self.named.values()))
        self.shape, self.ndim = tuple(first.shape), first.ndim
        self.dtype = first.dtype

    def __getitem__(self, key):
        return each(lambda channel: channel[key], self)

    def __array__(self, dtype=None, copy=None):
        stack = np.stack([*map(np.asarray, self.named.values())])
        return stack.astype(dtype or stack.dtype, copy=False)


def each(change, picture):
    """A function's value of a picture; of `Channels` its values of each."""
    if isinstance(picture, Channels):
        return Channels({n: change(own) for n, own in picture.named.items()})
    return change(picture)


def channels_of(picture):
    """A list of the channels; of a picture that has one, the picture."""
    if isinstance(picture, Channels):
        return [*picture.named.values()]
    return [picture]


def single_channels(pair):
    """A pair of each channel, named by it; of one channel the pair itself.

    Args:
        pair: a `Pair` or a `TestPair`.
    """
    if not isinstance(pair.low, Channels):
        return [pair]
    pictures = {
        side: picture
        for side, picture in vars(pair).items()
        if isinstance(picture, Channels)
    }
    return [
        dataclasses.replace(
            pair,
            name=f"{name}/{pair.name}",
            **{side: own.named[name] for side, own in pictures.items()},
        )
        for name in pair.low.named
    ]


def check_alike(pairs):
    """Refuses pairs that have not all as many channels.

    Args:
        pairs: list of `Pair`.

    Raises:
        UserError: two have not; they are named.
    """
    first = pairs[0]
    expected = len(channels_of(first.low))
    for pair in pairs:
        for side, stack in (("", pair.low), ("the truth of ", pair.high)):
            found = len(channels_of(stack))
            if stack is not None and found != expected:
                raise UserError(
                    f"{side}{pair.name} has {found} channels, {first.name} "
                    f"{expected}; --joint_channels wants as many in all stacks"
                )
