"""How long ``sciplat --help``, a start and the first page take on a warm install."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.running import running  # noqa: E402


def main(repeat: int = 5) -> dict[str, object]:
    """Return the medians, in seconds."""
    helps, empties, pages, readies = [], [], [], []
    for _ in range(repeat):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        empties.append(time.perf_counter() - began)
        began = time.perf_counter()
        subprocess.run(
            [Path(sys.executable).with_name("sciplat"), "--help"], check=True, stdout=subprocess.DEVNULL
        )
        helps.append(time.perf_counter() - began)
    for _ in range(max(1, repeat // 2)):
        with tempfile.TemporaryDirectory(prefix="sciplat-bench-") as name:
            began = time.perf_counter()
            with running(Path(name) / "home", ready=False) as platform:

                def page(url: str = platform.url) -> bool:
                    try:
                        with urllib.request.urlopen(f"{url}/portal", timeout=5) as answer:
                            return bool(answer.status == 200)
                    except (urllib.error.URLError, ConnectionError):
                        return False

                platform.wait_for(page, what="the first page")
                pages.append(time.perf_counter() - began)
                platform.wait_until_ready()
                readies.append(time.perf_counter() - began)
    return {
        "python_alone_seconds": round(statistics.median(empties), 3),
        "help_seconds": round(statistics.median(helps), 3),
        "first_page_seconds": round(statistics.median(pages), 2),
        "ready_seconds": round(statistics.median(readies), 2),
    }


def table(result: dict[str, object]) -> str:
    """Return the result as lines for people."""
    return "\n".join(f"{name:28}{value}" for name, value in result.items())


if __name__ == "__main__":
    print(table(main()))
