"""Simulated volumes, and the noise of a microscope."""
