"""The six services of the shop. This code runs in processes that the demo host forks, one for each instance."""
