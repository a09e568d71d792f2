"""Networks: functions that return a `keras.Model`, and their table."""

from functools import partial

from sanet_tf.models.mobilenet_v2 import MobileNetV2
from sanet_tf.models.predictions import decode_predictions, preprocess_input
from sanet_tf.models.sanet import SANet


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

__all__ = [
    "MODELS",
    "MobileNetV2",
    "SANet",
    "decode_predictions",
    "preprocess_input",
]
