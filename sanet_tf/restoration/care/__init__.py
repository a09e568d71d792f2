"""CSBDeep's CARE models with attention: training and loading."""
