"""Networks: functions that return a `keras.Model`, and their table."""

from functools import partial

from sanet_tf.models import table3
from sanet_tf.models.features import feature_extractor
from sanet_tf.models.gvtnet import GlobalVoxelProjection, GlobalVoxelUNet
from sanet_tf.models.mobilenet_v2 import MobileNetV2
from sanet_tf.models.predictions import decode_predictions, preprocess_input
from sanet_tf.models.resnet import BLOCKS, ResNet
from sanet_tf.models.sanet import SANet
from sanet_tf.models.unet import DenoisingUNet, ProjectionUNet

# Classifiers: function, and where its arguments are not the defaults.
_CLASSIFIERS = {
    "sanet": (SANet, {}),
    "attnnet": (SANet, {"attention": "softmax"}),
    "attnnet_pool": (SANet, {"attention": "pooled"}),
    "attnnet_scaled": (SANet, {"attention": "scaled"}),
    "sanet_no_attention": (SANet, {"attention": None}),
    "sanet_no_global_term": (
        SANet,
        {"attention_config": {"use_global_term": False}},
    ),
    "sanet_no_score_weights": (
        SANet,
        {"attention_config": {"use_score_weights": False}},
    ),
    "mobilenet_v2": (MobileNetV2, {}),
    "mobilenet_v2_sao": (MobileNetV2, {"attention": "siamese"}),
    # Gates where the SSA note has them; CA's where its paper does.
    "mobilenet_v2_se": (MobileNetV2, {"attention": "se"}),
    "mobilenet_v2_ssa": (MobileNetV2, {"attention": "ssa"}),
    "mobilenet_v2_gc": (MobileNetV2, {"attention": "gc"}),
    "mobilenet_v2_ca": (
        MobileNetV2,
        {"attention": "ca", "attention_place": "expanded"},
    ),
    "resnet38": (ResNet, {"blocks": BLOCKS[38]}),
    "resnet50": (ResNet, {}),
    "resnet101": (ResNet, {"blocks": BLOCKS[101]}),
    "resnet50_se": (ResNet, {"attention": "se"}),
    "resnet50_ssa": (ResNet, {"attention": "ssa"}),
    "resnet50_gc": (ResNet, {"attention": "gc"}),
    "resnet38_gsa": (ResNet, {"blocks": BLOCKS[38], "attention": "gsa"}),
    "resnet50_gsa": (ResNet, {"attention": "gsa"}),
    "resnet101_gsa": (ResNet, {"blocks": BLOCKS[101], "attention": "gsa"}),
    "googlenet": (table3.GoogLeNet, {}),
    "vgg16": (table3.VGG16, {}),
    "squeezenet": (table3.SqueezeNet, {}),
    "mobilenet_v1": (table3.MobileNetV1, {}),
    "channelnet_v1": (table3.ChannelNet, {}),
    "shufflenet_1_5x": (table3.ShuffleNet, {"alpha": 1.5}),
}
MODELS = {
    name: partial(function, name=name, **arguments)
    for name, (function, arguments) in _CLASSIFIERS.items()
}

# Restoration, Table 6: from a volume to a volume, or from a stack to a plane.
UNETS = {
    "unet": DenoisingUNet,
    "unet_attn": partial(DenoisingUNet, attention="softmax"),
    "unet_sao": partial(DenoisingUNet, attention="siamese"),
    "projection_unet": ProjectionUNet,
    "projection_unet_attn": partial(ProjectionUNet, attention="softmax"),
    "projection_unet_sao": partial(ProjectionUNet, attention="siamese"),
    "gvtnet": GlobalVoxelUNet,
    "gvtnet_sao": partial(GlobalVoxelUNet, attention="siamese"),
    "gvtnet_no_attention": partial(GlobalVoxelUNet, attention=None),
    "projection_gvtnet": GlobalVoxelProjection,
    "projection_gvtnet_sao": partial(
        GlobalVoxelProjection, attention="siamese"
    ),
}

__all__ = [
    "MODELS",
    "UNETS",
    "DenoisingUNet",
    "GlobalVoxelProjection",
    "GlobalVoxelUNet",
    "MobileNetV2",
    "ProjectionUNet",
    "ResNet",
    "SANet",
    "decode_predictions",
    "feature_extractor",
    "preprocess_input",
]
