"""That a malicious file is refused with one line."""

import pytest

from sanet_tf.utils.errors import UserError


def refuses(call, *arguments, match, error=UserError):
    with pytest.raises(error, match=match) as raised:
        call(*arguments)
    assert "\n" not in str(raised.value)
