"""A person sees all kinds of jobs in the Portal, and takes their files from there."""

from __future__ import annotations

import re
import tarfile

import pytest
import requests
from journeys.test_portal import AXE, sign_in
from playwright.sync_api import Page, expect
from support.finding import image_identifier
from support.running import Platform

pytestmark = pytest.mark.journey

FIELD = {"RELEASE": "field", "DATASET_TYPE": "visit_image", "PIXELS": "9"}
FINAL = {"COMPLETED", "ERROR", "ABORTED"}


@pytest.fixture(scope="module")
def sent(platform: Platform) -> dict[str, str]:
    """Jobs that a script of ada's has sent, with their ids: done, done in part, and failed."""
    headers = {"Authorization": f"Bearer {platform.token('read:tap', 'read:image', user='ada')}"}
    image = image_identifier(platform, "field")
    gone = f"{image.rpartition('?')[0]}?00000000-0000-4000-8000-000000000000"
    table = ("table.csv", b"name,ra,dec\nfirst,25.6,0.3\nfar,100.0,-45.0\n")
    circle = {"CIRCLE": "25.6 0.3 0.001", "PHASE": "RUN"}
    jobs = {}
    for name, door, form, files in (
        ("many", "cutouts", {**FIELD, "UPLOAD": "targets,param:table", "PHASE": "RUN"}, {"table": table}),
        ("some", "soda", {"ID": [image, gone], **circle}, None),
        ("failed", "soda", {"ID": gone, **circle}, None),
    ):
        url = f"{platform.url}/api/{door}/async"
        job = requests.post(url, data=form, files=files, headers=headers, timeout=60).url

        def ended(job: str = job) -> bool:
            return requests.get(f"{job}/phase", headers=headers, timeout=60).text in FINAL

        platform.wait_for(ended, seconds=120, what=name)
        jobs[name] = job.rpartition("/")[2]
    return jobs


def opened(page: Page, job_id: str) -> None:
    line = page.locator(f'[data-job="{job_id}"]')
    line.get_by_role("button").first.click()
    page.wait_for_url(f"**/portal/jobs/{job_id}")


def test_jobs_that_cut_images_are_listed_and_their_files_are_there(
    page: Page, platform: Platform, sent: dict[str, str]
) -> None:
    sign_in(page, platform)
    page.get_by_role("tab", name="Jobs").click()
    lines = page.get_by_role("list", name="Jobs")
    many, some, failed = (lines.locator(f'[data-job="{sent[name]}"]') for name in ("many", "some", "failed"))
    expect(many).to_contain_text(re.compile(r"TAP_UPLOAD.targets.*Done.*Many cutouts", re.DOTALL))
    expect(some).to_contain_text(re.compile(r"2 images, the first ivo://.*Done.*Cutouts", re.DOTALL))
    expect(failed).to_contain_text(re.compile(r"CIRCLE 25.6 0.3 0.001 of ivo://.*Failed", re.DOTALL))
    expect(many.get_by_role("button", name=re.compile("^Edit"))).to_have_count(0)

    opened(page, sent["many"])
    expect(page.get_by_role("note")).to_contain_text("could not be made; the index tells why")
    files = page.get_by_role("list", name="Results")
    expect(files.get_by_role("listitem")).to_have_count(2)
    with page.expect_download() as download:
        files.get_by_role("link").first.click()
    with tarfile.open(download.value.path()) as archive:
        assert "index.parquet" in archive.getnames()

    opened(page, sent["some"])
    expect(page.get_by_role("note")).to_contain_text("1 of 2 cutouts could not be made")
    expect(files.get_by_role("listitem").nth(1)).to_contain_text("Why there is no cutout")
    if AXE.exists():
        page.evaluate(AXE.read_text())
        found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa']})")
        assert [each["id"] for each in found["violations"]] == []

    opened(page, sent["failed"])
    expect(page.get_by_role("heading", name="The job failed")).to_be_visible()
    expect(page.get_by_text("has no dataset").last).to_be_visible()
    expect(page.get_by_test_id("query-error")).to_be_empty()

    failed.get_by_role("button", name=re.compile("^Delete")).click()
    expect(failed).to_have_count(0)
