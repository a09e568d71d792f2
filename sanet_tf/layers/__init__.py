"""Attention operators: `(B, *spatial, C)` in and out, channels last.

Those of the SAO paper attend with queries, keys and values over one to three
spatial axes. GSA and CA tell height from width and take two.
"""

from sanet_tf.layers.coordinate import CoordinateAttention
from sanet_tf.layers.global_context import GlobalContext
from sanet_tf.layers.gsa import GlobalSelfAttention
from sanet_tf.layers.pooled import PooledAttention
from sanet_tf.layers.scaled import ScaledAttention
from sanet_tf.layers.siamese import SiameseAttention, siamese_attention
from sanet_tf.layers.softmax import SoftmaxAttention
from sanet_tf.layers.squeeze_excite import SqueezeExcite
from sanet_tf.layers.ssa import SquashSpatialAttention

QKV_ATTENTION = {
    "siamese": SiameseAttention,
    "softmax": SoftmaxAttention,
    "pooled": PooledAttention,
    "scaled": ScaledAttention,
}
ATTENTION = {
    **QKV_ATTENTION,
    "gsa": GlobalSelfAttention,
    "ssa": SquashSpatialAttention,
    "se": SqueezeExcite,
    "gc": GlobalContext,
    "ca": CoordinateAttention,
}

__all__ = [
    "ATTENTION",
    "QKV_ATTENTION",
    "CoordinateAttention",
    "GlobalContext",
    "GlobalSelfAttention",
    "PooledAttention",
    "ScaledAttention",
    "SiameseAttention",
    "SoftmaxAttention",
    "SquashSpatialAttention",
    "SqueezeExcite",
    "siamese_attention",
]
