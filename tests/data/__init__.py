"""Tests of the data sources and of the pipeline."""
