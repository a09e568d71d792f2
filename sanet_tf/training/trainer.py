"""The training of a classifier, on every backend of Keras."""

import contextlib
import warnings

import keras

from sanet_tf.training import checkpoint
from sanet_tf.training import checks as training_checks
from sanet_tf.training.datasets import as_dataset
from sanet_tf.training.distribution import Distribution
from sanet_tf.training.engine import Engine
from sanet_tf.training.optimizers import make_optimizer
from sanet_tf.training.precise_batch_norm import PreciseBatchNorm
from sanet_tf.training.run_directory import CHECKPOINT, WEIGHTS
from sanet_tf.training.summary import write_summary
from sanet_tf.utils.errors import UserError
from sanet_tf.utils.seeds import derive_seed

UNPADDED_LOSS = "cross_entropy"  # the loss of padded batches


class Trainer(Engine):
    """Trains a classifier in a run's folder.

    Args:
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

    Attributes:
        state: `{"data": the feed's identity, "epochs": [a dictionary each],
            "skipped": {name: reason}}`.
    """

    advice = "Try a lower --learning_rate, in another --output"
    # BatchNorm's moving averages do, early in a run; products of activations
    # can then overflow.
    lags = True

    def __init__(
        self,
        model,
        recipe,
        feed,
        run,
        seed=0,
        strict=False,
        steps_per_execution=1,
        distribution=None,
        use_xla=False,
        precise_batch_norm=0,
    ):
        self.distribution = distribution or Distribution()
        training_checks.check_precise(precise_batch_norm, self.distribution)
        size, batch = feed.sizes["train"], recipe.batch_size
        training_checks.check_batch(min(batch, size), recipe, self.distribution)
        super().__init__(
            model,
            run.path,
            CHECKPOINT,
            recipe.epochs,
            max(1, size // batch),
            batch,
            seed,
            recipe.accumulate_steps,
        )
        self.recipe, self.feed = recipe, feed
        self.run, self.strict = run, strict
        self.state = {"data": feed.identity, "epochs": [], "skipped": {}}
        self.optimizer = make_optimizer(recipe, self.steps_per_epoch)
        self._precise = PreciseBatchNorm(model, precise_batch_norm)
        self._compile(steps_per_execution, use_xla)

    def _compile(self, steps_per_execution, use_xla):
        top = min(5, len(self.feed.class_names))
        options = {
            "from_logits": True,
            "label_smoothing": self.recipe.label_smoothing,
        }
        metrics = [
            keras.metrics.CategoricalAccuracy(name="top1"),
            keras.metrics.TopKCategoricalAccuracy(top, name="top5"),
        ]
        if self.feed.shard.padded:  # Keras's own loss counts all rows
            metrics.append(
                keras.metrics.CategoricalCrossentropy(UNPADDED_LOSS, **options)
            )
        self.model.compile(
            self.optimizer,
            keras.losses.CategoricalCrossentropy(**options),
            weighted_metrics=metrics,
            steps_per_execution=steps_per_execution,
            # On CPU, XLA's convolutions are slower; JAX has no others.
            jit_compile=use_xla or keras.backend.backend() == "jax",
        )
        self.optimizer.build(self.model.trainable_variables)

    def train(self):
        """Trains the epochs that are missing."""
        # Skipped images make the number of batches unknown; Keras warns then.
        warnings.filterwarnings("ignore", "Your input ran out of data")
        self.distribution.check_same("data", {"sum": self.feed.identity})
        super().train(shown=self.distribution.process == 0)

    def batches(self, epoch):
        return self.feed.batches("train", derive_seed(self.seed, epoch))

    def evaluate(self, epoch, callbacks):
        with self._evaluated(epoch):
            found = self.model.evaluate(
                as_dataset(self.feed.batches("val")),
                callbacks=callbacks,
                return_dict=True,
                verbose=0,
            )
        found["loss"] = found.pop(UNPADDED_LOSS, found["loss"])
        return found

    def score(self, entry):
        return entry["val_top1"]

    def keep_best(self):
        with self._evaluated(self.best["epoch"] - 1):
            checkpoint.save(self.run / WEIGHTS, self.model, self.best)

    def line(self, entry):
        trained = (
            f"epoch {entry['epoch']}: loss {entry['loss']:.4f}, "
            f"top-1 {entry['top1']:.4f}; "
        )
        if entry["val_loss"] is None:
            return (
                trained
                + "validation loss not finite, though all weights are; going on"
            )
        return (
            f"{trained}validation loss {entry['val_loss']:.4f}, "
            f"top-1 {entry['val_top1']:.4f}, top-5 {entry['val_top5']:.4f}; "
            f"{entry['seconds']:.0f} s"
        )

    def log(self):
        epochs = self.state["epochs"]
        write_summary(self.run / "logs", len(epochs), epochs[-1])
        super().log()

    def check_state(self, state):
        if state.get("data") != self.feed.identity:
            raise UserError(
                f"{self.run.path} holds a run on other data (--data_dir); "
                "choose another --output"
            )

    def resumed(self):
        """Says what is wrong with the data before Keras says there are none."""
        self.feed.skipped.update(self.state["skipped"])
        epoch = len(self.state["epochs"])
        for split, batches in (
            ("train", self.batches(epoch)),
            ("val", self.feed.batches("val")),
        ):
            if next(iter(batches), None) is None:
                raise UserError(
                    f"not one full batch of {self.batch_size} images "
                    f"to {split} on could be read: {self._first_skipped()}"
                )
            self.check_step()

    def check_step(self):
        if self.strict and self.feed.skipped:
            raise UserError(f"--strict: {self._first_skipped()}")

    def before_epoch(self, epoch):
        self.distribution.seed_dropout(self.model, self.seed, epoch)

    def after_steps(self, logs):
        self.distribution.unite(self.model)
        logs.pop(UNPADDED_LOSS, None)

    def before_commit(self):
        for skipped in self.distribution.gather(self.feed.skipped):
            self.state["skipped"].update(skipped)
        self.state["skipped"] = dict(sorted(self.state["skipped"].items()))

    @contextlib.contextmanager
    def _evaluated(self, epoch):
        """Within it the model is what is evaluated and kept.

        With averaged weights and precise statistics, as far as these are
        wanted, after it with those that training goes on with.
        """
        with (
            self.optimizer.averaged(),
            self._precise.applied(epoch, lambda: self.batches(epoch)),
        ):
            yield

    def _first_skipped(self):
        name, reason = next(iter(self.feed.skipped.items()))
        return f"{name}: {reason}"
