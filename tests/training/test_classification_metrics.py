"""Scores of a classifier, against counting by loops."""

import json

import numpy as np
import pytest

from sanet_tf.training.classification_metrics import evaluate

NAMES = tuple("abcdefg")


def test_against_counting(rng):
    """Of seven classes, one without images and one never predicted."""
    labels = rng.integers(0, 6, 200)  # no g
    probabilities = rng.dirichlet(np.ones(7), 200)
    probabilities[np.arange(200), labels] += 0.05
    probabilities[:, 2] = 0.0  # never c
    probabilities /= probabilities.sum(1, keepdims=True)
    scores, confusion = evaluate(probabilities, labels, NAMES)
    expected = np.zeros((7, 7), int)
    top1 = top5 = 0
    for row, label in zip(probabilities, labels, strict=True):
        expected[label, row.argmax()] += 1
        top1 += row.argmax() == label
        top5 += (row > row[label]).sum() < 5
    np.testing.assert_array_equal(confusion, expected)
    assert scores["images"] == 200
    assert scores["top1"] == pytest.approx(top1 / 200)
    assert scores["top5"] == pytest.approx(top5 / 200)
    assert 0 < scores["top1"] < scores["top5"] < 1
    for number, name in enumerate(NAMES):
        found, right = scores["classes"][name], expected[number, number]
        images, predicted = expected[number].sum(), expected[:, number].sum()
        assert found["images"] == images
        recall = right / images if images else None
        precision = right / predicted if predicted else None
        assert found["recall"] == pytest.approx(recall)
        assert found["precision"] == pytest.approx(precision)
        assert found["f1"] == pytest.approx(2 * right / (images + predicted))
    assert scores["classes"]["c"]["precision"] is None
    assert scores["classes"]["g"]["recall"] is None
    json.dumps(scores, allow_nan=False)


def test_the_loss_is_finite_where_a_probability_is_zero():
    probabilities = np.array([[0.5, 0.5], [0.25, 0.75], [1.0, 0.0]])
    scores, _ = evaluate(probabilities, np.array([0, 1, 0]), ("a", "b"))
    assert scores["loss"] == pytest.approx(-np.log(0.5 * 0.75) / 3)
    assert scores["top5"] == 1  # of two classes
    scores, _ = evaluate(probabilities, np.array([0, 1, 1]), ("a", "b"))
    assert 20 < scores["loss"] < 40
