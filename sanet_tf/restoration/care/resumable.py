"""csbdeep's training, without its known faults.

It resumes, with the optimizer's state, by the same call; a loss that is not
finite ends it with an error and is never saved; TensorBoard is not needed.
"""

import importlib.util
import warnings
from collections.abc import Callable

import keras
import numpy as np
import numpy.typing as npt
from csbdeep.utils import save_json
from csbdeep.utils.tf import CARETensorBoardImage

from sanet_tf.models.weights import save_weights
from sanet_tf.restoration.care.batches import Batches
from sanet_tf.restoration.care.optimizer import averaged, make_optimizer
from sanet_tf.restoration.care.trainer import RestorationTrainer
from sanet_tf.restoration.care.training_patches import (
    check_patches,
    own_targets,
    projected_targets,
)
from sanet_tf.restoration.supervision.blind_spots import BlindSpots, blinded
from sanet_tf.restoration.supervision.losses import masked
from sanet_tf.utils import files, hdf5


class ResumableTraining:
    """The training of the models in `sanet_tf.restoration.care.care`."""

    def prepare_for_training(self, optimizer=None, **kwargs):
        """csbdeep's: compiles the model and makes its callbacks."""
        has_tensorboard = importlib.util.find_spec("tensorboard") is not None
        if self.config.train_tensorboard and not has_tensorboard:
            warnings.warn(
                "tensorboard is not installed: training goes on without it",
                stacklevel=2,
            )
            self.config.train_tensorboard = False
        config = self.config
        if optimizer is None:
            steps = config.train_epochs * config.train_steps_per_epoch
            optimizer = make_optimizer(config, steps)
        super().prepare_for_training(optimizer, **kwargs)
        if config.train_supervision == "noise2void":
            self.keras_model.compile(
                optimizer,
                masked(config.train_loss),
                metrics=[masked("mse"), masked("mae")],  # csbdeep's
            )
        unwanted = [keras.callbacks.TerminateOnNaN]
        if config.train_schedule == "cosine" or config.train_decay_steps:
            unwanted.append(keras.callbacks.ReduceLROnPlateau)
        self.callbacks = [
            callback
            for callback in self.callbacks
            if not isinstance(callback, tuple(unwanted))
        ]
        for callback in self.callbacks:
            if isinstance(callback, keras.callbacks.TensorBoard):
                _tell_refusals(callback, self.logdir / "logs")

    def train(
        self,
        X: npt.ArrayLike,
        Y: npt.ArrayLike | None,
        validation_data: tuple,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        augmenter: Callable | None = None,
        seed: int = 0,
    ) -> keras.callbacks.History:
        """Trains the network; csbdeep's `train`, which resumes.

        A call after an interruption goes on behind the last complete epoch.
        To train anew, remove the model's folder.

        Args:
            X: array of patches `(n, *axes)`, such as `(n, Z, Y, X, C)`;
                may be memory-mapped.
            Y: the true patches, or those of another noisy picture; of
                "noise2void" None.
            validation_data: a pair like (X, Y).
            epochs: number of epochs in all; None: the configuration's.
            steps_per_epoch: None: the configuration's.
            augmenter: function of a pair of patches, or None.
            seed: integer that decides the order of the patches.

        Returns:
            A `keras.callbacks.History` of all epochs, the resumed ones too.

        Raises:
            ValueError: patches that do not fit each other or the network.
            UserError: the loss is not finite, or the checkpoint is damaged.
        """
        if not isinstance(validation_data, list | tuple) or (
            len(validation_data) != 2
        ):
            raise ValueError(
                "expected `validation_data` as a pair of arrays. "
                f"Received: {type(validation_data).__name__}"
            )
        blind_spots = None
        if self.config.train_supervision == "noise2void":
            blind_spots = _blind_spots(self.config)
            Y, validation_data = own_targets(X, Y, validation_data)
        check_patches(self, X, Y, "X and Y")
        check_patches(self, *validation_data, "validation_data")
        if epochs is None:
            epochs = self.config.train_epochs
        steps = steps_per_epoch or self.config.train_steps_per_epoch
        self._remember_patch_size(X)
        Y, validation_data = projected_targets(self, Y, validation_data)
        if not getattr(self, "_model_prepared", False):
            self.prepare_for_training(
                make_optimizer(self.config, epochs * steps)
            )
        validation = validation_data
        if blind_spots is not None:
            rng = np.random.default_rng(seed)
            validation = blinded(validation_data[0], blind_spots, rng)
        trainer = RestorationTrainer(
            self,
            lambda first: Batches(
                *(X, Y, self.config.train_batch_size, steps),
                *(augmenter, seed, first, self.config.train_augment),
                blind_spots,
            ),
            validation,
            epochs,
            steps,
            [*self.callbacks, *self._pictures(validation_data)],
        )
        trainer.train()
        self._training_finished()
        return trainer.history()

    def _remember_patch_size(self, X):
        if self.config.train_patch_size is None:
            self.config.train_patch_size = [int(n) for n in X.shape[1:-1]]
            if self.basedir is not None:
                config = vars(self.config)
                files.write_atomically(
                    self.logdir / "config.json",
                    lambda path: save_json(config, str(path)),
                )

    def _pictures(self, validation_data):
        """Csbdeep's pictures for TensorBoard."""
        if self.basedir is None or not self.config.train_tensorboard:
            return []
        return [
            _Pictures(
                model=self.keras_model,
                data=validation_data,
                log_dir=str(self.logdir / "logs" / "images"),
                n_images=3,
                prob_out=self.config.probabilistic,
            )
        ]

    def _checkpoint_callbacks(self):
        return []  # the trainer's work

    def _training_finished(self):
        """Writes the last weights and loads the best."""
        if self.basedir is None:
            return
        if self.config.train_checkpoint_last is not None:
            with averaged(self.keras_model.optimizer):
                save_weights(
                    self.keras_model,
                    self.logdir / self.config.train_checkpoint_last,
                )
        best = self.config.train_checkpoint
        if best is not None and (self.logdir / best).exists():
            self.load_weights(best)

    def load_weights(self, name="weights_best.h5"):
        """csbdeep's, of a file that is examined first."""
        if self.basedir is not None:
            hdf5.examine(self.logdir / name)
        super().load_weights(name)

    def _find_and_load_weights(self, prefer="best"):
        """The best weights, or the last, or what csbdeep would load.

        That is the newest file, even one that a killed process left unfinished.
        """
        config = self.config
        for name in config.train_checkpoint, config.train_checkpoint_last:
            if name is not None and (self.logdir / name).is_file():
                self.load_weights(name)
                return
        super()._find_and_load_weights(prefer)


def _blind_spots(config):
    return BlindSpots(
        config.n2v_perc_pix,
        config.n2v_neighborhood_radius,
        config.n2v_manipulator,
    )


def _tell_refusals(callback, folder):
    """A full disk is one line, whatever the callback writes."""
    for name in dir(callback):
        if name.startswith("on_"):
            method = files.os_errors_as_user_errors(folder)(
                getattr(callback, name)
            )
            setattr(callback, name, method)


class _Pictures(CARETensorBoardImage):
    """Csbdeep's pictures, without the warning that their making brings."""

    def on_epoch_end(self, epoch, logs=None):
        with (
            files.os_errors_as_user_errors(self.log_dir),
            warnings.catch_warnings(),
        ):
            warnings.filterwarnings("ignore", "The structure of `inputs`")
            super().on_epoch_end(epoch, logs)
