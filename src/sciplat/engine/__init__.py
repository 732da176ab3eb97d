"""Rows, sorted and asked: the one room that knows DuckDB."""
