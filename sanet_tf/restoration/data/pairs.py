"""What every source of training data for restoration offers."""

import dataclasses
from typing import Any

from sanet_tf.restoration.data.channels import each


@dataclasses.dataclass(frozen=True)
class Pair:
    """Two pictures of one scene.

    Attributes:
        name: of the file, for messages.
        low: `ZYX` or `YX`; an array, or one that is read when it is asked for;
            or `Channels` of these, and so are the others then.
        high: the same shape; of a projection the plane `YX`. None if there
            is no truth.
        again: another noisy picture of the shape of `high`, or None.
    """

    name: str
    low: Any
    high: Any = None
    again: Any = None

    def part(self, at):
        """The part that an index of the last two axes takes of all."""
        return self.map(lambda picture: picture[at])

    def map(self, change):
        """The pair with a function's values in place of its pictures.

        Of `Channels` each is changed by itself.
        """
        return Pair(
            self.name,
            *(
                None if picture is None else each(change, picture)
                for picture in (self.low, self.high, self.again)
            ),
        )


@dataclasses.dataclass(frozen=True)
class TestPair:
    """One stack to measure with, raw: neither normalised nor cut into patches.

    Attributes:
        name: of the file, or of what was simulated.
        low: `ZYX` (or `YX`) of few photons; an array or one that is read when
            it is indexed; or `Channels` of these.
        high: the same of many photons; of a projection the plane `YX`. None
            if there is no truth.
    """

    __test__ = False  # pytest need not look for tests in it

    name: str
    low: Any
    high: Any


def as_stacks(pairs):
    """Pairs of a source as a tuple of `TestPair`."""
    return tuple(TestPair(pair.name, pair.low, pair.high) for pair in pairs)


@dataclasses.dataclass(frozen=True)
class RestorationData:
    """Patches to train and validate with, and stacks to test on.

    Attributes:
        axes: of one patch without channel, "ZYX" or "YX".
        train: X and Y, (n, *patch, C) float32, normalised by percentiles;
            of a projection Y has size 1 along Z, of "noise2void" it is None.
            What lies in a file is mapped into memory, and read where it is
            indexed.
        validation: as `train`.
        test: tuple of `TestPair`.
        validation_stacks: tuple of `TestPair` that the validation's patches
            are from; of published data, which have none, some of the patches.
        description: what it is, as JSON: seeds, sizes, checksums; no paths.
    """

    axes: str
    train: tuple
    validation: tuple
    test: tuple
    validation_stacks: tuple
    description: dict
