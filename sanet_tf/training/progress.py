"""Progress, speed, and an end to a run that has gone wrong."""

import math
import statistics
import sys
import time

import keras
from tqdm import tqdm

from sanet_tf.utils.errors import UserError
from sanet_tf.utils.seeds import derive_seed


def progress_bar(total, initial, unit="step", shown=True):
    """Steps of a whole run with the time left; lines where it is no terminal.

    One step has none.

    Args:
        total: steps of the run.
        initial: steps that an earlier process has done.
        unit: what is counted.
        shown: whether this process shows it.

    Returns:
        A `tqdm` bar.
    """
    terminal = sys.stderr.isatty()
    interval = 0.5 if terminal else 30  # seconds
    return tqdm(
        total=total,
        initial=initial,
        unit=unit,
        mininterval=interval,
        maxinterval=interval,
        file=sys.stderr if terminal else _Lines(),
        disable=total == 1 or not shown,
    )


class Watch(keras.callbacks.Callback):
    """Shows an epoch's progress; ends the run when the loss is not finite.

    Args:
        trainer: a `sanet_tf.training.trainer.Trainer`.
        epoch: number of the epoch, from 0.
        bar: the progress bar of training, or None in validation.
    """

    def __init__(self, trainer, epoch, bar=None):
        super().__init__()
        self.trainer = trainer
        self.epoch = epoch
        self.bar = bar
        self.started = time.monotonic()  # clocks are set, and go back
        self.ticks = []  # (time, step) after each execution

    def on_epoch_begin(self, epoch, logs=None):
        if keras.backend.backend() == "torch":
            # Keras's dropout draws from its generator, whose state is in no
            # checkpoint; so has Keras, when it built the first step.
            import torch

            torch.manual_seed(derive_seed(self.trainer.seed, epoch))

    def on_train_batch_end(self, batch, logs=None):
        steps = self.trainer.steps_per_epoch
        taken = (batch + 1) / self.trainer.recipe.accumulate_steps
        self.ticks.append((time.perf_counter(), taken))
        loss = float(logs["loss"])
        self.trainer.check_strict()
        if not math.isfinite(loss):
            refuse_loss(loss, f"at step {math.ceil(taken)} of", self.epoch)
        done = self.epoch * steps + min(int(taken), steps)
        self.bar.update(done - self.bar.n)
        self.bar.set_postfix(loss=f"{loss:.4f}", refresh=False)

    def on_test_batch_end(self, batch, logs=None):
        self.trainer.check_strict()

    def images_per_second(self):
        """Median rate after the first execution, which builds the graph."""
        pairs = zip(self.ticks, self.ticks[1:], strict=False)
        rates = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in pairs]
        if not rates:
            return None
        rate = statistics.median(rates) * self.trainer.recipe.batch_size
        return round(rate, 2)


def refuse_loss(loss, where, epoch):
    """Ends a run whose loss is not finite.

    Args:
        loss: the loss.
        where: what goes before the epoch.
        epoch: its number, from 0.

    Raises:
        UserError: always.
    """
    kept, place = "no weights were saved", ""
    if epoch:
        kept = f"the weights of epoch {epoch} are kept"
        place = ", in another --output_dir"
    raise UserError(
        f"the loss became {loss} {where} epoch {epoch + 1}; {kept}. Try a "
        f"lower --learning_rate{place}"
    )


def epoch_line(entry):
    """What is shown of an epoch, an entry of `Trainer.state`."""
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


class _Lines:
    """A log file gets the progress as lines, without carriage returns."""

    def write(self, text):
        if text.strip():
            sys.stderr.write(text.strip() + "\n")

    def flush(self):
        sys.stderr.flush()
