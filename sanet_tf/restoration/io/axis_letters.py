"""The letters of axes: T time, Z, C channel, Y, X."""

from sanet_tf.utils.errors import UserError

AXES = "TZCYX"  # ImageJ's order


def fit(axes, shape):
    """Whether `axes` names each dimension of `shape`, Y and X among them."""
    letters = {*axes}
    return len(axes) == len(letters) == len(shape) and (
        {*"YX"} <= letters <= {*AXES}
    )


def resolve(found, shape, named=None, expected=None):
    """The axes of a file: as the user names them, else as the file does.

    Args:
        found: what the file says, in tifffile's letters.
        shape: shape of its data.
        named: what the user says, or None.
        expected: what is taken, or its last letters, where the file does not
            say it, or None.

    Raises:
        UserError: neither of them names each dimension by a letter of TZCYX.
    """
    sizes = f"{len(shape)} dimensions ({' x '.join(map(str, shape))})"
    if len(shape) > len(AXES):
        raise UserError(
            f"expected at most one dimension for each of {AXES}, got {sizes}, "
            f"{found}; save the stacks along the others one by one"
        )
    if named is not None:
        if not fit(named.upper(), shape):
            raise UserError(
                f"expected --axes with one letter of {AXES} for each of its "
                f"{sizes}, got --axes={named}"
            )
        return named.upper()
    if "S" in found:
        raise UserError(
            f"expected intensities, got colours: {found} for its {sizes}; to "
            "restore each colour by itself, name them as channels: "
            f"--axes={found.replace('S', 'C')}"
        )
    if not fit(found, shape):
        last = (expected or "")[-len(shape) :]
        if fit(last, shape):
            return last
        letters = AXES if len(shape) == len(AXES) else AXES.replace("C", "")
        example = letters[-len(shape) :]
        raise UserError(
            f"does not say what its {sizes} are; name them, like "
            f"--axes={example}"
        )
    return found
