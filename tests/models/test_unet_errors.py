"""Arguments and weights that the U-Nets refuse."""

import pytest

from sanet_tf.models.unet import DenoisingUNet, ProjectionUNet
from tests.models.unets import PLANE, each_operator, on_one_backend

pytestmark = pytest.mark.usefixtures("seeded")


@pytest.mark.parametrize("function", [DenoisingUNet, ProjectionUNet])
def test_unknown_operator(function):
    match = r"None or one of \['pooled'.* Received: attention='siamse'"
    with pytest.raises(ValueError, match=match):
        function(attention="siamse")


def test_unknown_argument_of_the_operator():
    with pytest.raises((TypeError, ValueError), match="heads"):
        DenoisingUNet(attention="siamese", attention_config={"heads": 2})


def test_even_kernel():
    with pytest.raises(ValueError, match=r"be odd\. Received: kernel_size=4"):
        DenoisingUNet(kernel_size=4)


@pytest.mark.parametrize(
    "shape",
    [(16, 1), (None, None, None), (2, None, None, None, 1)],
)
def test_shape_that_is_no_image(shape):
    match = r"must be \(Z, Y, X, channels\) or .* Received: input_shape=\("
    with pytest.raises(ValueError, match=match):
        DenoisingUNet(shape)


@pytest.mark.parametrize(
    ("function", "shape", "steps"),
    [
        (DenoisingUNet, (1, 64, 64), "4, 4"),
        (DenoisingUNet, (1, 16, 64, 64), "4, 4, 4"),
        (DenoisingUNet, (None, None, 66, 1), "4, 4, 4"),
        (ProjectionUNet, (1, 10, 64, 64), "1, 16, 16"),
    ],
)
def test_sizes_that_do_not_fit(function, shape, steps):
    match = rf"channels last, .* multiples of {steps}\. Received: input_shape="
    with pytest.raises(ValueError, match=match):
        function(shape)


def test_projection_of_a_plane():
    with pytest.raises(ValueError, match=r"must be \(Z, Y, X, channels\)\. "):
        ProjectionUNet(PLANE)


@on_one_backend
def test_residual_of_other_channels():
    with pytest.raises(ValueError, match="Received: n_channel_out=2, input"):
        DenoisingUNet(n_channel_out=2, residual=True)
    assert DenoisingUNet(PLANE, n_channel_out=2).output_shape[-1] == 2


@on_one_backend
@each_operator
def test_weights_that_do_not_fit(attention, tmp_path):
    DenoisingUNet(n_first=4).save_weights(tmp_path / "plain.weights.h5")
    with pytest.raises(ValueError, match="must fit the network"):
        DenoisingUNet(
            attention=attention,
            n_first=4,
            weights=tmp_path / "plain.weights.h5",
        )


def test_weights_that_are_not_there():
    with pytest.raises(ValueError, match=r"Received: weights='none\.h5'"):
        DenoisingUNet(weights="none.h5")
