"""Pixels of the sky: exposures, their files, and what is made of them."""
