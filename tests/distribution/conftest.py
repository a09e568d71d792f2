"""What these tests share with those of the data."""

from tests.data.conftest import encode  # noqa: F401
