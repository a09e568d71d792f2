"""Which attention operator a classifier has, and where.

The operators are of two kinds. The SAO paper's and GSA relate positions: in
MobileNetV2 and SANet they make AttnModules at the ten places of Table 8. The
others, the gates, weight what a convolution has made, and are in every block.
"""

from functools import partial

from sanet_tf.layers import ATTENTION, QKV_ATTENTION

GATES = ("ssa", "se", "gc", "ca")
# Appendix 1: four heads, only the values projected; appendix 2: BatchNorm.
ATTENTION_CONFIG = {"num_heads": 4, "use_batch_norm": True}


def attention_operator(attention, attention_config):
    """The constructor of an attention layer.

    Args:
        attention: a key of `ATTENTION`, or None.
        attention_config: arguments of the operator, or None. The SAO paper's
            operators have its four heads and BatchNorm unless these say
            otherwise.

    Returns:
        A function from the layer's name to the layer; None without attention.

    Raises:
        ValueError: an unknown operator.
    """
    if attention is None:
        return None
    if attention not in ATTENTION:
        raise ValueError(
            f"`attention` must be None or one of {sorted(ATTENTION)}. "
            f"Received: attention={attention!r}"
        )
    defaults = ATTENTION_CONFIG if attention in QKV_ATTENTION else {}
    return partial(ATTENTION[attention], **defaults | (attention_config or {}))
