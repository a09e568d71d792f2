"""What a bioimage.io package says of a restoration network: plain data.

The network sees images of which two percentiles became 0 and 1, as csbdeep
makes them. The specification cannot undo this: outputs are on that scale.
"""

from sanet_tf.restoration.packages.fiji import TILES_NOTE, percentiles

EPSILON = 1e-6  # bioimage.io's; bioimageio.core takes no other
CUT = "yx"  # axes along which an image may be cut into tiles

CARE_PAPER = {
    "text": "Weigert et al., Content-aware image restoration: pushing the "
    "limits of fluorescence microscopy. Nature Methods 15 (2018)",
    "doi": "10.1038/s41592-018-0216-7",
}

DOCUMENTATION = """\
# {name}

{description}

{notes}

## Input and output

Axes: {axes} to {axes_out}. Each channel is normalised so that its percentiles
{low} and {high} become 0 and 1. The output is on that scale: to return to the
intensities of the input, multiply by the difference of the two percentiles
and add the lower one.

## Tiles

A large image may be cut along Y and X, along no other axis. Tiles must overlap
by {overlap} pixels on each side. {tiles_note}

## Validation

`bioimageio test` restores the test image and compares the result with the
stored one. Before you trust the network with images of your own, take some
pairs of a noisy and a clean image of the same kind, restore the noisy ones,
and compare by eye and by PSNR, SSIM and NRMSE after least-squares scaling.
A network can invent structure in images unlike those it was trained on.
"""


def limits(model):
    """`{axis: (smallest size, step, halo)}` of the spatial axes.

    Only planes are cut into tiles: with a halo along Z, which is large, stacks
    of fewer planes than two halos would have to be refused.
    """
    axes = model.config.axes
    rows = zip(
        axes.lower(),
        map(int, model._axes_div_by(axes)),
        map(int, model._axes_tile_overlap(axes)),
        strict=True,
    )
    result = {}
    for axis, step, overlap in rows:
        if axis != "c":
            # Tiles must start where the pooling of the whole image does, and
            # halos on both sides must leave something between.
            halo = -(-overlap // step) * step if axis in CUT else 0
            result[axis] = (2 * halo + step, step, halo)
    return result


def describe_input(model):
    """The input tensor: axes, sizes and normalisation."""
    low, high = percentiles(model)
    spatial = [
        {
            "type": "space",
            "id": axis,
            "size": {"min": smallest, "step": step},
            "concatenable": axis in CUT,
        }
        for axis, (smallest, step, _) in limits(model).items()
    ]
    scaling = {
        "axes": list(limits(model)),
        "min_percentile": low,
        "max_percentile": high,
        "eps": EPSILON,
    }
    channels = _names("channel", model.config.n_channel_in)
    return {
        "id": "input",
        "description": "the image as measured",
        "axes": [
            {"type": "batch"},
            *spatial,
            {"type": "channel", "channel_names": channels},
        ],
        "test_tensor": {"source": "test_input.npy"},
        "preprocessing": [{"id": "scale_range", "kwargs": scaling}],
    }


def describe_output(model):
    """The output tensor: axes, sizes and halos."""
    halos = {axis: halo for axis, (_, _, halo) in limits(model).items()}
    spatial = [
        {
            "type": "space",
            "id": axis,
            "size": {"tensor_id": "input", "axis_id": axis},
            **({"halo": halos[axis]} if halos[axis] else {}),
        }
        for axis in model._axes_out.lower()
        if axis != "c"
    ]
    channels = _names("channel", model.config.n_channel_out)
    if model.config.probabilistic:
        channels += _names("scale", model.config.n_channel_out)
    return {
        "id": "output",
        "description": "the restored image, on the scale of the normalised one",
        "axes": [
            {"type": "batch"},
            *spatial,
            {"type": "channel", "channel_names": channels},
        ],
        "test_tensor": {"source": "test_output.npy"},
    }


def document(model, name, description, notes):
    """The documentation, in Markdown."""
    attention = getattr(model.config, "attention", None)
    low, high = percentiles(model)
    return DOCUMENTATION.format(
        name=name,
        description=description,
        notes=notes,
        axes=model.config.axes,
        axes_out=model._axes_out,
        low=low,
        high=high,
        overlap=max(halo for _, _, halo in limits(model).values()),
        tiles_note=TILES_NOTE if attention else "",
    )


def tags(model):
    """What sort of model this is, in bioimage.io's words."""
    dimensions = f"{len(limits(model))}d"
    return [dimensions, "image-restoration", "unet", "tensorflow", "fiji"]


def _names(prefix, count):
    return [f"{prefix}{index}" for index in range(count)]
