"""Tests of sanet_tf.export."""
