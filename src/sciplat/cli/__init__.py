"""The ``sciplat`` command."""
