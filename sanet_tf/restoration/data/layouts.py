"""Test stacks of the published data, in the folders that they unpack to.

Each function takes the folder and a condition, and returns a list of `Pair`
of stacks that are left on disk, or none where there are no such files.
"""

from sanet_tf.restoration.data import stacks
from sanet_tf.restoration.data.pairs import Pair
from sanet_tf.restoration.data.patches import format_shape
from sanet_tf.utils.errors import UserError


def _planaria(folder, condition):
    """A folder of truths and one of each condition."""
    truths, lows = folder / "GT", folder / f"condition_{condition}"
    if not truths.is_dir() or not lows.is_dir():
        return []
    pairs = []
    for path in stacks.list_stacks(lows):
        if not (truths / path.name).is_file():
            raise UserError(f"{path} has no truth {truths / path.name}")
        pairs.append(_pair(path, truths / path.name))
    return pairs


def _tribolium(folder, condition):
    """All exposures in one file, or in folders as those of Planaria."""
    pairs = _planaria(folder, condition)
    if pairs or not any(folder.glob("*.tif")):
        return pairs
    for path in stacks.list_stacks(folder):
        exposures = stacks.open_stack(path, stacks.EXPOSURES)
        if len(exposures) != 4:
            raise UserError(
                f"{path}: expected 4 exposures of a stack, got "
                f"{format_shape(exposures.shape)}"
            )
        pairs.append(Pair(path.name, exposures[3 - condition], exposures[3]))
    return pairs


def _flywing(folder, condition):
    """Stacks C1_T001.tif and planes proj_C2_T001.tif."""
    channel = {1: "C1", 2: "C3", 3: "C0"}[condition]
    truths = {path.name: path for path in folder.rglob("proj_C2_T*.tif")}
    pairs = []
    for path in sorted(folder.rglob(f"{channel}_T*.tif")):
        truth = f"proj_C2{path.name.removeprefix(channel)}"
        if truth not in truths:
            raise UserError(f"{path} has no truth {truth} below {folder}")
        pairs.append(_pair(path, truths[truth]))
    return pairs


def _pair(low, high):
    return Pair(low.name, stacks.open_stack(low), stacks.open_stack(high))


TESTS = {"planaria": _planaria, "tribolium": _tribolium, "flywing": _flywing}
