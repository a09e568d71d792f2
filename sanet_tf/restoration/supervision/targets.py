"""What is asked of a network for a picture, as its supervision wants it."""

import dataclasses

from sanet_tf.utils.errors import UserError

PUBLISHED = ("planaria", "tribolium", "flywing")


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


def check(dataset, task, supervision):
    """Refuses what has no meaning together.

    Raises:
        UserError: and why.
    """
    if supervision == "noise2void" and task != "denoise":
        raise UserError(
            "--supervision=noise2void is for --task=denoise: a voxel of the "
            f"picture itself is asked for; got --task={task}"
        )
    if dataset in PUBLISHED and supervision == "noise2noise":
        raise UserError(
            f"--dataset={dataset} has clean pictures and no second noisy ones: "
            "expected --supervision=pairs or noise2void"
        )
    if dataset == "stacks" and supervision == "pairs":
        raise UserError(
            "--dataset=stacks has no clean pictures: expected "
            "--supervision=noise2void, or noise2noise of series"
        )
