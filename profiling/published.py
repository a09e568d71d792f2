"""Sizes of the networks in publications, and why counts differ.

Quoted; where no page was at hand the source says "recalled". Two FLOPs of the
GSA paper are one multiply-add; the SSA note's GFLOPs are multiply-adds.
"""

COLUMNS = ("paper_parameters", "paper_madd", "source")
SAO = "SAO paper, Tables 3 to 5"
TABLE_3 = "SAO paper, Table 3"
SSA = "SSA note, Table 3"
M = 10**6
PUBLISHED = {
    name: dict(zip(COLUMNS, cells, strict=True))
    for name, cells in {
        "sanet": ("3.44 M", 288 * M, SAO),
        "attnnet": ("3.44 M", 365 * M, SAO),
        "attnnet_pool": ("3.44 M", 300 * M, SAO),
        "attnnet_scaled": ("3.44 M", 312 * M, SAO),
        "sanet_no_attention": ("3.44 M", None, SAO),
        "sanet_no_global_term": ("3.44 M", None, SAO),
        "sanet_no_score_weights": ("3,449,408", None, "SAO paper, Table 7"),
        "mobilenet_v2": ("3.47 M", 300 * M, SAO),
        "mobilenet_v2_sao": ("3.47 M", None, SAO),
        "mobilenet_v2_se": ("3.7 M", 304 * M, "SSA note, Table 4"),
        "mobilenet_v2_ssa": ("3.4 M", 304 * M, "SSA note, Table 4"),
        "mobilenet_v2_ca": ("3.95 M", 310 * M, "CA paper, recalled"),
        "resnet50": ("25,557,032", 3860 * M, f"published weights; {SSA}"),
        "resnet50_se": ("28,088,024", 3870 * M, f"published weights; {SSA}"),
        "resnet50_ssa": ("25.6 M", 3870 * M, SSA),
        "resnet50_gc": ("28.08 M", 3870 * M, "GCNet paper, recalled"),
        "resnet50_gsa": ("18.1 M", 3600 * M, "GSA paper, recalled"),
        "resnet101_gsa": ("30.4 M", 6100 * M, "GSA paper, recalled"),
        "googlenet": ("6.8 M", 1550 * M, TABLE_3),
        "vgg16": ("128 M", 15300 * M, TABLE_3),
        "squeezenet": ("1.3 M", 833 * M, TABLE_3),
        "mobilenet_v1": ("4.2 M", 569 * M, TABLE_3),
        "channelnet_v1": ("3.7 M", 407 * M, TABLE_3),
        "shufflenet_1_5x": ("3.4 M", 292 * M, TABLE_3),
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
        "3.449 M to 3.44 M. The paper's 288 M MAdd is below its own rule."
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
        "The paper's 3.44 M does not follow from its architecture: without "
        "the ten value projections 0.10 M go."
    ),
    "sanet_no_score_weights": (
        "Table 7 prints 3,449,408 here: the rows are swapped, see sanet."
    ),
    "mobilenet_v2": "With the bias of the FC layer, as in MobileNetV2.",
    "mobilenet_v2_sao": (
        "3.46 M, also without the bias of the FC layer (3,462,080); the "
        "paper prints 3.47 M."
    ),
    "mobilenet_v2_se": (
        "The note does not say where its gate of ratio 16 is: at the end of "
        "the branch there are 3.53 M, on the expanded channels with ratio 24 "
        "the 3.89 M that others publish."
    ),
    "mobilenet_v2_ssa": (
        "3.505 M, of which 34 are the gates'; the note has 3.4 M for "
        "MobileNetV2 too. Its 304 M do not follow: with pooling and scaling "
        "there are 302.5 M."
    ),
    "mobilenet_v2_ca": (
        "307 M by the rule; each of the two means along an axis is 2.3 M more."
    ),
    "resnet50": _WHOLE_NETWORK,
    "resnet50_se": f"{_WHOLE_NETWORK} {_POOLING}",
    "resnet50_ssa": _POOLING,
    "resnet50_gc": (
        "28.11 M with the biases of the published code; without them 28.09 M."
    ),
    "googlenet": (
        "The rows of Table 1 of the GoogLeNet paper (recalled) add up to "
        "6.80 M and 1,502 M, but the channels in it to 6.99 M and 1,583 M. "
        "Without auxiliary classifiers."
    ),
    "vgg16": (
        "138.36 M: 128 M is a slip of the paper. Its 15,300 M are the "
        "convolutions alone, 15,347 M."
    ),
    "squeezenet": "1.248 M, published as 1.25 M; 1.3 M is that rounded again.",
    "channelnet_v1": (
        "3.69 M agree. The 407 M do not follow from the layers of the authors' "
        "published code: 468 M."
    ),
    "shufflenet_1_5x": (
        "With the bias of the FC layer; without it 3,404,448. Agrees."
    ),
}
