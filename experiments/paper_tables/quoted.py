"""What the papers print, digit by digit: every number here is *quoted*.

Their m, which is millions, is M here.

Gao, Xie, Ji, "Siamese Attention Networks", and the note "SSANet: Squash and
Spatial Attention Networks". Table 2 is quoted in profiling/paper.py and comes
with results/profiling/table2.csv. Keys are names in `sanet_tf.models.MODELS`.
"""

TABLE_1 = {  # computation, time and space complexity
    "Attn": ("V softmax(KᵀQ)", "O(N² × d)", "O(N²)"),
    "Attn 1/N": ("1/N (V Kᵀ) Q", "O(N × d²)", "O(d²)"),
    "SAO": ("v̄ wᵀ Q + 1/N V Kᵀ w 1ᵀ", "O(N × d)", "O(N × d)"),
}
TABLE_3 = {  # name, top-1, parameters, MAdd
    "googlenet": ("GoogleNet", "0.698", "6.8 M", "1550 M"),
    "vgg16": ("VGG16", "0.715", "128 M", "15300 M"),
    "squeezenet": ("SqueezeNet", "0.575", "1.3 M", "833 M"),
    "mobilenet_v1": ("MobileNetV1", "0.706", "4.2 M", "569 M"),
    "channelnet_v1": ("ChannelNet-v1", "0.705", "3.7 M", "407 M"),
    "shufflenet_1_5x": ("ShuffleNet 1.5x", "0.715", "3.4 M", "292 M"),
    "mobilenet_v2": ("MobileNetV2", "0.720", "3.47 M", "300 M"),
    "sanet": ("SANet", "0.730", "3.44 M", "288 M"),
}
TABLE_4 = {
    "attnnet": ("AttnNet", "0.730", "3.44 M", "365 M"),
    "attnnet_pool": ("AttnNet+Pool", "0.729", "3.44 M", "300 M"),
    "attnnet_scaled": ("AttnNet 1/N", "0.730", "3.44 M", "312 M"),
    "sanet": ("SANet", "0.730", "3.44 M", "288 M"),
}
TABLE_5 = {  # no MAdd
    "sanet": ("SANet", "0.730", "3.44 M", None),
    "sanet_no_attention": ("SANet w/o SAO", "0.721", "3.44 M", None),
    "sanet_no_global_term": ("SANet w/o global term", "0.728", "3.44 M", None),
    "mobilenet_v2_sao": ("MobileNetV2+SAO", "0.727", "3.47 M", None),
    "mobilenet_v2": ("MobileNetV2", "0.720", "3.47 M", None),
}
TABLE_6 = {  # PSNR, SSIM, NRMSE
    "planaria": {
        "unet": ("31.571", "0.7707", "0.0268"),
        "attn": ("31.951", "0.7919", "0.0257"),
        "sao": ("31.929", "0.7898", "0.0257"),
    },
    "tribolium": {
        "unet": ("32.433", "0.9171", "0.0241"),
        "attn": ("32.571", "0.9201", "0.0236"),
        "sao": ("32.549", "0.9196", "0.0239"),
    },
    "flywing": {
        "unet": ("21.958", "0.5592", "0.0798"),
        "attn": ("22.361", "0.5903", "0.0763"),
        "sao": ("22.329", "0.5916", "0.0767"),
    },
}
TABLE_7 = {
    "sanet": ("SANet", "0.730", "3,448,448", None),
    "sanet_no_score_weights": ("SANet w/o params", "0.728", "3,449,408", None),
}
TABLE_8 = (  # input, operator, r, c, n, s
    ("224² × 3", "Conv2D 3×3", "-", "32", "1", "2"),
    ("112² × 32", "BaseModule", "1", "16", "1", "1"),
    ("112² × 16", "BaseModule", "6", "24", "2", "2"),
    ("56² × 24", "BaseModule", "6", "32", "2", "2"),
    ("28² × 32", "AttnModule", "6", "32", "1", "1"),
    ("28² × 32", "BaseModule", "6", "64", "1", "2"),
    ("14² × 64", "AttnModule", "6", "64", "3", "1"),
    ("14² × 64", "AttnModule", "6", "96", "3", "1"),
    ("14² × 96", "BaseModule", "6", "160", "1", "2"),
    ("7² × 160", "AttnModule", "6", "160", "2", "1"),
    ("7² × 160", "AttnModule", "6", "320", "1", "1"),
    ("7² × 320", "Conv2D 1×1", "-", "1280", "1", "1"),
    ("7² × 1280", "AvgPool + FC", "-", "k", "1", "-"),
)
TABLE_9 = {  # task, patches, voxels of a patch, test volumes, their voxels
    "Planaria": ("Denoising", "17,005", "16×64×64×1", "20", "95×1024×1024"),
    "Tribolium": ("Denoising", "14,725", "16×64×64×1", "6", "50×800×800"),
    "Flywing": ("Projection", "16,891", "50×64×64×1", "26", "50×520×692"),
}
NOTE_CIFAR_10 = {  # name, top-1, top-5, parameters (M), GFLOPs
    "resnet50": ("ResNet50", "94.38%", None, "25.6", "3.86"),
    "resnet50_se": ("SE-ResNet50", "94.83%", None, "28.1", "3.87"),
    "resnet50_ssa": ("SSA-ResNet50", "78.35%", None, "25.6", "3.87"),
}
NOTE_CIFAR_100 = {
    "resnet50": ("ResNet50", "77.26%", None, "25.6", "3.86"),
    "resnet50_se": ("SE-ResNet50", "77.13%", None, "28.1", "3.87"),
    "resnet50_ssa": ("SSA-ResNet50", "78.35%", None, "25.6", "3.87"),
}
NOTE_IMAGENET = {
    "resnet50": ("ResNet50", "75.24%", "92.36%", "25.6", "3.86"),
    "resnet50_se": ("SE-ResNet50", "76.75%", "93.41%", "28.1", "3.87"),
    "resnet50_ssa": ("SSA-ResNet50", "76.61%", "93.29%", "25.6", "3.87"),
}
NOTE_MOBILENET = {
    "mobilenet_v2": ("mobilenet-v2", "72.10%", "90.48%", "3.4", "0.3"),
    "mobilenet_v2_se": (
        *("SE-mobilenet-v2", "00.00%", "00.00%", "3.7", "0.304"),
    ),
    "mobilenet_v2_ssa": (
        *("SSA-mobilenet-v2", "74.8%", "00.00%", "3.4", "0.304"),
    ),
}
