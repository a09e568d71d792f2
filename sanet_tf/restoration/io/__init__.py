"""Stacks in files: TIFF, OME-TIFF, zarr, OME-Zarr."""
