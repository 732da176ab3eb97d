"""What the operating system promises."""

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from sciplat.system import sync

CHILD = (
    "import signal, sys; from sciplat.system import end_with_owner; end_with_owner(signal.SIGKILL); "
    "print('ready', flush=True); signal.pause()"
)
OWNER = (
    "import subprocess, sys; "
    "child = subprocess.Popen([sys.executable, '-c', sys.argv[1]], stdout=subprocess.PIPE); "
    "child.stdout.readline(); print(child.pid, flush=True); sys.stdin.read()"
)


def test_files_and_folders_can_be_put_on_the_disk(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("content")

    sync(tmp_path / "file")
    sync(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has it")
def test_a_process_ends_with_its_owner() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        child = psutil.Process(int(owner.stdout.readline()))
        owner.send_signal(signal.SIGKILL)

    psutil.wait_procs([child], timeout=10)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
