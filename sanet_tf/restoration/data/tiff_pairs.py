"""Your own pairs of stacks, as folders.

    DIR/low/a.tif  DIR/low/b.tif  ...        few photons
    DIR/GT/a.tif   DIR/GT/b.tif   ...        many; or DIR/high/
    DIR/test/low/x.tif  DIR/test/GT/x.tif    optional

Stacks are TIFF files or OME-Zarr folders. A pair has one name, but for the
suffix. Several folders of low stacks (low_2ms, low_5ms) may share the truths,
and DIR/train/low is found as well, as in csbdeep's examples. Of a projection a
truth is a plane. Without test/ some stacks are held out, or regions of them
where there are few; the description says which.
"""

from pathlib import Path

from sanet_tf.restoration.data import stacks
from sanet_tf.restoration.data.own_stacks import restoration_data
from sanet_tf.restoration.data.pairs import Pair
from sanet_tf.utils.errors import UserError

LAYOUT = (
    "DIR/low/*.tif and DIR/GT/*.tif (or DIR/high/*.tif) of the same names, or "
    "*.zarr"
)
TRUTHS = ("gt", "high")


def load(
    data_dir,
    task,
    cutting,
    channels=None,
    joint_channels=False,
):
    """Reads pairs of stacks and cuts patches.

    Args:
        data_dir: the folder.
        task: "denoise" or "project".
        cutting: a `Cutting`; of "noise2noise" DIR/GT has the second noisy
            stacks, and DIR/test/GT the truths, if there are any.
        channels: see `stacks.open_channels`; each is a pair of its own.
        joint_channels: whether they are learned together instead.

    Returns:
        A `RestorationData`.

    Raises:
        UserError: the folder has another layout, its stacks do not match, or
            too few have contrast.
    """
    root = Path(data_dir).expanduser()
    if root.is_file():
        raise UserError(
            f"{root} is a file; --dataset=tiff needs a folder, {LAYOUT}. For "
            "one clean stack there is --dataset=noise"
        )
    if not root.is_dir():
        raise UserError(f"no such directory: {root}; expected {LAYOUT}")
    training = root / "train" if (root / "train").is_dir() else root
    pairs, files = _read(training, channels, joint_channels)
    test, measured_on = None, {}
    if (root / "test").is_dir():
        test, test_files = _read(root / "test", channels, joint_channels)
        files |= {f"test/{name}": file for name, file in test_files.items()}
    elif cutting.supervision == "noise2noise":
        measured_on = {"measured_on": "the second noisy stacks: no test/GT"}
    return restoration_data(
        pairs,
        {
            "dataset": "tiff",
            "provenance": stacks.provenance(root),
            "files": files,
            **measured_on,
        },
        task=task,
        cutting=cutting,
        test=test,
    )


def _read(root, channels, joint):
    """The pairs below a folder, and the checksums of their files."""
    lows, truths = _folders(root)
    truth_of = _by_stem(truths)
    low_files = [path for low in lows for path in _by_stem(low).values()]
    for path in low_files:
        if stacks.stem(path) not in truth_of:
            raise UserError(
                f"{path} has no truth: no {path.name} in {truths}; expected "
                f"{LAYOUT}"
            )
    alone = sorted({*truth_of} - {*map(stacks.stem, low_files)})
    if alone:
        truth = truth_of[alone[0]]
        raise UserError(
            f"{truth} has no stack of few photons: no {truth.name} in "
            f"{' or '.join(map(str, lows))}"
        )
    low_of, high_of = (
        {
            path: stacks.open_channels(path, channels=channels, joint=joint)
            for path in paths
        }
        for paths in (low_files, truth_of.values())
    )
    _one_dtype(low_of)
    _one_dtype(high_of)
    pairs = [
        pair
        for path in low_of
        for truth in [truth_of[stacks.stem(path)]]
        for pair in _channels(path, truth, low_of[path], high_of[truth])
    ]
    checksums = {
        _name(path): stacks.checksum(path) for path in [*low_of, *high_of]
    }
    return pairs, checksums


def _channels(path, truth, lows, highs):
    """A pair of each channel, or of the stacks."""
    if len(lows) != len(highs):
        raise UserError(
            f"{path} has {len(lows)} channels, its truth {truth} {len(highs)}"
        )
    return [
        Pair(name.replace(path.name, _name(path)), low, high)
        for (name, low), high in zip(lows.items(), highs.values(), strict=True)
    ]


def _by_stem(folder):
    """The stacks of a folder by their names without a suffix."""
    found = {}
    for path in stacks.list_stacks(folder):
        other = found.setdefault(stacks.stem(path), path)
        if other != path:
            raise UserError(
                f"expected one stack of a name, got {path} beside {other.name}"
            )
    return found


def _name(path):
    return f"{path.parent.name}/{path.name}"


def _folders(root):
    folders = sorted(path for path in root.iterdir() if path.is_dir())
    lows = [path for path in folders if path.name.lower().startswith("low")]
    truths = [path for path in folders if path.name.lower() in TRUTHS]
    if not lows or len(truths) != 1:
        found = ", ".join(sorted(path.name for path in root.iterdir())[:5])
        raise UserError(
            f"expected {LAYOUT} in {root}, found {found or 'nothing'}"
        )
    return lows, truths[0]


def _one_dtype(stack_of):
    """Stacks of several types have been scaled in several ways."""
    first, *others = [
        (path, stack)
        for path, channels in stack_of.items()
        for stack in channels.values()
    ]
    for path, stack in others:
        if stack.dtype.newbyteorder("=") != first[1].dtype.newbyteorder("="):
            raise UserError(
                f"{path} is {stack.dtype}, {first[0].name} is "
                f"{first[1].dtype}; expected one data type: save them alike, "
                "without scaling"
            )
