"""For tools that look for it; pyproject.toml says everything."""

import setuptools

setuptools.setup()
