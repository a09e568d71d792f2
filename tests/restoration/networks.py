"""Small restoration networks to export, with weights that are not zero."""

from functools import partial

import keras
from csbdeep.models import CARE, Config, ProjectionCARE, ProjectionConfig

from sanet_tf.layers import QKV_ATTENTION
from sanet_tf.restoration import (
    SiameseCARE,
    SiameseConfig,
    SiameseProjectionCARE,
    SiameseProjectionConfig,
)
from tests.restoration.models import fill


def care():
    return _filled(CARE, Config("ZYX", unet_n_first=4))


def plane_care():
    return _filled(CARE, Config("YX", unet_n_first=4))


def probabilistic_care():
    config = Config("YX", 2, 2, probabilistic=True, unet_n_first=4)
    return _filled(CARE, config)


def projection_care():
    config = ProjectionConfig("ZYX", unet_n_first=4, proj_n_depth=2)
    return _filled(ProjectionCARE, config)


def attention_care(attention):
    config = SiameseConfig("ZYX", attention=attention, unet_n_first=4)
    return _filled(SiameseCARE, config)


def gvtnet_care():
    config = SiameseConfig("ZYX", unet="gvtnet", unet_n_first=4)
    return _filled(SiameseCARE, config)


def attention_projection_care():
    config = SiameseProjectionConfig("ZYX", unet_n_first=4, proj_n_depth=2)
    return _filled(SiameseProjectionCARE, config)


NETWORKS = {
    "care": care,
    "plane_care": plane_care,
    "probabilistic_care": probabilistic_care,
    "projection_care": projection_care,
    "attention_projection_care": attention_projection_care,
    "gvtnet_care": gvtnet_care,
    **{f"{name}_care": partial(attention_care, name) for name in QKV_ATTENTION},
}


def _filled(model_class, config):
    keras.utils.set_random_seed(1)
    return fill(model_class(config, basedir=None), spread=0.1)
