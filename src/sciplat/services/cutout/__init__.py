"""Pieces of images that somebody names (SODA 1.0), at once and as jobs."""
