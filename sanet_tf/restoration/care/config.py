"""csbdeep's configurations, with attention."""

import math
from pathlib import PurePath

from csbdeep.models import Config
from csbdeep.models.care_projection import ProjectionConfig

from sanet_tf.layers import QKV_ATTENTION
from sanet_tf.restoration.care.training_fields import SUPERVISED, TRAINING
from sanet_tf.restoration.normalization import are_percentiles
from sanet_tf.restoration.supervision import SUPERVISIONS

CHECKPOINTS = (
    "train_checkpoint",
    "train_checkpoint_last",
    "train_checkpoint_epoch",
)


# A configuration may come from a stranger; beyond these a network would ask
# for all memory there is, or would never be built.
LARGEST_CONVOLUTION = 2**26  # weights
LARGEST_REPETITION = 16  # levels, and convolutions a level
LARGEST_PATCH = 2**20  # positions along an axis
KINDS = ("unet", "gvtnet")
GVTNET = {"unet_kern_size": 3}  # the authors', where csbdeep's are others
GVTNET_PROJECTION = {
    **GVTNET,
    "proj_n_depth": 2,
    "proj_kern": (3, 5, 5),
    "proj_pool": (1, 4, 4),
}


class _AttentionFields:
    """The fields that the networks of this package add.

    Attributes:
        unet: "unet", CARE's network with attention, or "gvtnet", the
            `GlobalVoxelUNet`, whose kernels are of size 3.
        attention: a key of `sanet_tf.layers.QKV_ATTENTION`, or None for CARE's
            own network.
        percentiles: of a stack, that become 0 and 1 before it is restored.
        train_patch_size: positions of a training patch along each spatial
            axis; `train` sets it. The window of `statistics="window"`.
        train_beta_1: of Adam.
        train_decay_steps: steps after which the learning rate is multiplied
            by `train_decay_rate`, again and again; None: never. Then
            `train_reduce_lr` does nothing.
        train_decay_rate: a factor from 0 to 1.
        train_augment: whether patches are flipped and turned in their plane.
        train_schedule: of the learning rate: "plateau" is csbdeep's
            `train_reduce_lr`, "cosine" goes down to zero over the training.
        train_warmup_steps: in which the rate of a cosine rises from zero.
        train_clip_norm: highest norm of the gradient; 0: any.
        train_ema_momentum: momentum of the moving average of the weights,
            which then is validated and saved; 0: there is none.
        train_supervision: "pairs", "noise2noise" or "noise2void"; the last
            two have the squared error as loss, the last no skip around the
            network and kernels of 3, unless they are given.
        n2v_perc_pix: percentage of voxels that are blind spots in a patch.
        n2v_neighborhood_radius: of where their substitutes are from.
        n2v_manipulator: see `BlindSpots`.
    """

    gvtnet_defaults = GVTNET
    supervisions = SUPERVISIONS

    def __init__(
        self,
        axes="ZYX",
        n_channel_in=1,
        n_channel_out=1,
        probabilistic=False,
        allow_new_parameters=False,
        *,
        unet="unet",
        attention="siamese",
        percentiles=(2, 99.8),  # csbdeep's
        train_patch_size=None,
        train_beta_1=0.9,
        train_decay_steps=None,
        train_decay_rate=0.5,
        train_augment=False,
        train_schedule="plateau",
        train_warmup_steps=0,
        train_clip_norm=0.0,
        train_ema_momentum=0.0,
        train_supervision="pairs",
        n2v_perc_pix=0.198,
        n2v_neighborhood_radius=5,
        n2v_manipulator="uniform_withoutCP",
        **kwargs,
    ):
        own = dict(SUPERVISED.get(train_supervision, {}))
        if probabilistic:
            own.pop("train_loss", None)  # csbdeep's: the likelihood
        kwargs = {**own, **kwargs}
        if unet == "gvtnet":
            kwargs = {**self.gvtnet_defaults, **kwargs}
        kwargs.pop("n_dim", None)  # follows from the axes
        super().__init__(
            axes,
            n_channel_in,
            n_channel_out,
            probabilistic,
            allow_new_parameters,
            **kwargs,
        )
        self.unet = unet
        self.attention = attention
        self.percentiles = percentiles
        self.train_patch_size = train_patch_size
        self.train_beta_1 = train_beta_1
        self.train_decay_steps = train_decay_steps
        self.train_decay_rate = train_decay_rate
        self.train_augment = train_augment
        self.train_schedule = train_schedule
        self.train_warmup_steps = train_warmup_steps
        self.train_clip_norm = train_clip_norm
        self.train_ema_momentum = train_ema_momentum
        self.train_supervision = train_supervision
        self.n2v_perc_pix = n2v_perc_pix
        self.n2v_neighborhood_radius = n2v_neighborhood_radius
        self.n2v_manipulator = n2v_manipulator

    def is_valid(self, return_invalid=False):
        _, invalid = super().is_valid(return_invalid=True)
        invalid = list(invalid)
        if self.attention not in (None, *QKV_ATTENTION):
            invalid.append("attention")
        if self.unet not in KINDS:
            invalid.append("unet")
        if self.unet == "gvtnet":
            fixed = {"unet_kern_size": 3, "proj_n_conv_per_depth": 1}
            invalid += [
                name for name, n in fixed.items() if getattr(self, name, n) != n
            ]
        if self.train_supervision not in self.supervisions:
            invalid.append("train_supervision")
        if self.train_schedule == "cosine" and self.train_decay_steps:
            invalid.append("train_decay_steps")  # one or the other
        if not are_percentiles(self.percentiles):
            invalid.append("percentiles")
        if not _is_patch(self.train_patch_size, self.n_dim):
            invalid.append("train_patch_size")
        invalid += [
            name
            for name, is_valid in TRAINING.items()
            if not is_valid(getattr(self, name))
        ]
        if not invalid:
            invalid += self._too_large()
        for name in CHECKPOINTS:
            if name not in invalid and not _is_file_name(getattr(self, name)):
                invalid.append(name)
        if return_invalid:
            return not invalid, tuple(invalid)
        return not invalid

    def _too_large(self):
        """Names of the fields that ask for too large a network."""
        if self.unet_n_depth > LARGEST_REPETITION:
            return ["unet_n_depth"]
        widest = self.unet_n_first * 2**self.unet_n_depth
        kernel = self.unet_kern_size**self.n_dim
        return [
            name
            for name, channels in (
                ("unet_n_first", widest**2 // 2),
                ("n_channel_in", self.n_channel_in * widest),
                ("n_channel_out", self.n_channel_out * widest),
            )
            if kernel * channels > LARGEST_CONVOLUTION
        ]

    @classmethod
    def update_loaded_config(cls, config):
        """A configuration that csbdeep wrote has no attention."""
        return {"attention": None, **config}


class SiameseConfig(_AttentionFields, Config):
    """csbdeep's `Config`, and the fields that this package adds.

    Example:
        >>> config = SiameseConfig("ZYX", attention="siamese")
    """


class SiameseProjectionConfig(_AttentionFields, ProjectionConfig):
    """csbdeep's `ProjectionConfig`, with the fields of `SiameseConfig`."""

    gvtnet_defaults = GVTNET_PROJECTION
    supervisions = ("pairs", "noise2noise")  # a plane is no hidden voxel

    def _too_large(self):
        fields = super()._too_large()
        for name in "proj_n_depth", "proj_n_conv_per_depth":
            if int(getattr(self, name)) > LARGEST_REPETITION:
                fields.append(name)
        channels = max(int(self.proj_n_filt), self.n_channel_in)
        weights = channels * int(self.proj_n_filt) * math.prod(self.proj_kern)
        if weights > LARGEST_CONVOLUTION:
            fields.append("proj_n_filt")
        return fields


def _is_patch(sizes, dimensions):
    return sizes is None or (
        isinstance(sizes, list | tuple)
        and len(sizes) == dimensions
        and all(
            isinstance(size, int) and 0 < size <= LARGEST_PATCH
            for size in sizes
        )
    )


def _is_file_name(name):
    """Whether it is a weights file in the model's folder itself."""
    return name is None or (
        isinstance(name, str)
        and "\\" not in name
        and PurePath(name).name == name
        and name.endswith((".h5", ".hdf5"))  # Keras reads no other
    )
