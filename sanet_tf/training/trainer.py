"""Training that shows progress, resumes, and never keeps a NaN.

Every epoch is a function of the weights, the seed and the epoch's number
alone, and ends in one atomic checkpoint. A killed run therefore goes on from
its last complete epoch as if nothing had happened. On every backend of Keras.
"""

import contextlib
import dataclasses
import math
import sys
import time
import warnings

import keras

from sanet_tf.training import checkpoint
from sanet_tf.training import checks as training_checks
from sanet_tf.training.distribution import Distribution
from sanet_tf.training.optimizers import make_optimizer
from sanet_tf.training.precise_batch_norm import PreciseBatchNorm
from sanet_tf.training.progress import (
    Watch,
    epoch_line,
    progress_bar,
    refuse_loss,
)
from sanet_tf.training.run_directory import CHECKPOINT, WEIGHTS
from sanet_tf.training.summary import write_summary
from sanet_tf.utils import files
from sanet_tf.utils.errors import UserError
from sanet_tf.utils.seeds import derive_seed

EXACT = "cross_entropy"  # the loss of padded batches


@dataclasses.dataclass
class Trainer:
    """Trains a classifier in a run's folder.

    Attributes:
        model: a `keras.Model` that gives logits.
        recipe: a `sanet_tf.training.recipe.Recipe`.
        feed: what gives the batches, a feed of `sanet_tf.training.feeds`.
        run: a `sanet_tf.training.run_directory.RunDirectory`.
        seed: integer that decides order, crops, flips and dropout.
        strict: whether an image that cannot be read ends the run.
        steps_per_execution: training steps between two looks at the loss.
        distribution: the `Distribution` in whose scope the model was
            built, and this is.
        use_xla: whether TensorFlow compiles the steps.
        precise_batch_norm: training images from which BatchNorm's statistics
            are estimated for each validation and for the best weights; 0
            takes the running averages.
        state: `{"data": the feed's identity, "epochs": [a dictionary each],
            "skipped": {name: reason}}`.
    """

    model: keras.Model
    recipe: object
    feed: object
    run: object
    seed: int = 0
    strict: bool = False
    steps_per_execution: int = 1
    distribution: Distribution = dataclasses.field(default_factory=Distribution)
    use_xla: bool = False
    precise_batch_norm: int = 0

    def __post_init__(self):
        training_checks.check_precise(
            self.precise_batch_norm, self.distribution
        )
        data = self.feed.identity
        self.state = {"data": data, "epochs": [], "skipped": {}}
        size, batch = self.feed.sizes["train"], self.recipe.batch_size
        training_checks.check_batch(
            min(batch, size), self.recipe, self.distribution
        )
        self.steps_per_epoch = max(1, size // batch)
        self.optimizer = make_optimizer(self.recipe, self.steps_per_epoch)
        top = min(5, len(self.feed.class_names))
        options = {
            "from_logits": True,
            "label_smoothing": self.recipe.label_smoothing,
        }
        metrics = [
            keras.metrics.CategoricalAccuracy(name="top1"),
            keras.metrics.TopKCategoricalAccuracy(top, name="top5"),
        ]
        if self.feed.share.padded:  # Keras's own loss counts all rows
            metrics.append(
                keras.metrics.CategoricalCrossentropy(EXACT, **options)
            )
        self.model.compile(
            self.optimizer,
            keras.losses.CategoricalCrossentropy(**options),
            weighted_metrics=metrics,
            steps_per_execution=self.steps_per_execution,
            # On CPU, XLA's convolutions are slower; JAX has no others.
            jit_compile=self.use_xla or keras.backend.backend() == "jax",
        )
        self.model.optimizer.build(self.model.trainable_variables)
        self._precise = PreciseBatchNorm(self.model, self.precise_batch_norm)

    @property
    def best(self):
        """The entry of the best epoch: the first of the highest val_top1."""
        validated = [
            e for e in self.state["epochs"] if e["val_top1"] is not None
        ]
        return max(validated, key=lambda e: e["val_top1"], default=None)

    def train(self):
        """Trains the epochs that are missing."""
        # Skipped images make the number of batches unknown; Keras warns then.
        warnings.filterwarnings("ignore", "Your input ran out of data")
        self.distribution.check_same("data", {"sum": self.feed.identity})
        self._resume()
        done = len(self.state["epochs"])
        self._check_first_batches()
        total = self.recipe.epochs * self.steps_per_epoch
        speaks = self.distribution.process == 0
        done_steps = done * self.steps_per_epoch
        with progress_bar(total, done_steps, shown=speaks) as bar:
            for epoch in range(done, self.recipe.epochs):
                bar.set_description(f"epoch {epoch + 1}/{self.recipe.epochs}")
                self._train_epoch(epoch, bar)

    def _resume(self):
        last = self.run / CHECKPOINT
        state = checkpoint.read_state(last)
        if state is None:
            return
        if state.get("data") != self.feed.identity:
            raise UserError(
                f"{self.run.path} holds a run on other data (--data_dir); "
                "choose another --output_dir"
            )
        self.state = state
        self.feed.skipped.update(state["skipped"])
        checkpoint.restore(last, self.model)
        print(f"resuming after epoch {len(state['epochs'])}", flush=True)
        # A kill after the first file of an epoch leaves the others older.
        best = checkpoint.read_state(self.run / WEIGHTS)
        if self.best == state["epochs"][-1] and best != self.best:
            self._save_best()
        if files.count_rows(self.run / "log.csv") < len(state["epochs"]):
            self._log()

    def _train_epoch(self, epoch, bar):
        self.distribution.seed_dropout(self.model, self.seed, epoch)
        watch = Watch(self, epoch, bar)
        logs = self.model.fit(
            self._batches(epoch),
            initial_epoch=epoch,
            epochs=epoch + 1,
            callbacks=[watch],
            shuffle=False,  # the batches are
            verbose=0,
        ).history
        self.distribution.unite(self.model)
        logs.pop(EXACT, None)
        entry = {
            "epoch": epoch + 1,
            **{name: values[-1] for name, values in logs.items()},
            **self._validate(epoch),
            "learning_rate": float(self.optimizer.learning_rate),
            "seconds": round(time.monotonic() - watch.started, 3),
            "images_per_second": watch.images_per_second(),
        }
        self._commit(entry)
        bar.write(epoch_line(entry), file=sys.stdout)
        sys.stdout.flush()

    def _validate(self, epoch):
        """The entries of validation: None each, if its loss is not finite.

        While BatchNorm's moving averages lag behind, early in a run, products
        of activations can overflow.

        Raises:
            UserError: it is not finite in the last epoch, or by weights that
                are not.
        """
        with self._evaluated(epoch):
            found = self.model.evaluate(
                self.feed.batches("val"),
                callbacks=[Watch(self, epoch)],
                return_dict=True,
                verbose=0,
            )
        found["loss"] = found.pop(EXACT, found["loss"])
        if not math.isfinite(found["loss"]):
            is_last = epoch + 1 == self.recipe.epochs
            if is_last or not training_checks.are_finite(self.model.weights):
                refuse_loss(found["loss"], "in the validation of", epoch)
            found = dict.fromkeys(found)
        return {f"val_{name}": value for name, value in found.items()}

    def _commit(self, entry):
        self.state["epochs"].append(entry)
        for skipped in self.distribution.gather(self.feed.skipped):
            self.state["skipped"].update(skipped)
        self.state["skipped"] = dict(sorted(self.state["skipped"].items()))
        checkpoint.save(self.run / CHECKPOINT, self.model, self.state)
        if self.best is entry:
            self._save_best()
        self._log()

    def _log(self):
        """Writes the logs; the length of log.csv tells that it is done."""
        entry = self.state["epochs"][-1]
        write_summary(self.run / "logs", entry["epoch"], entry)
        files.write_csv(self.run / "log.csv", self.state["epochs"])

    def _save_best(self):
        with self._evaluated(self.best["epoch"] - 1):
            checkpoint.save(self.run / WEIGHTS, self.model, self.best)

    @contextlib.contextmanager
    def _evaluated(self, epoch):
        """Within it the model is what is evaluated and kept.

        With averaged weights and precise statistics, as far as these are
        wanted, after it with those that training goes on with.
        """
        with (
            self.optimizer.averaged(),
            self._precise.applied(epoch, lambda: self._batches(epoch)),
        ):
            yield

    def _batches(self, epoch):
        return self.feed.batches("train", derive_seed(self.seed, epoch))

    def _check_first_batches(self):
        """Says what is wrong before Keras says that there was no data."""
        epoch = len(self.state["epochs"])
        for split, batches in (
            ("train", self._batches(epoch)),
            ("val", self.feed.batches("val")),
        ):
            if next(iter(batches), None) is None:
                raise UserError(
                    f"not one full batch of {self.recipe.batch_size} images "
                    f"to {split} on could be read: {self.first_skipped()}"
                )
            self.check_strict()

    def check_strict(self):
        if self.strict and self.feed.skipped:
            raise UserError(f"--strict: {self.first_skipped()}")

    def first_skipped(self):
        return "; ".join(
            f"{name}: {reason}"
            for name, reason in list(self.feed.skipped.items())[:1]
        )
