"""Stacks of several channels that are learned together."""

import tifffile

from sanet_tf.restoration.io.stack import create_stack

JOINT = {"channels": "all", "joint_channels": True}


def write_tiff(path, values, axes):
    path.parent.mkdir(parents=True, exist_ok=True)
    metadata = {"axes": axes}
    tifffile.imwrite(f"{path}.tif", values, imagej=True, metadata=metadata)


def write_zarr(path, values, axes):
    path.parent.mkdir(parents=True, exist_ok=True)
    path = path.with_name(f"{path.name}.ome.zarr")
    with create_stack(path, values.shape, axes, values.dtype) as stack:
        stack[...] = values
