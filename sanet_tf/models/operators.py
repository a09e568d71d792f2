"""Which attention operator a classifier has, and where.

The operators are of two kinds. The SAO paper's and GSA relate positions: in
MobileNetV2 and SANet they make AttnModules at the ten places of Table 8. The
others, the gates, weight what a convolution has made, and are in every block.
"""

import inspect

from sanet_tf.layers import ATTENTION, QKV_ATTENTION

GATES = ("ssa", "se", "gc", "ca")
# Appendix 1: four heads, only the values projected; appendix 2: BatchNorm.
ATTENTION_CONFIG = {"num_heads": 4, "use_batch_norm": True}
LARGEST = 4096  # number in an `attention_config` of text, which may be a file's


def attention_operator(attention, attention_config):
    """What makes the attention layers of a network.

    Where there is a skip around a layer, the scale of its BatchNorm begins at
    zero and the block as the identity (Wang et al., "Non-local Neural
    Networks", section 4.1): products of activations, one behind the other,
    explode while BatchNorm's averages are far off. Otherwise it begins at one.

    Args:
        attention: a key of `ATTENTION`, or None.
        attention_config: arguments of the operator, or None. The SAO paper's
            operators have its four heads and BatchNorm unless these say
            otherwise. `{"gamma_initializer": "ones"}` is the paper's text.

    Returns:
        A function of the layer's name and of `has_skip`, whether there is a
        skip around it, to the layer; None without attention.

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

    def operator(name, has_skip=False):
        start = {"gamma_initializer": "zeros"} if has_skip else {}
        config = {**defaults, **start, **(attention_config or {})}
        return ATTENTION[attention](**config, name=name)

    return operator


def parse_attention_config(function, items):
    """The `attention_config` of a network from text.

    Args:
        function: of the network, as in `MODELS`.
        items: list of "name=value"; the value is true, false, an integer or
            else a string. They go over what the network's own has.

    Returns:
        A dictionary.

    Raises:
        ValueError: the network has no attention, or an item is not of the
            form.
    """
    parameters = inspect.signature(function).parameters
    if getattr(parameters.get("attention"), "default", None) is None:
        raise ValueError("it has no attention, so takes no attention_config")
    config = dict(parameters["attention_config"].default or {})
    for item in items:
        name, separator, value = str(item).partition("=")
        if not (name and separator and value):
            raise ValueError(
                "expected an attention_config such as use_qk_norm=true, got "
                f"{item!r}"
            )
        config[name] = _parse(value)
        if isinstance(config[name], int) and config[name] > LARGEST:
            raise ValueError(
                f"expected numbers of at most {LARGEST}, got {item!r}"
            )
    return config


def _parse(value):
    if value in ("true", "false"):
        return value == "true"
    return int(value) if value.isdecimal() else value
