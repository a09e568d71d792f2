"""What is asked of a network for a picture, as its supervision wants it."""

import dataclasses


def as_learned(pairs, supervision):
    """Pairs whose `high` is what a network is to learn.

    Args:
        pairs: list of `Pair`.
        supervision: one of `SUPERVISIONS`.

    Returns:
        A list of `Pair`: the truth of "pairs"; of "noise2noise" another noisy
        picture, where there is one that is not the truth; of "noise2void" the
        picture itself.
    """
    if supervision == "noise2void":
        return [dataclasses.replace(pair, high=pair.low) for pair in pairs]
    if supervision == "noise2noise":
        return [
            pair
            if pair.again is None
            else dataclasses.replace(pair, high=pair.again)
            for pair in pairs
        ]
    return list(pairs)
