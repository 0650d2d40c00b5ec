"""The benchmarks of `make bench`: one module each, ratios against peers in the same run."""
