"""The training of a restoration model: patches in, weights in its folder."""

import keras

from sanet_tf.models.weights import save_weights
from sanet_tf.restoration.care.optimizer import averaged
from sanet_tf.training.engine import Engine

CHECKPOINT = "checkpoint/last.weights.h5"
PLATEAU = ("best", "wait", "cooldown_counter")  # what the callback knows
MEASURED = ("epoch", "seconds", "images_per_second")  # beside Keras's logs


class RestorationTrainer(Engine):
    """Trains a model's network, for `sanet_tf.restoration.care.resumable`.

    Args:
        care: the model in training; with `basedir` None nothing is written.
        batches: function of the number of a step to the batches from there.
        validation_data: a pair of arrays of patches.
        num_epochs: epochs in all.
        steps_per_epoch: steps in each.
        callbacks: Keras's.
    """

    advice = "Look for NaN in the patches, or lower the learning rate"

    def __init__(
        self,
        care,
        batches,
        validation_data,
        num_epochs,
        steps_per_epoch,
        callbacks,
    ):
        super().__init__(
            care.keras_model,
            None if care.basedir is None else care.logdir,
            CHECKPOINT,
            num_epochs,
            steps_per_epoch,
            care.config.train_batch_size,
            callbacks=callbacks,
        )
        self._care = care
        self._batches, self._validation_data = batches, validation_data
        self._plateau = next(
            (
                callback
                for callback in callbacks
                if isinstance(callback, keras.callbacks.ReduceLROnPlateau)
            ),
            None,
        )
        self.state["plateau"] = None

    def history(self):
        """A Keras `History` of all epochs."""
        epochs = self.state["epochs"]
        history = keras.callbacks.History()
        history.set_model(self.model)
        history.epoch = list(range(len(epochs)))
        history.history = {
            name: [epoch.get(name) for epoch in epochs]
            for name in (epochs or [{}])[0]
            if name not in MEASURED
        }
        return history

    def batches(self, epoch):
        return self._batches(epoch * self.steps_per_epoch)

    def evaluate(self, epoch, callbacks):
        with averaged(self.model.optimizer):
            return self.model.evaluate(
                *self._validation_data,
                callbacks=callbacks,
                return_dict=True,
                verbose=0,
            )

    def score(self, entry):
        return -entry["val_loss"]

    def keep_best(self):
        name = self._care.config.train_checkpoint
        if name is not None:
            with averaged(self.model.optimizer):
                save_weights(self.model, self._care.logdir / name)

    def line(self, entry):
        return (
            f"epoch {entry['epoch']}: loss {entry['loss']:.5f}, "
            f"validation loss {entry['val_loss']:.5f}; "
            f"{entry['seconds']:.0f} s"
        )

    def resumed(self):
        if self._plateau is not None and self.state["plateau"] is not None:
            vars(self._plateau).update(self.state["plateau"])

    def before_commit(self):
        if self._plateau is not None:
            self.state["plateau"] = {
                name: getattr(self._plateau, name) for name in PLATEAU
            }
