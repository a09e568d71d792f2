"""The flags of what a restoration network learns from: truths, or none."""

from absl import flags

from sanet_tf.commands.flags import flag_help
from sanet_tf.utils.errors import UserError

FLAGS = flags.FLAGS
BLIND_SPOTS = ("n2v_perc_pix", "n2v_neighborhood_radius", "n2v_manipulator")

with flag_help.group("data"):
    flags.DEFINE_enum(
        "supervision",
        "pairs",
        ["pairs", "noise2noise", "noise2void"],
        "what is learned from: clean pictures; second noisy ones; or single "
        "noisy ones, of which some voxels are hidden",
    )
with flag_help.group("recipe"):
    flags.DEFINE_float(
        "n2v_perc_pix",
        0.198,
        "of --supervision=noise2void: percentage of voxels that are hidden",
        0.001,
        25.0,
    )
    flags.DEFINE_integer(
        "n2v_neighborhood_radius",
        5,
        "of --supervision=noise2void: how far, in voxels, what takes the "
        "place of a hidden voxel is from it at most",
        1,
        16,
    )
    flags.DEFINE_enum(
        "n2v_manipulator",
        "uniform_withoutCP",
        ["uniform_withoutCP", "median"],
        "of --supervision=noise2void: what takes the place of a hidden voxel: "
        "any one around it, or, as in N2V2, their median",
    )


def check():
    """Refuses the flags of noise2void without it."""
    for name in BLIND_SPOTS:
        is_other = FLAGS[name].value != FLAGS[name].default
        if is_other and FLAGS.supervision != "noise2void":
            raise UserError(f"--{name} goes with --supervision=noise2void")


def fields():
    """The fields of a `SiameseConfig` that they are."""
    blind_spots = {name: FLAGS[name].value for name in BLIND_SPOTS}
    return {"train_supervision": FLAGS.supervision, **blind_spots}
