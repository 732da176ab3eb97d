"""``python -m sciplat`` is the ``sciplat`` command."""

from __future__ import annotations

from sciplat.cli import main

if __name__ == "__main__":
    main(prog_name="sciplat")
