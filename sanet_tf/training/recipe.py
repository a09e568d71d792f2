"""How a network is trained: the hyperparameters."""

import dataclasses

from sanet_tf.utils.errors import UserError

# In the names of BatchNorm's weights and of biases, in all networks.
DECAY_EXCLUDE = ("gamma", "beta", "bias")
WARMED_UP = ("cosine", "flat_cosine")


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Hyperparameters of gradient descent.

    Attributes:
        epochs: number of passes over the training images.
        batch_size: images in a step, over all devices.
        learning_rate: highest learning rate.
        schedule: "steps" multiplies it by `decay_rate` at each of
            `decay_epochs`; "cosine" lowers it to zero; "flat_cosine" does so
            in the last quarter of the run; "onecycle" raises it from a 25th,
            during three tenths of the run, and lowers it to zero (L. Smith,
            arXiv:1803.09820, with half cosines), the momentum being constant.
        decay_epochs: epochs after which a "steps" schedule decays.
        decay_rate: factor of each decay.
        warmup_epochs: epochs in which "cosine" (linearly) and "flat_cosine"
            (by half a cosine) rise from zero.
        optimizer: "sgd", "adamw", "lion" or "muon", which takes AdamW for all
            weights but matrices.
        momentum: momentum of SGD; the others have Keras's.
        nesterov: whether it is Nesterov's.
        weight_decay: of SGD the coefficient of L2, as in recipes that add it
            to the gradient; of the others that of decoupled decay, in each
            step the share `learning_rate * weight_decay` of a weight.
        decay_exclude: weights without decay, by parts of their names.
        label_smoothing: share of each label spread over all classes.
        clip_norm: highest norm of the gradient of all weights together, by
            which it is scaled down, before weight decay; 0 leaves it.
        ema_momentum: momentum of the moving average of the weights that is
            evaluated; 0 evaluates the weights themselves.
        backbone_rate: factor of the learning rate of all weights but the
            classifier's, or None for 1.
        accumulate_steps: parts of a batch that are taken one after the other,
            of whose gradients the step takes the mean.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    schedule: str = "steps"
    decay_epochs: tuple[int, ...] = ()
    decay_rate: float = 0.1
    warmup_epochs: int = 0
    optimizer: str = "sgd"
    momentum: float = 0.9
    nesterov: bool = False
    weight_decay: float = 0.0
    decay_exclude: tuple[str, ...] = DECAY_EXCLUDE
    label_smoothing: float = 0.0
    clip_norm: float = 0.0
    ema_momentum: float = 0.0
    backbone_rate: float | None = None
    accumulate_steps: int = 1

    def __post_init__(self):
        if self.warmup_epochs and self.schedule not in WARMED_UP:
            raise UserError(
                "--warmup_epochs goes with --schedule=cosine or flat_cosine, "
                f"got --schedule={self.schedule} and "
                f"--warmup_epochs={self.warmup_epochs}"
            )
        if self.warmup_epochs >= self.epochs:
            raise UserError(
                "expected --warmup_epochs below --epochs, got "
                f"{self.warmup_epochs} and {self.epochs}; add "
                f"--warmup_epochs={self.epochs // 4}"
            )
        if self.schedule == "flat_cosine" and (
            4 * self.warmup_epochs > 3 * self.epochs
        ):
            raise UserError(
                "expected --warmup_epochs in the first three quarters of a "
                "--schedule=flat_cosine, whose last falls, got "
                f"{self.warmup_epochs} of {self.epochs} epochs"
            )
        if list(self.decay_epochs) != sorted({0, *self.decay_epochs})[1:]:
            raise UserError(
                "expected --decay_epochs above 0 in rising order, got "
                f"{','.join(map(str, self.decay_epochs))}"
            )
        if self.nesterov and self.optimizer != "sgd":
            raise UserError(
                "--nesterov goes with --optimizer=sgd, got "
                f"--optimizer={self.optimizer}"
            )
