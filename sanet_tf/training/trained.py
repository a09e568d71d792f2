"""A finished run's folder as a network.

    trained = load_trained("runs/sanet-folder")
    logits = trained.model(preprocess_input(images))

The network is built by its name in `MODELS` from the flags in run.json; of
best.weights.h5 only numbers are read. No code comes from the folder.
"""

import dataclasses
import inspect
from pathlib import Path

import keras

from sanet_tf.models import MODELS
from sanet_tf.models.operators import parse_attention_config
from sanet_tf.models.weights import load_weights
from sanet_tf.training.run_directory import LABELS, WEIGHTS, parse_labels
from sanet_tf.utils import files, hdf5
from sanet_tf.utils.errors import UserError, first_line
from sanet_tf.utils.types import PathLike

# Beyond them a damaged record would ask for all memory there is.
LARGEST = {"alpha": 4, "image_size": 4096}
LARGEST_VGG16 = 448  # pixels, by which its first dense layer grows


@dataclasses.dataclass(frozen=True)
class Trained:
    """A network, and what its numbers mean.

    Attributes:
        model: a `keras.Model` from images `(B, S, S, 3)`, as
            `preprocess_input` gives them, to logits `(B, classes)`.
        class_names: the name of each class.
        flags: `{name: value}` of the run, of which `network` makes use.
        path: of the run's folder.
    """

    model: keras.Model
    class_names: tuple[str, ...]
    flags: dict
    path: Path

    @property
    def image_size(self):
        """Side S in pixels."""
        return self.flags["image_size"]

    def at_size(self, image_size):
        """The network for images of another side, with the same weights.

        Args:
            image_size: side in pixels.

        Raises:
            UserError: it takes no such images.
        """
        if image_size == self.image_size:
            return self.model
        flags = {**self.flags, "image_size": image_size}
        try:
            model = build_network(flags, len(self.class_names))
            model.set_weights(self.model.get_weights())
        except ValueError as error:
            raise UserError(
                f"{self.path} takes no images of {image_size} x {image_size}: "
                f"{first_line(error)}"
            ) from error
        return model

    def network(self, classes):
        """The same network with another number of classes, untrained."""
        return build_network(self.flags, classes)


def load_trained(run_dir: PathLike) -> Trained:
    """Loads the best weights of a run of `sanet train` or cifar.py.

    Args:
        run_dir: path of the run's folder.

    Returns:
        A `Trained`.

    Raises:
        UserError: it is no such folder, has no weights yet, names a network
            that there is not, or is damaged.
    """
    path = Path(run_dir)
    flags = _read_flags(path)
    missing = [
        name
        for name in (LABELS, WEIGHTS)
        if not files.inside(path, name).is_file()
    ]
    if missing:
        raise UserError(
            f"{path} is not complete: expected {LABELS} and {WEIGHTS}, which "
            "the run leaves after its first epoch, but there is no "
            f"{' and no '.join(missing)}; the command in its run.json goes on "
            "with it"
        )
    class_names = _read_labels(path)
    _check_classes(path, len(class_names))
    try:
        model = build_network(flags, len(class_names))
    except (ValueError, TypeError, KeyError) as error:
        reason = first_line(error)
        raise UserError(
            f"{path / 'run.json'} is damaged: its network cannot be built "
            f"({reason})"
        ) from error
    _load(model, path / WEIGHTS)
    return Trained(model, class_names, flags, path)


def build_network(flags, classes):
    """The untrained network of a run's flags, which gives logits.

    Args:
        flags: `{name: value}`, as run.json has them.
        classes: number of classes.

    Returns:
        A `keras.Model`.

    Raises:
        KeyError: a flag is missing.
        ValueError: the network refuses a value.
    """
    function, size = MODELS[flags["model"]], flags["image_size"]
    options = {}
    if flags["alpha"] != 1:
        options["alpha"] = flags["alpha"]
    if flags.get("attention_config"):
        options["attention_config"] = parse_attention_config(
            function, flags["attention_config"]
        )
    if has_cifar_stem(function, flags["dataset"], flags.get("cifar_stem")):
        options["cifar_stem"] = True
    return function(
        input_shape=(size, size, 3),
        classes=classes,
        classifier_activation=None,
        dropout_rate=flags["dropout_rate"],
        **options,
    )


def has_cifar_stem(function, dataset, wanted=None):
    """What was asked for, or CIFAR's stem for CIFAR where there is one.

    Args:
        function: of the network.
        dataset: name of the data set.
        wanted: value of --cifar_stem; None: not given.
    """
    if wanted is not None:
        return wanted
    known = "cifar_stem" in inspect.signature(function).parameters
    return dataset.startswith("cifar") and known


def _read_flags(path):
    record = files.inside(path, "run.json")
    if not record.is_file():
        raise UserError(
            f"no run in {path}: expected the --output of "
            "sanet train or experiments/cifar.py, with run.json"
        )
    try:
        flags = files.read_json(record)["flags"]
        model, dataset = flags["model"], flags["dataset"]
        numbers = {name: flags[name] for name in (*LARGEST, "dropout_rate")}
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{record} is damaged, or not of a classifier "
            f"({type(error).__name__}: {error})"
        ) from error
    if not isinstance(model, str) or model not in MODELS:
        raise UserError(
            f"{record} names the network {model!r}; expected one of "
            f"{', '.join(MODELS)}"
        )
    for name, value in numbers.items():
        highest = LARGEST.get(name, 1)
        if (model, name) == ("vgg16", "image_size"):
            highest = LARGEST_VGG16
        if not isinstance(value, int | float) or not 0 <= value <= highest:
            raise UserError(
                f"{record} is damaged: expected --{name} from 0 to {highest}, "
                f"got {value!r}"
            )
    if not isinstance(dataset, str):
        raise UserError(f"{record} is damaged: --dataset is {dataset!r}")
    return flags


def _read_labels(path):
    try:
        return parse_labels(files.read_small(path / LABELS))
    except ValueError as error:
        raise UserError(f"{path / LABELS} is damaged: {error}") from error


def _check_classes(path, classes):
    """Before a network of so many is built, which may ask for much memory."""
    try:
        shapes = hdf5.examine(path / WEIGHTS).values()
    except Exception as error:  # what a damaged file raises is not documented
        raise _damaged(path / WEIGHTS, error) from error
    if classes not in {shape[-1] for shape in shapes if shape}:
        raise UserError(
            f"{path / LABELS} has {classes} names, and no weight in {WEIGHTS} "
            "has as many outputs: one of the two is damaged, or of another run"
        )


def _load(model, path):
    try:
        load_weights(model, path)
    except Exception as error:
        raise _damaged(path, error.__cause__ or error) from error


def _damaged(path, error):
    reason = first_line(error)
    return UserError(
        f"{path} is damaged, or not of the network in run.json ({reason})"
    )
