"""Networks: functions that return a `keras.Model`, and their table."""

from functools import partial

from sanet_tf.models.mobilenet_v2 import MobileNetV2
from sanet_tf.models.predictions import decode_predictions, preprocess_input
from sanet_tf.models.sanet import SANet
from sanet_tf.models.unet import DenoisingUNet, ProjectionUNet


def _sanet(name, **arguments):
    return partial(SANet, name=name, **arguments)


MODELS = {
    "sanet": SANet,
    "attnnet": _sanet("attnnet", attention="softmax"),
    "attnnet_pool": _sanet("attnnet_pool", attention="pooled"),
    "attnnet_scaled": _sanet("attnnet_scaled", attention="scaled"),
    "sanet_no_attention": _sanet("sanet_no_attention", attention=None),
    "sanet_no_global_term": _sanet(
        "sanet_no_global_term", attention_config={"use_global_term": False}
    ),
    "sanet_no_score_weights": _sanet(
        "sanet_no_score_weights", attention_config={"use_score_weights": False}
    ),
    "mobilenet_v2": MobileNetV2,
    "mobilenet_v2_sao": partial(
        MobileNetV2, attention="siamese", name="mobilenet_v2_sao"
    ),
}

# Restoration, Table 6: from a volume to a volume, or from a stack to a plane.
UNETS = {
    "unet": DenoisingUNet,
    "unet_attn": partial(DenoisingUNet, attention="softmax"),
    "unet_sao": partial(DenoisingUNet, attention="siamese"),
    "projection_unet": ProjectionUNet,
    "projection_unet_attn": partial(ProjectionUNet, attention="softmax"),
    "projection_unet_sao": partial(ProjectionUNet, attention="siamese"),
}

__all__ = [
    "MODELS",
    "UNETS",
    "DenoisingUNet",
    "MobileNetV2",
    "ProjectionUNet",
    "SANet",
    "decode_predictions",
    "preprocess_input",
]
