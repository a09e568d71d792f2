"""csbdeep's `CARE` and `ProjectionCARE` with attention and whole volumes."""

from pathlib import Path

import numpy as np
from csbdeep.models import CARE, ProjectionCARE

from sanet_tf.models.gvtnet import GlobalVoxelProjection, GlobalVoxelUNet
from sanet_tf.models.unet import DenoisingUNet, ProjectionUNet
from sanet_tf.restoration.care.config import (
    SiameseConfig,
    SiameseProjectionConfig,
)
from sanet_tf.restoration.care.resumable import ResumableTraining
from sanet_tf.restoration.packages.fiji import export_fiji
from sanet_tf.restoration.tiling.prediction import Prediction
from sanet_tf.restoration.tiling.tiles import gvtnet_margin, margin
from sanet_tf.utils.types import PathLike


class _Siamese(Prediction, ResumableTraining):
    """What the two models have in common, beside csbdeep's."""

    def export_fiji(self, path: PathLike) -> Path:
        """Writes a zip for Fiji; see `sanet_tf.restoration.packages.fiji`."""
        return export_fiji(self, path)

    def export_TF(self, fname: PathLike | None = None) -> Path:
        """Csbdeep's name for `export_fiji`, by default in the model's folder.

        Raises:
            ValueError: there is neither a name nor a folder.
        """
        if fname is None and self.basedir is None:
            raise ValueError(
                "expected `fname`: a model with basedir=None has no folder"
            )
        return self.export_fiji(fname or self.logdir / "TF_SavedModel.zip")

    def export_bioimageio(
        self, path: PathLike, test_input: np.ndarray, **about
    ):
        """Writes a bioimage.io package; needs sanet_tf[bioimageio].

        See `sanet_tf.restoration.packages.bioimageio.export_bioimageio`.
        """
        from sanet_tf.restoration.packages.bioimageio import export_bioimageio

        return export_bioimageio(self, path, test_input, **about)


class SiameseCARE(_Siamese, CARE):
    """csbdeep's `CARE` with attention, for images and volumes.

    Args:
        config: a `SiameseConfig`, or None to load the model.
        name: name of the model, and of its folder.
        basedir: where the folder is; None writes nothing.

    Raises:
        ValueError: the configuration is not valid; its fields are named.
        FileNotFoundError: there is no such model.
    """

    def _build(self):
        config = self.config
        network = {"unet": DenoisingUNet, "gvtnet": GlobalVoxelUNet}
        return network[config.unet](
            tuple(config.unet_input_shape),
            config.attention,
            **_unet_arguments(config),
        )

    def _axes_tile_overlap(self, query_axes):
        width = _unet_margin(self.config)
        return tuple(width if a in "XYZT" else 0 for a in query_axes)

    @property
    def _config_class(self):
        return SiameseConfig


class SiameseProjectionCARE(_Siamese, ProjectionCARE):
    """csbdeep's `ProjectionCARE` with attention in the 2-D network.

    Args:
        config: a `SiameseProjectionConfig`, or None to load the model.
        name: name of the model, and of its folder.
        basedir: where the folder is; None writes nothing.

    Raises:
        ValueError: the configuration is not valid; its fields are named.
        FileNotFoundError: there is no such model.
    """

    def _build(self):
        config, proj = self.config, self.proj_params
        projection = {
            "proj_axis": config.axes.index(proj.axis),
            "proj_n_depth": proj.n_depth,
            "proj_n_filt": proj.n_filt,
            "proj_kern": tuple(proj.kern),
            "proj_pool": tuple(proj.pool),
        }
        network = GlobalVoxelProjection
        if config.unet == "unet":
            network = ProjectionUNet
            projection["proj_n_conv_per_depth"] = proj.n_conv_per_depth
        return network(
            tuple(config.unet_input_shape),
            config.attention,
            **projection,
            **_unet_arguments(config),
        )

    def _axes_tile_overlap(self, query_axes):
        """The projection's margin and then that of the U-Net."""
        proj, unet = self.proj_params, _unet_margin(self.config)
        is_gvtnet = self.config.unet == "gvtnet"
        widths = {
            axis: unet
            + margin(proj.n_depth, kernel, pool, proj.n_conv_per_depth)
            # The convolution that gives the weights of the planes.
            + (5 if is_gvtnet else kernel) // 2
            for axis, kernel, pool in zip(
                self._spatial, proj.kern, proj.pool, strict=True
            )
            if axis != proj.axis
        }
        return tuple(widths.get(axis, 0) for axis in query_axes)

    @property
    def _config_class(self):
        return SiameseProjectionConfig


def _unet_margin(config):
    if config.unet == "gvtnet":
        return gvtnet_margin(config.unet_n_depth)
    return margin(config.unet_n_depth, config.unet_kern_size)


def _unet_arguments(config):
    kernel = {"kernel_size": config.unet_kern_size}
    return {
        **(kernel if config.unet == "unet" else {}),
        "n_depth": config.unet_n_depth,
        "n_first": config.unet_n_first,
        "n_channel_out": config.n_channel_out,
        "residual": config.unet_residual,
        "probabilistic": config.probabilistic,
        "last_activation": config.unet_last_activation,
    }
