"""What any Keras network costs: see `sanet_tf.profile`."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, submod_attrs={"network": ["profile"], "report": ["Profile"]}
)
