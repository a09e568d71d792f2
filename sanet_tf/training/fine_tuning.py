"""Training that begins with the weights of another run.

    trained = load_trained("runs/base")
    model = trained.network(classes=len(class_names))
    print(transfer(trained, model, class_names))
    freeze(model, ["stem", "stage1", "stage2"])

Weights go from layer to layer of the same name, so the two networks may
differ elsewhere.
"""

import dataclasses
import json
from collections.abc import Sequence

import keras

from sanet_tf.models.features import layers_named
from sanet_tf.training.run_directory import TRANSFER
from sanet_tf.training.trained import WEIGHTS, Trained
from sanet_tf.utils import files
from sanet_tf.utils.errors import UserError

HEAD = "classifier"  # part of every network's names


@dataclasses.dataclass(frozen=True)
class Transfer:
    """Which layers of a network have got the weights of a run.

    Attributes:
        run: name of the run's folder.
        sha256: checksum of its weights file.
        loaded: names of the layers that have got their weights.
        left: names of the layers that keep their own.
    """

    run: str
    sha256: str
    loaded: tuple[str, ...]
    left: tuple[str, ...]

    def __str__(self):
        return (
            f"weights of {self.run} loaded into {len(self.loaded)} of "
            f"{len(self.loaded) + len(self.left)} layers; not loaded: "
            f"{', '.join(self.left) or 'none'}"
        )

    def keep(self, run):
        """Writes initial_weights.json, or checks that a run began with these.

        Args:
            run: a `sanet_tf.training.run_directory.RunDirectory`.

        Raises:
            UserError: it began with others.
        """
        path = run / TRANSFER
        text = json.dumps(dataclasses.asdict(self), indent=2) + "\n"
        if not path.exists():
            files.write_text(path, text)
        elif path.read_bytes() != text.encode():
            raise UserError(
                f"{path} has other weights than {self.run} has now; choose "
                "another --output"
            )


def transfer(
    trained: Trained, model: keras.Model, class_names: Sequence[str]
) -> Transfer:
    """Loads all weights that fit, by the names and shapes of layers.

    The classifier is left as it is where the classes are not the same: by
    number, name and order.

    Args:
        trained: a `sanet_tf.training.trained.Trained`.
        model: the network that gets its weights; maybe another one.
        class_names: the name of each of its classes.

    Returns:
        A `Transfer`.

    Raises:
        UserError: no layer's weights fit.
    """
    new_head = tuple(class_names) != trained.class_names
    left_out = _names(model, HEAD) if new_head else set()
    sources = {layer.name: layer for layer in trained.model.layers}
    loaded, left = [], []
    for layer in filter(lambda layer: layer.weights, model.layers):
        source = sources.get(layer.name)
        if layer.name not in left_out and _fits(source, layer):
            layer.set_weights(source.get_weights())
            loaded.append(layer.name)
        else:
            left.append(layer.name)
    if not loaded:
        raise UserError(
            f"no layer of {model.name} has the name and the shape of one in "
            f"{trained.path}, a {trained.model.name}: expected a run of the "
            "same network and --alpha"
        )
    return Transfer(
        trained.path.resolve().name,
        files.sha256(trained.path / WEIGHTS),
        tuple(loaded),
        tuple(left),
    )


def freeze(model: keras.Model, names: Sequence[str]) -> int:
    """Excludes parts of a network from training.

    BatchNorm in them uses its moving averages, and does not change them. A
    compiled model has to be compiled again.

    Args:
        model: a network of `MODELS`.
        names: of layers or stages, such as "stem" or "stage2".

    Returns:
        The number of layers with weights that are frozen.

    Raises:
        UserError: there is no such part, or nothing is left to train.
    """
    try:
        frozen = [
            layer for name in names for layer in layers_named(model, name)
        ]
    except ValueError as error:
        raise UserError(f"cannot freeze: {error}") from error
    for layer in frozen:
        layer.trainable = False
    if not model.trainable_weights:
        raise UserError(
            f"expected a part to train, got all of {model.name} frozen"
        )
    return len({layer.name for layer in frozen if layer.weights})


def _names(model, part):
    return {layer.name for layer in layers_named(model, part)}


def _fits(source, layer):
    """Whether two layers are of one kind, and their weights of one shape."""
    return type(source) is type(layer) and (
        [(weight.name, weight.shape) for weight in source.weights]
        == [(weight.name, weight.shape) for weight in layer.weights]
    )
