"""Streams of rows, and the formats they are read from and written in."""
