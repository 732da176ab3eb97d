"""Notebooks of several users, each with the rights of an account: none reaches what is another's."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import requests
from support.asking import session_of
from support.running import Platform, running, sciplat

from sciplat.notebook.labs import Labs
from sciplat.processes.hubbing import can_run_notebooks

USERS = ("sciplat-tess", "sciplat-theo")
ACCOUNTS = "/usr/sbin/useradd"

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not can_run_notebooks(), reason="needs the [notebook] extra"),
    pytest.mark.skipif(os.geteuid() != 0 or not Path(ACCOUNTS).exists(), reason="needs root and useradd"),
]


def for_everybody(folder: Path) -> str:
    """Return a Python that every account can run, with what this one has."""

    def runs(python: str) -> bool:
        try:
            subprocess.run(
                [python, "-c", "import jupyterhub, sciplat"],
                user=65534, group=65534, extra_groups=[], check=True, capture_output=True,
            )  # fmt: skip
        except (OSError, subprocess.CalledProcessError):
            return False
        return True

    if runs(sys.executable):
        return sys.executable
    system = f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"
    if not Path(system).exists():
        pytest.skip(f"needs a Python {sys.version_info.major}.{sys.version_info.minor} that all can run")
    subprocess.run([system, "-m", "venv", "--without-pip", "--symlinks", folder], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    (own,) = (path for path in sys.path if path.endswith("site-packages"))
    (packages / "own.pth").write_text(f"import site; site.addsitedir({own!r})\n")
    (folder / "share").symlink_to(Path(sys.prefix) / "share")
    if not runs(python := str(folder / "bin" / "python")):
        pytest.skip("needs a Python that all can run")
    return python


@dataclass
class Place:
    platform: Platform
    labs: Labs

    def pid(self, user: str) -> int:
        found = self.labs.lab(user)
        assert found is not None
        return found.pid

    def ask(self, host: str, path: str) -> requests.Response:
        headers = {"Host": f"{host}:{self.platform.port}"}
        return requests.get(self.platform.url + path, headers=headers, timeout=30, allow_redirects=False)

    def start(self, user: str) -> None:
        """Start a user's lab, as a browser does."""
        session = session_of(self.platform, user)
        jars: dict[str, dict[str, str]] = {"127.0.0.1": {"sciplat_session": session}}
        to: str | None = f"http://nb.localhost:{self.platform.port}/hub/spawn"
        while to is not None:
            host, path = to.split("/", 3)[2:]
            jar = jars.setdefault(host.split(":")[0], {})
            headers = {"Host": host, "Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())}
            address = f"{self.platform.url}/{path}"
            answer = requests.get(address, headers=headers, timeout=60, allow_redirects=False)
            assert answer.ok, answer.text[-2000:]
            jar.update(answer.cookies.get_dict())
            to = answer.headers.get("location")
            to = f"http://{host}{to}" if to is not None and to.startswith("/") else to
            if f"/user/{user}/" in path:
                break

    def wait_for(self, user: str) -> None:
        def answers() -> bool:
            try:
                return self.ask(f"{user}.nb.localhost", f"/user/{user}/api").status_code == 200
            except requests.ConnectionError:  # the front door learns the way to another lab
                return False

        self.platform.wait_for(answers, seconds=120, what=f"the lab of {user}")


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    folder = Path(tempfile.mkdtemp(prefix="sciplat-"))
    folder.chmod(0o711)
    home = folder / "home"
    home.mkdir()
    (home / "sciplat.yaml").write_text("notebooks:\n  spawner: system-users\n")
    made = []
    old = sys.executable
    try:
        python = for_everybody(folder / "python")
        for user in USERS:
            subprocess.run([ACCOUNTS, "--no-create-home", "--system", "--user-group", user], check=True)
            made.append(user)
            sciplat(home, "user", "add", user)
        sys.executable = python
        with running(home, notebooks=True) as platform:
            sys.executable = old
            hub = lambda: platform.health()["components"].get("hub") == "up"  # noqa: E731
            platform.wait_for(hub, seconds=120, what="the hub")
            started = Place(platform, Labs(home / "hub" / "labs"))
            for user in USERS:
                started.start(user)
            for user in USERS:
                started.wait_for(user)
            yield started
    finally:
        sys.executable = old
        for user in made:
            subprocess.run(["/usr/sbin/userdel", user], check=False)
        shutil.rmtree(folder)


def as_user(user: str, command: str) -> subprocess.CompletedProcess[str]:
    """Run what a kernel of that user could run."""
    account = pwd.getpwnam(user)
    return subprocess.run(
        ["/bin/sh", "-c", command], cwd="/", user=account.pw_uid, group=account.pw_gid, extra_groups=[],
        check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_each_lab_has_the_rights_of_its_account(place: Place) -> None:
    for user in USERS:
        lab = psutil.Process(place.pid(user))
        uid = pwd.getpwnam(user).pw_uid
        assert set(lab.uids()) == {uid}
        environment = lab.environ()
        assert environment["HOME"] == str(place.platform.home / "workspace" / user)
        assert environment["SCIPLAT_TOKEN"].startswith("sp-")
        bearer = {"Authorization": f"Bearer {environment['SCIPLAT_TOKEN']}"}
        me = requests.get(f"{environment['SCIPLAT_URL']}/api/identity/me", headers=bearer, timeout=30).json()
        assert me["user"]["name"] == user


def test_nobody_reads_what_is_anothers(place: Place) -> None:
    tess, theo = USERS
    home = place.platform.home
    (home / "workspace" / theo / "private.txt").write_text("of theo")
    lab = place.labs.lab(theo)
    assert lab is not None
    assert as_user(theo, f"cat {home}/workspace/{theo}/private.txt").returncode == 1  # made by root, as root
    shutil.chown(home / "workspace" / theo / "private.txt", theo)
    assert as_user(theo, f"cat {home}/workspace/{theo}/private.txt").stdout == "of theo"
    closed = [
        *(home, home / "workspace", home / "workspace" / theo, home / "workspace" / theo / "private.txt"),
        *(
            home / "state",
            home / "state" / "identity.sqlite",
            home / "logs",
            home / "hub",
            home / "sciplat.yaml",
        ),
        *(home / "run.json", home / "catalogs", home / "hub" / "crypt-key", Path(lab.runtime)),
        *(Path(f"/proc/{lab.pid}/environ"), Path(f"/proc/{lab.pid}/cwd"), Path(f"/proc/{lab.pid}/mem")),
    ]
    for path in closed:
        read = f"ls {path}/" if path.is_dir() else f"cat {path}"
        found = as_user(tess, read)
        assert (found.returncode != 0, found.stdout) == (True, ""), path
    assert as_user(tess, f"touch {home}/workspace/{theo}/x").returncode != 0
    assert as_user(tess, f"kill -0 {lab.pid}").returncode != 0


def test_no_token_opens_the_lab_of_another(place: Place) -> None:
    tess, theo = USERS
    mine = psutil.Process(place.pid(tess)).environ()
    (port,) = {
        one.laddr.port
        for one in psutil.Process(place.pid(theo)).net_connections("inet")
        if one.status == "LISTEN"
    }
    tokens = [mine["SCIPLAT_TOKEN"], mine["JUPYTERHUB_API_TOKEN"]]
    for token in tokens:
        for scheme in ("Bearer", "token"):
            header = {"Authorization": f"{scheme} {token}"}
            for address, host in (
                (f"http://127.0.0.1:{port}", f"127.0.0.1:{port}"),
                (place.platform.url, f"{theo}.nb.localhost:{place.platform.port}"),
            ):
                answer = requests.get(
                    f"{address}/user/{theo}/api/contents", headers={"Host": host, **header},
                    timeout=30, allow_redirects=False,
                )  # fmt: skip
                assert answer.status_code in (302, 403), (scheme, address)
    hub = mine["JUPYTERHUB_API_URL"]
    for path in (f"/users/{theo}", f"/users/{theo}/server", "/users", "/proxy"):
        answer = requests.get(
            f"{hub}{path}", headers={"Authorization": f"token {mine['JUPYTERHUB_API_TOKEN']}"}, timeout=30
        )
        assert answer.status_code in (403, 404, 405), path


def test_each_lab_is_on_a_host_of_its_own(place: Place) -> None:
    tess, theo = USERS

    assert "version" in place.ask(f"{tess}.nb.localhost", f"/user/{tess}/api").json()
    # Elsewhere there is the hub at most, which leads to the right one.
    for host in (f"{theo}.nb.localhost", "nb.localhost"):
        assert place.ask(host, f"/user/{tess}/api").status_code in (302, 404)
