"""Data releases: which tables there are, and the generations in which they lie on disk."""
