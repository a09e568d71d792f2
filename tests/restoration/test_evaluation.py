"""Test stacks that a model cannot be measured on."""

import numpy as np
import pytest

from sanet_tf.restoration.care import evaluation
from sanet_tf.restoration.data.source import RestorationData, TestPair
from sanet_tf.utils.errors import UserError
from tests.restoration.models import make_care


def test_a_result_that_is_not_finite_is_named(rng, monkeypatch, tmp_path):
    model = make_care("YX")
    model.keras_model.weights[-1].assign([np.nan])
    image = rng.random((8, 8))
    data = RestorationData("YX", (), (), (TestPair("a.tif", image, image),), {})
    monkeypatch.setattr(evaluation, "load", lambda folder: model)
    monkeypatch.setattr(evaluation, "load_data", lambda: data)
    with pytest.raises(UserError, match=r"a\.tif: the result is not finite"):
        evaluation.evaluate_model("", {}, ["default"], None, tmp_path)
