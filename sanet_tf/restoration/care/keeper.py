"""What training leaves on disk: best weights, and a checkpoint to resume."""

import math

import keras

from sanet_tf.models.weights import save_weights
from sanet_tf.training import checkpoint
from sanet_tf.utils.errors import UserError

CHECKPOINT = "checkpoint/last.weights.h5"


class Keeper(keras.callbacks.Callback):
    """Keeps the best weights and a checkpoint of each epoch.

    Args:
        care: the model in training; with `basedir` None nothing is written.
    """

    def __init__(self, care):
        super().__init__()
        self.care = care
        self.state = {"epochs": [], "plateau": None}

    def resume(self):
        """Loads the checkpoint; returns the number of epochs done."""
        if self.care.basedir is None:
            return 0
        path = self.care.logdir / CHECKPOINT
        state = checkpoint.read_state(path)
        if state is None:
            return 0
        model = self.care.keras_model
        model.optimizer.build(model.trainable_variables)
        checkpoint.restore(path, model)
        self.state = state
        print(f"resuming after epoch {len(state['epochs'])}", flush=True)
        return len(state["epochs"])

    def history(self):
        """A Keras `History` of all epochs."""
        history = keras.callbacks.History()
        history.set_model(self.care.keras_model)
        history.epoch = list(range(len(self.state["epochs"])))
        history.history = {
            name: [epoch.get(name) for epoch in self.state["epochs"]]
            for name in (self.state["epochs"] or [{}])[0]
        }
        return history

    def on_train_begin(self, logs=None):
        plateau = self._plateau()
        if plateau is not None and self.state["plateau"] is not None:
            plateau.__dict__.update(self.state["plateau"])

    def on_train_batch_end(self, batch, logs=None):
        self._check(logs["loss"], f"at step {batch + 1} of")

    def on_epoch_end(self, epoch, logs=None):
        logs = {name: float(value) for name, value in logs.items()}
        self._check(logs["val_loss"], "in the validation of")
        best = min((e["val_loss"] for e in self.state["epochs"]), default=None)
        self.state["epochs"].append(logs)
        plateau = self._plateau()
        if plateau is not None:
            self.state["plateau"] = {
                name: getattr(plateau, name)
                for name in ("best", "wait", "cooldown_counter")
            }
        if self.care.basedir is None:
            return
        name = self.care.config.train_checkpoint
        if name is not None and (best is None or logs["val_loss"] < best):
            save_weights(self.model, self.care.logdir / name)
        checkpoint.save(self.care.logdir / CHECKPOINT, self.model, self.state)

    def _plateau(self):
        for callback in self.care.callbacks:
            if isinstance(callback, keras.callbacks.ReduceLROnPlateau):
                return callback
        return None

    def _check(self, loss, where):
        if not math.isfinite(loss):
            done = len(self.state["epochs"])
            kept = f"the weights of epoch {done} are kept"
            raise UserError(
                f"the loss became {loss} {where} epoch {done + 1}; "
                f"{kept if done else 'no weights were saved'}. Look for NaN "
                "in the patches, or lower the learning rate"
            )
