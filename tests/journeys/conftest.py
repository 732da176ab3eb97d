"""A platform with the demo's data, made once a session and copied, and one that most tests share."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
from playwright.sync_api import Browser, Page, expect, sync_playwright
from support.asking import Ada, session_of
from support.running import Platform, copy_home, running, sciplat
from support.sky_files import simple

from sciplat.instance import Instance

if TYPE_CHECKING:
    from support.looked_at import LookedAt

CHROMIUM = next(
    (
        path
        for path in ("/usr/lib/chromium/chromium", shutil.which("chromium"))
        if path and Path(path).exists()
    ),
    None,
)


# Another platform may start beside this one: what is waited for comes, if not within the usual five seconds.
expect.set_options(timeout=20_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # pyvo leaves the socket of a refused job to the garbage collector, in whichever test that comes by.
    sockets = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    for item in items:
        if "journeys" in item.path.parts:
            item.add_marker(sockets)


@pytest.fixture(scope="module", autouse=True)
def sockets_left_behind() -> Iterator[None]:
    """Collect them here, where they are expected, and not in somebody else's test."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
def platform(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A running platform with the demo's tables, images, a private release with both, and a user."""
    home = copy_home(demo_home, tmp_path_factory.mktemp("platform") / "home")
    private = tmp_path_factory.mktemp("files") / "mine.csv"
    private.write_text("name,ra,dec\nfirst,10.5,-20.25\nsecond,11.5,-21.25\n")
    instance = Instance.open(home)  # in this process: others would import for longer than it takes
    instance.ingest.ingest("secret", "mine", [private])
    for number, (release, ra) in enumerate((("field", 25.6), ("field", 25.62), ("secret", 25.6)), start=1):
        simple(
            private.parent / release / f"im{number}.fits", number, ra=ra, dec=0.3, FILTER="g",
            INSTRUME="CDK17", EXPTIME=60.0, DATE_OBS=f"2026-03-0{number}T20:00:00",
        )  # fmt: skip
    instance.images.ingest.ingest("field", [private.parent / "field"], public=True)
    instance.images.ingest.ingest("secret", [private.parent / "secret"])
    sciplat(home, "user", "add", "ada")
    with running(home) as started:
        yield started
        assert "Traceback" not in (home / "logs" / "web.log").read_text()


@pytest.fixture(scope="session")
def coadds(platform: Platform) -> None:
    """Put coadds into release ``sim1``: of noise, but where the demo's are, so that examples find them."""
    from support.coadds import make_sky  # the Butler takes seconds, and not every journey needs it

    instance = Instance.open(platform.home)
    make_sky(instance, "sim1")
    instance.images.announce.announce("sim1")


@pytest.fixture(scope="session")
def look(platform: Platform) -> LookedAt:
    """Put an image that is made to be looked at into a public release of its own."""
    from support.looked_at import make_looked_at  # as above

    return make_looked_at(Instance.open(platform.home))


@pytest.fixture(scope="module")
def ada(platform: Platform) -> Ada:
    """A user with a token, a session, and a job on a private table."""
    token = platform.token("read:tap", user="ada")
    bearer = {"Authorization": f"Bearer {token}"}
    made = requests.post(
        f"{platform.tap}/async",
        {"QUERY": "SELECT name FROM secret.mine ORDER BY name", "LANG": "ADQL", "PHASE": "RUN"},
        headers=bearer,
        timeout=30,
    )
    platform.wait_for(
        lambda: requests.get(f"{made.url}/phase", headers=bearer, timeout=30).text == "COMPLETED",
        what="ada's job",
    )
    return Ada(token, session_of(platform, "ada"), made.url.rsplit("/", 1)[1])


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, for those who test pages."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed (Debian: apt install chromium)")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
        )
        yield started
        started.close()


@pytest.fixture(scope="session")
def drawing(browser: Browser) -> Iterator[Browser]:
    """Chromium that draws in three dimensions without a graphics card, which takes the processor's time."""
    software = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    started = browser.browser_type.launch(
        executable_path=CHROMIUM, args=["--no-sandbox", "--ignore-gpu-blocklist", *software]
    )
    yield started
    started.close()


@pytest.fixture
def page(browser: Browser, platform: Platform) -> Iterator[Page]:
    """A fresh visitor's page; anything that the Content-Security-Policy refuses fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, base_url=platform.url)
    opened = context.new_page()
    broken: list[str] = []
    opened.on("pageerror", lambda error: broken.append(str(error)))
    opened.on(
        "console",
        lambda message: broken.append(message.text) if "Content Security Policy" in message.text else None,
    )
    opened.set_default_timeout(20_000)
    yield opened
    context.close()
    assert broken == []
