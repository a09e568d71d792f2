"""Stacks of which only the shape matters."""

import numpy as np


def stack(*shape):
    return np.ones(shape)
