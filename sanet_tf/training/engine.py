"""Training that shows progress, resumes, and never keeps a NaN.

Every epoch is a function of the weights, the seed and the epoch's number
alone, and ends in one atomic checkpoint. A killed training therefore goes on
from its last complete epoch as if nothing had happened.
"""

import math
import sys
import time

import keras

from sanet_tf.training import checkpoint
from sanet_tf.training.checks import are_finite
from sanet_tf.training.datasets import as_dataset
from sanet_tf.training.progress import Watch, progress_bar
from sanet_tf.utils import files
from sanet_tf.utils.errors import UserError


class Engine:
    """The epochs of a training; its kinds say what an epoch is.

    `train` takes those that are missing. What differs between classifiers
    and restoration are the methods below it.

    Args:
        model: a compiled `keras.Model`.
        folder: where log.csv is written; None writes nothing.
        checkpoint_name: of the file in it to resume from.
        num_epochs: epochs in all.
        steps_per_epoch: updates of the weights in an epoch.
        batch_size: images in an update.
        seed: integer that decides all that is drawn.
        parts: batches of `batches` to an update.
        callbacks: Keras's, which see all epochs as one training, without
            the steps of validation.

    Attributes:
        state: `{"epochs": [a dictionary each]}`, and what else is kept in
            the checkpoint, for JSON.
    """

    advice = "Lower the learning rate"  # where the loss is not finite
    lags = False  # whether a validation that is not finite can be an early one

    def __init__(
        self,
        model,
        folder,
        checkpoint_name,
        num_epochs,
        steps_per_epoch,
        batch_size,
        seed=0,
        parts=1,
        callbacks=(),
    ):
        self.model = model
        self.folder = folder
        self._checkpoint_name = checkpoint_name
        self.num_epochs = num_epochs
        self.steps_per_epoch = steps_per_epoch
        self.batch_size = batch_size
        self.seed = seed
        self.parts = parts
        self.callbacks = keras.callbacks.CallbackList(
            list(callbacks), model=model
        )
        self.state = {"epochs": []}

    def train(self, shown=True):
        """Trains the epochs that are missing.

        Args:
            shown: whether this process shows the progress.

        Raises:
            UserError: the loss is not finite, or the checkpoint is damaged
                or another training's. The last good epoch is kept.
        """
        done, total = self._resume(), self.num_epochs
        steps = self.steps_per_epoch
        self.model.stop_training = False  # by a callback, as in Keras
        self.callbacks.on_train_begin()
        self.resumed()
        with progress_bar(total * steps, done * steps, shown=shown) as bar:
            for epoch in range(done, total):
                bar.set_description(f"epoch {epoch + 1}/{total}")
                entry = self._train_epoch(epoch, bar)
                bar.write(self.line(entry), file=sys.stdout)
                sys.stdout.flush()
                if self.model.stop_training:
                    break
        self.callbacks.on_train_end()

    def batches(self, epoch):
        """A `keras.utils.PyDataset` or `tf.data.Dataset`; epochs from 0."""
        raise NotImplementedError

    def evaluate(self, epoch, callbacks):
        """The loss and metrics of validation, `{name: number}`."""
        raise NotImplementedError

    def score(self, entry):
        """How good an epoch is; None if that is not known."""
        raise NotImplementedError

    def keep_best(self):
        """Writes the weights, which are those of the best epoch."""
        raise NotImplementedError

    def line(self, entry):
        """What is shown of an epoch."""
        raise NotImplementedError

    def log(self):
        """Writes log.csv; its length tells that an epoch is complete."""
        path = files.inside(self.folder, "log.csv")
        files.write_csv(path, self.state["epochs"])

    def check_state(self, state):
        """Refuses the checkpoint of another training."""

    def resumed(self):
        """Is called before the first epoch, with the `state` of the last."""

    def check_step(self):
        """Is called after each step; what it raises ends the training."""

    def before_epoch(self, epoch):
        """Is called before an epoch's first step."""

    def after_steps(self, logs):
        """Is called after an epoch's last step, with Keras's logs of it."""

    def before_commit(self):
        """Is called when an epoch is in `state`, which is then written."""

    @property
    def best(self):
        """The entry of the best epoch, the first of equals, or None."""
        scored = [e for e in self.state["epochs"] if self.score(e) is not None]
        return max(scored, key=self.score, default=None)

    def refuse(self, loss, where, epoch):
        """Ends a training whose loss is not finite.

        Args:
            loss: the loss.
            where: what goes before the epoch.
            epoch: its number, from 0.

        Raises:
            UserError: always.
        """
        kept = f"the weights of epoch {epoch} are kept"
        raise UserError(
            f"the loss became {loss} {where} epoch {epoch + 1}; "
            f"{kept if epoch else 'no weights were saved'}. {self.advice}"
        )

    def _resume(self):
        """Loads the checkpoint; returns the number of epochs done."""
        if self.folder is None:
            return len(self.state["epochs"])
        path = files.inside(self.folder, self._checkpoint_name)
        state = checkpoint.read_state(path)
        if state is None:
            return len(self.state["epochs"])
        self.check_state(state)
        self.model.optimizer.build(self.model.trainable_variables)
        checkpoint.restore(path, self.model)
        self.state = state
        epochs = state["epochs"]
        print(f"resuming after epoch {len(epochs)}", flush=True)
        # A kill after the first file of an epoch leaves the others older.
        if self.best is epochs[-1]:
            self.keep_best()
        log = files.inside(self.folder, "log.csv")
        if files.count_rows(log) < len(epochs):
            self.log()
        return len(epochs)

    def _train_epoch(self, epoch, bar):
        self.before_epoch(epoch)
        self.callbacks.on_epoch_begin(epoch)
        watch = Watch(self, epoch, bar)
        logs = self.model.fit(
            as_dataset(self.batches(epoch)),
            initial_epoch=epoch,
            epochs=epoch + 1,
            callbacks=[watch],
            shuffle=False,  # the batches are
            verbose=0,
        ).history
        logs = {name: values[-1] for name, values in logs.items()}
        self.after_steps(logs)
        entry = {
            "epoch": epoch + 1,
            **logs,
            **self._validate(epoch),
            "learning_rate": float(self.model.optimizer.learning_rate),
            "seconds": round(time.monotonic() - watch.started, 3),
            "images_per_second": watch.images_per_second(),
        }
        self.callbacks.on_epoch_end(epoch, dict(entry))
        self._commit(entry)
        return entry

    def _validate(self, epoch):
        """The entries of validation: None each, if its loss is not finite."""
        found = self.evaluate(epoch, [Watch(self, epoch)])
        if not math.isfinite(found["loss"]):
            is_last = epoch + 1 == self.num_epochs
            may_lag = self.lags and not is_last
            if not (may_lag and are_finite(self.model.weights)):
                self.refuse(found["loss"], "in the validation of", epoch)
            found = dict.fromkeys(found)
        return {f"val_{name}": value for name, value in found.items()}

    def _commit(self, entry):
        self.state["epochs"].append(entry)
        self.before_commit()
        if self.folder is None:
            return
        path = files.inside(self.folder, self._checkpoint_name)
        checkpoint.save(path, self.model, self.state)
        if self.best is entry:
            self.keep_best()
        self.log()
