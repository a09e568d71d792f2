"""Stacks restored in tiles by many processes, and by the same command again."""
