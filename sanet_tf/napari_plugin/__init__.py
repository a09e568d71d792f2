"""Restoration within napari; see docs/pages/napari.md."""
