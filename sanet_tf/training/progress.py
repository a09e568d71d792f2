"""Progress, speed, and an end to a run that has gone wrong."""

import math
import statistics
import sys
import time

import keras
from tqdm import tqdm

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
    """Shows an epoch's progress; ends a training whose loss is not finite.

    Args:
        engine: a `sanet_tf.training.engine.Engine`, whose callbacks are told
            of the steps.
        epoch: number of the epoch, from 0.
        bar: the progress bar of training, or None in validation.
    """

    def __init__(self, engine, epoch, bar=None):
        super().__init__()
        self.engine = engine
        self.epoch = epoch
        self.bar = bar
        self.started = time.monotonic()  # clocks are set, and go back
        self.ticks = []  # (time, step) after each execution

    def on_epoch_begin(self, epoch, logs=None):
        if keras.backend.backend() == "torch":
            # Keras's dropout draws from its generator, whose state is in no
            # checkpoint; so has Keras, when it built the first step.
            import torch  # pyright: ignore[reportMissingImports]

            torch.manual_seed(derive_seed(self.engine.seed, epoch))

    def on_train_batch_begin(self, batch, logs=None):
        self.engine.callbacks.on_train_batch_begin(batch, logs)

    def on_train_batch_end(self, batch, logs=None):
        steps = self.engine.steps_per_epoch
        taken = (batch + 1) / self.engine.parts
        self.ticks.append((time.perf_counter(), taken))
        loss = float(logs["loss"])
        self.engine.check_step()
        if not math.isfinite(loss):
            step = math.ceil(taken)
            self.engine.refuse(loss, f"at step {step} of", self.epoch)
        done = self.epoch * steps + min(int(taken), steps)
        self.bar.update(done - self.bar.n)
        self.bar.set_postfix(loss=f"{loss:.4f}", refresh=False)
        self.engine.callbacks.on_train_batch_end(batch, logs)

    def on_test_batch_end(self, batch, logs=None):
        self.engine.check_step()

    def images_per_second(self):
        """Median rate after the first execution, which builds the graph."""
        pairs = zip(self.ticks, self.ticks[1:], strict=False)
        rates = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in pairs]
        if not rates:
            return None
        rate = statistics.median(rates) * self.engine.batch_size
        return round(rate, 2)


class _Lines:
    """A log file gets the progress as lines, without carriage returns."""

    def write(self, text):
        if text.strip():
            sys.stderr.write(text.strip() + "\n")

    def flush(self):
        sys.stderr.flush()
