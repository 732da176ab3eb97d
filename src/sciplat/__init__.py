"""A science platform for sky-survey data."""
