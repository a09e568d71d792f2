"""Tests of `sanet_tf.restoration.data`."""
