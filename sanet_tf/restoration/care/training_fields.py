"""Fields of a configuration that training has beside csbdeep's."""

import math

from sanet_tf.restoration.supervision.blind_spots import MANIPULATORS

LARGEST_NEIGHBORHOOD = 16  # voxels on each side of a blind spot
SCHEDULES = ("plateau", "cosine")


def _is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


# What may be the value of each field that training has beside csbdeep's.
TRAINING = {
    "train_augment": lambda value: isinstance(value, bool),
    "train_schedule": lambda value: value in SCHEDULES,
    "train_warmup_steps": lambda value: (
        isinstance(value, int) and _is_number(value) and value >= 0
    ),
    "train_clip_norm": lambda value: (
        _is_number(value) and 0 <= value < math.inf
    ),
    "train_ema_momentum": lambda value: _is_number(value) and 0 <= value < 1,
    "train_beta_1": lambda value: _is_number(value) and 0 <= value < 1,
    "train_decay_steps": lambda value: (
        value is None or (type(value) is int and value > 0)
    ),
    "train_decay_rate": lambda value: _is_number(value) and 0 <= value <= 1,
    "n2v_perc_pix": lambda value: _is_number(value) and 0 < value <= 25,
    "n2v_neighborhood_radius": lambda value: (
        type(value) is int and 0 < value <= LARGEST_NEIGHBORHOOD
    ),
    "n2v_manipulator": lambda value: value in MANIPULATORS,
}

# What differs from csbdeep's defaults. The least squared error has its minimum
# where the mean is, and a network with a skip around it hands on the noise of
# what it sees: Noise2Void and N2V2 have neither that nor kernels of 5.
SUPERVISED = {
    "pairs": {},
    "noise2noise": {"train_loss": "mse"},
    "noise2void": {
        "train_loss": "mse",
        "unet_residual": False,
        "unet_kern_size": 3,
    },
}
