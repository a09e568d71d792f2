"""The flags of what a restoration network learns from."""

from absl import flags

from sanet_tf.commands.flags import flag_help, flag_types
from sanet_tf.utils.errors import UserError

FLAGS = flags.FLAGS
PUBLISHED = ("planaria", "tribolium", "flywing")
OPTIONS = (
    "patch_size",
    "num_patches",
    "channels",
    "joint_channels",
    "volume_shape",
    "num_volumes",
    "num_test",
    "structure",
    "exposure",
    "high_exposure",
    "photons",
    "condition",
    "validation_split",
    "cache_dir",
    "test_data",
    "fit_truth",
    "percentiles",
    "strict",
    "supervision",
    "background_share",
)

with flag_help.group("data"):
    flags.DEFINE_enum(
        "dataset",
        "simulated",
        [*("simulated", "noise", "tiff", "npz", "stacks"), *PUBLISHED],
        "simulated volumes; noise simulated on own stacks; own pairs of "
        "stacks, or of pictures in one file; own noisy stacks without truth; "
        "or those that CARE was published with",
    )
    flags.DEFINE_string("data_dir", None, "folder of the data set, or its file")
    flags.DEFINE_enum(
        "task",
        "denoise",
        ["denoise", "project"],
        "from a stack to a stack, or to a plane",
    )
    flag_types.define_sizes(
        "patch_size",
        None,
        "voxels of a patch along Z,Y,X or Y,X; none: 16,64,64 or 64,64",
    )
    flags.DEFINE_integer(
        "num_patches",
        None,
        "patches to cut; none: 512",
        1,
    )
    flags.DEFINE_float(
        "background_share",
        None,
        "share of the patches that are cut from anywhere; the others show what "
        "is bright, as CARE's do; none: 0",
        0.0,
        1.0,
    )
    flags.DEFINE_list(
        "channels",
        None,
        "of --dataset=tiff, noise and stacks: numbers of channels, such as "
        "0,2, or all, which one network learns one by one; none: the stacks "
        "have one",
    )
    flags.DEFINE_bool(
        "joint_channels",
        False,
        "of --channels: the network takes and restores them all together, not "
        "one by one",
    )
    flag_types.define_sizes(
        "volume_shape",
        None,
        "voxels of simulated volumes along Z,Y,X or Y,X; none: 32,128,128 or "
        "192,192",
    )
    flags.DEFINE_integer(
        "num_volumes", None, "simulated volumes to train with; none: 4", 1
    )
    flags.DEFINE_integer(
        "num_test", None, "simulated volumes to test on; none: 2", 1
    )
    flags.DEFINE_enum(
        "structure",
        None,
        ["mixed", "varied", "nuclei", "filaments", "membranes"],
        "what simulated volumes show; varied: size, blur, haze, background and "
        "light differ, too, from volume to volume; none: mixed",
    )
    flag_types.define_shares(
        "exposure",
        None,
        "share of the light in simulated noisy volumes; of several, volumes "
        "to train with have one each in turn, others all; none: 0.1",
    )
    flags.DEFINE_float(
        "high_exposure",
        None,
        "share of the light in simulated true volumes; none: they have no "
        "noise",
        0.0,
    )
    flags.DEFINE_float(
        "photons",
        None,
        "of --dataset=noise: photons at the brightest; none: 20",
        0.0,
    )
    flags.DEFINE_integer(
        "condition",
        None,
        "of published test stacks: from 1, the brightest, to 3; none: 1",
        1,
        3,
    )
    flags.DEFINE_float(
        "validation_split",
        None,
        "share that validates, of published patches (none: 0.05) or of the "
        "fields of --dataset=npz (none: 0.1)",
        0.0,
        1.0,
    )
    flags.DEFINE_string(
        "cache_dir",
        None,
        "folder where what is compressed is unpacked",
    )
    flags.DEFINE_string(
        "test_data",
        None,
        "of --dataset=npz: file to test on; none: the validation pictures",
    )
    flags.DEFINE_bool(
        "fit_truth",
        False,
        "of --dataset=npz: fit each truth to its noisy picture by gain and "
        "offset",
    )
    flags.DEFINE_list(
        "percentiles",
        None,
        "two of a stack that become 0 and 1, in training and afterwards, such "
        "as 2,99.99 for sparse stacks; none: csbdeep's",
    )
    flags.DEFINE_bool(
        "strict",
        False,
        "stop at a pair of one value nearly everywhere, not skip it",
    )
    flags.DEFINE_integer(
        "data_seed", 0, "seed of simulation, noise and choice of patches", 0
    )


def arguments():
    """Those of `sanet_tf.restoration.data.load_data`, as a dictionary."""
    options = {name: FLAGS[name].value for name in OPTIONS}
    for name in ("patch_size", "volume_shape"):
        options[name] = flag_types.numbers(name)
    options["exposure"] = flag_types.shares("exposure")
    options["percentiles"] = percentiles()
    options["channels"] = _channels()
    for name in ("strict", "fit_truth", "joint_channels"):
        options[name] = FLAGS[name].value or None
    if FLAGS.dataset not in PUBLISHED:  # their patches have been cut
        options["seed"] = FLAGS.data_seed
    return {
        "dataset": FLAGS.dataset,
        "data_dir": FLAGS.data_dir,
        "task": FLAGS.task,
        **{name: value for name, value in options.items() if value is not None},
    }


def _channels():
    """--channels as "all" or as numbers, or None."""
    texts = FLAGS.channels
    if texts is None or texts == ["all"]:
        return texts and "all"
    if not texts or not all(t.isascii() and t.isdigit() for t in texts):
        raise UserError(
            "expected --channels=all, or numbers from 0 such as 0,2; got "
            f"{','.join(texts) or 'nothing'}"
        )
    return tuple(map(int, texts))


def percentiles():
    """--percentiles as two numbers, or None."""
    from sanet_tf.restoration.normalization import are_percentiles

    texts = FLAGS.percentiles
    if texts is None:
        return None
    try:
        numbers = tuple(float(text) for text in texts)
    except ValueError:
        numbers = ()
    if not are_percentiles(numbers):
        raise UserError(
            "expected --percentiles as two numbers from 0 to 100 in ascending "
            f"order, such as 2,99.99; got {','.join(texts)}"
        )
    return numbers
