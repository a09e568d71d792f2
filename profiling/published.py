"""Sizes of the networks as published (quoted), and why counts differ.

Where no page is at hand the source says "recalled". Two FLOPs of the GSA paper
are one multiply-add; the SSA note's GFLOPs are multiply-adds.
"""

COLUMNS = ("paper_parameters", "paper_madd", "source")
SAO = "SAO paper, Tables 3 to 5"
TABLE_3 = "SAO paper, Table 3"
SSA = "SSA note, Table 3"
M = 10**6
PUBLISHED = {
    name: dict(zip(COLUMNS, cells, strict=True))
    for name, cells in {
        "sanet": ("3.44 m", 288 * M, SAO),
        "attnnet": ("3.44 m", 365 * M, SAO),
        "attnnet_pool": ("3.44 m", 300 * M, SAO),
        "attnnet_scaled": ("3.44 m", 312 * M, SAO),
        "sanet_no_attention": ("3.44 m", None, SAO),
        "sanet_no_global_term": ("3.44 m", None, SAO),
        "sanet_no_score_weights": ("3,449,408", None, "SAO paper, Table 7"),
        "mobilenet_v2": ("3.47 m", 300 * M, SAO),
        "mobilenet_v2_sao": ("3.47 m", None, SAO),
        "mobilenet_v2_se": ("3.7 m", 304 * M, "SSA note, Table 4"),
        "mobilenet_v2_ssa": ("3.4 m", 304 * M, "SSA note, Table 4"),
        "mobilenet_v2_ca": ("3.95 m", 310 * M, "CA paper, recalled"),
        "resnet50": ("25,557,032", 3860 * M, f"published weights; {SSA}"),
        "resnet50_se": ("28,088,024", 3870 * M, f"published weights; {SSA}"),
        "resnet50_ssa": ("25.6 m", 3870 * M, SSA),
        "resnet50_gc": ("28.08 m", 3870 * M, "GCNet paper, recalled"),
        "resnet50_gsa": ("18.1 m", 3600 * M, "GSA paper, recalled"),
        "resnet101_gsa": ("30.4 m", 6100 * M, "GSA paper, recalled"),
        "googlenet": ("6.8 m", 1550 * M, TABLE_3),
        "vgg16": ("128 m", 15300 * M, TABLE_3),
        "squeezenet": ("1.3 m", 833 * M, TABLE_3),
        "mobilenet_v1": ("4.2 m", 569 * M, TABLE_3),
        "channelnet_v1": ("3.7 m", 407 * M, TABLE_3),
        "shufflenet_1_5x": ("3.4 m", 292 * M, TABLE_3),
    }.items()
}
_POOLING = (
    "By the rule a gate counts its products alone; the published 3.87 G are "
    "with its pooling."
)
_WHOLE_NETWORK = "The parameters as published include BatchNorm's."
NOTES = {
    "sanet": (
        "Table 7 prints 3,448,448 here, with its two rows swapped: the "
        "network that trains w is the larger, by 960. Tables 3 to 5 cut "
        "3.449 m to 3.44 m. The paper's 288 m MAdd is below its own rule."
    ),
    "attnnet_pool": (
        "Counted as built there are 4 x 4 pooled positions on the 7 x 7 maps, "
        "not 49/4."
    ),
    "attnnet_scaled": (
        "The rule counts C x C products; with four heads they are four of "
        "C/4 x C/4, hence fewer as built."
    ),
    "sanet_no_attention": (
        "The paper's 3.44 m does not follow from its architecture: without "
        "the ten value projections 0.10 m go."
    ),
    "sanet_no_score_weights": (
        "Table 7 prints 3,449,408 here: the rows are swapped, see sanet."
    ),
    "mobilenet_v2": "With the bias of the FC layer, as in MobileNetV2.",
    "mobilenet_v2_sao": (
        "3.46 m, also without the bias of the FC layer (3,462,080); the "
        "paper prints 3.47 m."
    ),
    "mobilenet_v2_se": (
        "The note does not say where its gate of ratio 16 is: at the end of "
        "the branch there are 3.53 m, on the expanded channels with ratio 24 "
        "the 3.89 m that others publish."
    ),
    "mobilenet_v2_ssa": (
        "3.505 m, of which 34 are the gates'; the note has 3.4 m for "
        "MobileNetV2 too. Its 304 m do not follow: with pooling and scaling "
        "there are 302.5 m."
    ),
    "mobilenet_v2_ca": (
        "307 m by the rule; each of the two means along an axis is 2.3 m more."
    ),
    "resnet50": _WHOLE_NETWORK,
    "resnet50_se": f"{_WHOLE_NETWORK} {_POOLING}",
    "resnet50_ssa": _POOLING,
    "resnet50_gc": (
        "28.11 m with the biases of the published code; without them 28.09 m."
    ),
    "googlenet": (
        "The rows of Table 1 of the GoogLeNet paper (recalled) add up to "
        "6.80 m and 1,502 m, but the channels in it to 6.99 m and 1,583 m. "
        "Without auxiliary classifiers."
    ),
    "vgg16": (
        "138.36 m: 128 m is a slip of the paper. Its 15,300 m are the "
        "convolutions alone, 15,347 m."
    ),
    "squeezenet": "1.248 m, published as 1.25 m; 1.3 m is that rounded again.",
    "channelnet_v1": (
        "3.69 m agree. The 407 m do not follow from the layers of the authors' "
        "published code: 468 m."
    ),
    "shufflenet_1_5x": (
        "With the bias of the FC layer; without it 3,404,448. Agrees."
    ),
}
