"""Yardsticks: what restores without training, and what it takes to beat it."""
