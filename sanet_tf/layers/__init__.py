"""Attention operators: `(B, *spatial, C)` in and out, channels last."""

from sanet_tf.layers.pooled import PooledAttention
from sanet_tf.layers.scaled import ScaledAttention
from sanet_tf.layers.siamese import SiameseAttention, siamese_attention
from sanet_tf.layers.softmax import SoftmaxAttention

ATTENTION = {
    "siamese": SiameseAttention,
    "softmax": SoftmaxAttention,
    "pooled": PooledAttention,
    "scaled": ScaledAttention,
}

__all__ = [
    "ATTENTION",
    "PooledAttention",
    "ScaledAttention",
    "SiameseAttention",
    "SoftmaxAttention",
    "siamese_attention",
]
