"""Loading a trained model from its folder."""

from pathlib import Path

from sanet_tf.restoration.care.care import (
    SiameseCARE,
    SiameseProjectionCARE,
)
from sanet_tf.utils import files
from sanet_tf.utils.errors import UserError, first_line
from sanet_tf.utils.types import PathLike


def load(path: PathLike) -> SiameseCARE | SiameseProjectionCARE:
    """Loads a model's folder; also one that csbdeep's `CARE` has written.

    Args:
        path: the folder, with config.json and weights.

    Returns:
        A `SiameseCARE` or `SiameseProjectionCARE` with its best weights.

    Raises:
        UserError: it is no such folder, or it is damaged.
    """
    path = Path(path).resolve()  # "." has no name
    config = path / "config.json"
    if not config.is_file():
        inside = path / "model"  # as experiments/restoration.py leaves it
        hint = f"; {inside} has" if (inside / config.name).is_file() else ""
        raise UserError(
            "expected the folder of a model, with config.json; "
            f"{path} has none{hint}"
        )
    try:
        fields = files.read_json(files.inside(path, config.name))
        projects = "proj_axis" in fields
        model = SiameseProjectionCARE if projects else SiameseCARE
        weights = [*path.glob("*.h5"), *path.glob("*.hdf5")]
        if not weights:
            raise ValueError("it has no weights (*.h5)")
        for file in weights:
            files.inside(path, file.name)
        return model(None, path.name, str(path.parent))
    except Exception as error:  # csbdeep, Keras and h5py have many
        reason = first_line(error)
        raise UserError(f"cannot load the model in {path}: {reason}") from error
