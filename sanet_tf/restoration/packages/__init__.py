"""Models for other programs: Fiji, bioimage.io."""
