"""What flags know of `sanet_tf.models.MODELS` and `UNETS`: import is slow."""

NETWORKS = (
    "sanet",
    "attnnet",
    "attnnet_pool",
    "attnnet_scaled",
    "sanet_no_attention",
    "sanet_no_global_term",
    "sanet_no_score_weights",
    "mobilenet_v2",
    "mobilenet_v2_sao",
    "mobilenet_v2_se",
    "mobilenet_v2_ssa",
    "mobilenet_v2_gc",
    "mobilenet_v2_ca",
    "resnet38",
    "resnet50",
    "resnet101",
    "resnet50_se",
    "resnet50_ssa",
    "resnet50_gc",
    "resnet38_gsa",
    "resnet50_gsa",
    "resnet101_gsa",
    "googlenet",
    "vgg16",
    "squeezenet",
    "mobilenet_v1",
    "channelnet_v1",
    "shufflenet_1_5x",
)
_RESNETS = tuple(name for name in NETWORKS if name.startswith("resnet"))
_TABLE_3 = NETWORKS[NETWORKS.index("googlenet") :]
LACKING = {  # flags of arguments that not all have, and who has not
    "alpha": (*_RESNETS, "googlenet", "vgg16", "squeezenet", "channelnet_v1"),
    "cifar_stem": _TABLE_3,
    "attention_config": (
        *("sanet_no_attention", "mobilenet_v2"),
        *("resnet38", "resnet50", "resnet101"),
        *_TABLE_3,
    ),
}
RESTORATION = (  # those in `sanet_tf.models.UNETS`
    "unet",
    "unet_attn",
    "unet_sao",
    "projection_unet",
    "projection_unet_attn",
    "projection_unet_sao",
    "gvtnet",
    "gvtnet_sao",
    "gvtnet_no_attention",
    "projection_gvtnet",
    "projection_gvtnet_sao",
)
