"""What every other package stands on: files, errors, memory, seeds."""
