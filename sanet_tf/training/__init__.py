"""Training of classifiers: recipe, feeds, checkpoints, records."""
