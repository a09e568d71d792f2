"""Seeds from seeds."""

import numpy as np


def derive_seed(*numbers):
    """A seed that other numbers, or the same in another order, do not give.

    Args:
        *numbers: non-negative integers, such as a seed and an epoch.

    Returns:
        An integer below 2**31.
    """
    state = np.random.SeedSequence(numbers).generate_state(1)[0]
    return int(state) >> 1
