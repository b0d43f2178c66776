"""Costs as ratios against peers: interleaved, CPU time, several rounds."""
