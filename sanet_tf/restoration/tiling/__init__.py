"""Stacks restored tile by tile, with means over all of them."""
