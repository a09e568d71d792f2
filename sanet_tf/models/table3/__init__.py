"""The other networks of Table 3 of the SAO paper, so that each is counted.

None has pretrained weights. All take the arguments of `SANet` that they have
a use for.
"""

from sanet_tf.models.table3.applications import VGG16, MobileNetV1
from sanet_tf.models.table3.channelnet import ChannelNet
from sanet_tf.models.table3.googlenet import GoogLeNet
from sanet_tf.models.table3.shufflenet import ShuffleNet
from sanet_tf.models.table3.squeezenet import SqueezeNet

__all__ = [
    "VGG16",
    "ChannelNet",
    "GoogLeNet",
    "MobileNetV1",
    "ShuffleNet",
    "SqueezeNet",
]
