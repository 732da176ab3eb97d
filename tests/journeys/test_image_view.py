"""A person looks at an image in a real browser, which draws its pixels by itself."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import numpy as np
import numpy.typing as npt
import pytest
from astropy.coordinates import Angle
from journeys.test_portal import AXE, PICTURES, run
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect
from support.looked_at import LookedAt
from support.running import Platform

from sciplat.images import wcs as world

pytestmark = pytest.mark.journey

GREY = np.array([0x4D, 0x5F, 0x78])
"""Pixels without a value."""


VIEW = (
    "document.querySelector('sp-portal').shadowRoot.querySelector('sp-image-page')"
    ".shadowRoot.querySelector('sp-image-view')"
)


@pytest.fixture
def page(drawing: Browser, platform: Platform) -> Iterator[Page]:
    """A visitor's page in a browser that draws; what is refused, or asked elsewhere, fails the test."""
    context = drawing.new_context(
        viewport={"width": 1280, "height": 800}, base_url=platform.url, reduced_motion="reduce"
    )
    opened = context.new_page()
    broken: list[str] = []
    opened.on("pageerror", lambda error: broken.append(str(error)))
    opened.on(
        "console",
        lambda message: broken.append(message.text) if "Content Security Policy" in message.text else None,
    )
    opened.on(
        "request",
        lambda request: (
            None if request.url.startswith(("data:", platform.url)) else broken.append(request.url)
        ),
    )
    opened.set_default_timeout(20_000)
    yield opened
    context.close()
    assert broken == []


def show(page: Page, look: LookedAt, more: str = "") -> Locator:
    """Open the image and wait until all of it is drawn."""
    page.goto(f"/portal/image?id={quote(look.did, safe='')}{more}")
    return done(page)


def done(page: Page) -> Locator:
    """Wait until all that is wanted is drawn."""
    view = page.locator("sp-image-view")
    expect(view).to_have_attribute("state", "done", timeout=30_000)
    return view


def drawn(page: Page) -> None:
    """Wait until the browser has drawn what it was asked to."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def seen(page: Page) -> tuple[npt.NDArray[np.int16], dict[str, float]]:
    """Return the colours on the screen, and which part of the image it shows: its middle, and its zoom."""
    drawn(page)
    box = page.locator("sp-image-view canvas.picture").bounding_box()
    assert box is not None
    left, top = round(box["x"]), round(box["y"])
    whole = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture = whole.crop((left, top, left + round(box["width"]), top + round(box["height"])))
    place = page.evaluate(f"{VIEW}.seen")
    return np.asarray(picture, np.int16), place


def colour_of(page: Page, x: float, y: float) -> npt.NDArray[np.int16]:
    """Return the colour of a pixel of the image, where it is on the screen."""
    colours, at = seen(page)
    height, width = colours.shape[:2]
    return colours[int(height / 2 - (y - at["y"]) * at["zoom"]), int(width / 2 + (x - at["x"]) * at["zoom"])]


def cut(page: Page, low: float, high: float) -> None:
    """Choose which values are black and white, linear between."""
    page.get_by_role("radio", name="Linear").check()
    page.get_by_role("textbox", name="Upper cut").fill(str(high))
    page.get_by_role("textbox", name="Upper cut").press("Tab")
    page.get_by_role("textbox", name="Lower cut").fill(str(low))
    page.get_by_role("textbox", name="Lower cut").press("Tab")


def shade(value: float, low: float, high: float) -> int:
    return round(255 * min(1.0, max(0.0, (value - low) / (high - low))))


def test_the_colours_on_the_screen_are_those_of_the_values(page: Page, look: LookedAt) -> None:
    show(page, look)
    low, high = 70.0, 160.0
    cut(page, low, high)

    for zoom in (None, 4.0):
        if zoom:
            page.get_by_role("button", name="One pixel").click()
            for _ in range(2):
                page.get_by_role("button", name="Zoom in").click()
            done(page)
        places = (
            [(200, 400), (350, 300), (600, 100)] if zoom is None else [(349, 299), (360, 320), (300, 350)]
        )
        for x, y in places:
            value = float(look.exposure.image[y, x])
            grey = colour_of(page, x, y)
            assert np.ptp(grey) == 0
            assert abs(int(grey[0]) - shade(value, low, high)) <= 2, (x, y)


def test_pixels_without_a_value_have_a_colour_of_their_own(page: Page, look: LookedAt) -> None:
    show(page, look)

    assert np.abs(colour_of(page, 40, 40) - GREY).max() <= 2


@pytest.mark.requirement("DMS-PRTL-REQ-0074")
def test_another_look_fetches_nothing(page: Page, look: LookedAt) -> None:
    show(page, look)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    before = colour_of(page, 600, 500)

    for name in ("Linear", "Root", "Log", "Ember", "Balance"):
        page.get_by_role("radio", name=name).check()
    page.get_by_role("checkbox", name="Inverted").check()
    page.get_by_role("combobox", name="Rule for the cuts").select_option("minmax")
    page.get_by_role("slider", name="Upper cut").focus()
    page.keyboard.press("ArrowLeft")
    page.get_by_role("button", name="Show all", exact=True).click()
    page.get_by_role("slider", name="Opacity of SAT").fill("0.9")

    assert np.abs(colour_of(page, 600, 500) - before).max() > 20
    assert asked == []


def test_a_plane_of_the_mask_is_seen_where_its_bit_is_set(page: Page, look: LookedAt) -> None:
    show(page, look)
    plain = colour_of(page, 110, 420), colour_of(page, 150, 420), colour_of(page, 200, 420)

    page.get_by_role("checkbox", name="BAD").check()
    page.get_by_role("slider", name="Opacity of BAD").fill("1")
    bad, saturated, neither = (colour_of(page, x, 420) for x in (110, 150, 200))

    assert np.abs(bad - np.array([0xE5, 0x48, 0x4D])).max() <= 2
    assert (saturated == plain[1]).all()
    assert (neither == plain[2]).all()
    page.get_by_role("checkbox", name="BAD").uncheck()
    assert (colour_of(page, 110, 420) == plain[0]).all()


@pytest.mark.requirement("DMS-PRTL-REQ-0071")
def test_the_readout_says_what_is_there(page: Page, look: LookedAt) -> None:
    view = show(page, look)
    stage = view.locator(".stage")
    _, at = seen(page)
    box = stage.bounding_box()
    assert box is not None
    x, y = 130, 420

    page.mouse.move(
        box["x"] + box["width"] / 2 + (x - at["x"]) * at["zoom"],
        box["y"] + box["height"] / 2 - (y - at["y"]) * at["zoom"],
    )

    readout = page.get_by_test_id("image-readout")
    expect(readout).to_contain_text(re.compile(r"BAD SAT"))
    expect(readout).to_contain_text("nJy")
    text = readout.inner_text().replace("\u2212", "-").replace("\u00a0", " ")
    found = re.search(r"x\s+(\d+)\s+y\s+(\d+)\s+(\S+) nJy", text)
    assert found is not None, text
    px, py = int(found[1]), int(found[2])
    assert abs(px - x) <= 1
    assert abs(py - y) <= 1
    assert float(found[3]) == pytest.approx(float(look.exposure.image[py, px]), rel=1e-6)
    told = re.search(r"(\d\d:\d\d:[\d.]+) ([+-]\d\d:\d\d:[\d.]+)\s+([\d.]+) ([+-][\d.]+)", text)
    assert told is not None, text
    ra, dec = (float(each[0]) for each in world.sky(look.exposure.wcs, px, py))
    pixel = 0.2 / 3600
    assert abs(float(told[3]) - ra) < pixel
    assert abs(float(told[4]) - dec) < pixel
    assert abs(Angle(told[1], "hourangle").degree - float(told[3])) < 1e-5
    assert abs(Angle(told[2], "deg").degree - float(told[4])) < 1e-5


@pytest.mark.requirement("DMS-PRTL-REQ-0087")
def test_the_compass_points_to_north_and_east(page: Page, look: LookedAt) -> None:
    show(page, look)
    ra, dec = 25.6, 0.3
    x, y = (float(each[0]) for each in world.pixels(look.exposure.wcs, ra, dec))

    for letter, step in (("N", (0, 1e-3)), ("E", (1e-3, 0))):
        text = page.locator("sp-image-view .compass text:not(.halo)").filter(has_text=letter)
        told = (float(text.get_attribute("x") or 0), -float(text.get_attribute("y") or 0))
        px, py = (float(each[0]) for each in world.pixels(look.exposure.wcs, ra + step[0], dec + step[1]))
        assert np.dot(told, (px - x, py - y)) > 0.9999 * np.hypot(*told) * np.hypot(px - x, py - y)


@pytest.mark.requirement("DMS-PRTL-REQ-0065")
def test_a_coadd_is_shown(page: Page, coadds: None, platform: Platform) -> None:
    page.goto("/portal")
    run(
        page,
        "SELECT obs_publisher_did, dataproduct_type, lsst_band FROM ivoa.ObsCore "
        "WHERE obs_collection = 'sim1' AND dataproduct_subtype = 'deep_coadd' AND lsst_band = 'r'",
    )
    page.get_by_role("link", name="Open image").click()

    expect(page.get_by_role("heading", level=1, name="deep_coadd, r band")).to_be_visible()
    done(page)
    assert np.ptp(seen(page)[0]) > 100


def test_the_keyboard_is_enough(page: Page, look: LookedAt) -> None:
    show(page, look)
    page.get_by_role("application").focus()
    page.keyboard.press("1")
    page.keyboard.press("+")
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Shift+ArrowUp")

    _, at = seen(page)
    assert at["zoom"] == 2
    assert (at["x"], at["y"]) == (348.5, 300.5)
    said = page.get_by_test_id("image-spoken")
    expect(said).to_contain_text("Pixel 349, 301, right ascension")
    value = re.search(r"([\d.]+)\u00a0nJy", said.inner_text())
    assert value is not None
    assert float(value[1]) == pytest.approx(float(look.exposure.image[301, 349]), rel=1e-6)
    page.keyboard.press("0")
    assert seen(page)[1]["zoom"] < 1.2


def test_a_wheel_zooms_about_the_pointer_and_a_hand_pushes(page: Page, look: LookedAt) -> None:
    view = show(page, look)
    box = view.locator(".stage").bounding_box()
    assert box is not None
    readout = page.get_by_test_id("image-readout").locator(".pixel")
    page.mouse.move(box["x"] + 400, box["y"] + 300)
    before, zoom = readout.inner_text(), seen(page)[1]["zoom"]

    page.mouse.wheel(0, -480)
    assert seen(page)[1]["zoom"] == pytest.approx(4 * zoom)
    assert readout.inner_text() == before

    page.mouse.down()
    page.mouse.move(box["x"] + 450, box["y"] + 320, steps=3)
    page.mouse.up()
    assert readout.inner_text() == before


def test_the_image_of_a_row_opens_from_a_result(page: Page, look: LookedAt) -> None:
    page.goto("/portal")
    run(page, "SELECT obs_publisher_did, t_min FROM ivoa.ObsCore WHERE obs_collection = 'look'")
    page.get_by_role("link", name="Open image").click()

    expect(page.get_by_role("heading", level=1, name="visit_image, r band")).to_be_visible()
    done(page)
    expect(page.get_by_text("visit 3, detector 0")).to_be_visible()


def test_a_position_in_the_address_is_marked_in_the_middle(page: Page, look: LookedAt) -> None:
    ra, dec = (float(each[0]) for each in world.sky(look.exposure.wcs, 500, 300))
    show(page, look, f"&ra={ra}&dec={dec}")

    _, at = seen(page)
    assert (at["x"], at["y"]) == (pytest.approx(500, abs=1e-3), pytest.approx(300, abs=1e-3))
    ring = [
        colour_of(page, 500 + dx, 300)[0] - colour_of(page, 500 + dx, 300)[2] for dx in np.arange(0, 8, 0.5)
    ]
    assert max(ring) > 100


def test_a_hundred_thousand_marks_are_drawn_and_one_of_them_is_chosen(page: Page, look: LookedAt) -> None:
    view = show(page, look)
    ra, dec = (float(each[0]) for each in world.sky(look.exposure.wcs, 400, 350))
    page.evaluate(
        f"""([ra, dec]) => {{
          const many = Float64Array.from({{ length: 100000 }}, (_, index) => 660 + (index % 30));
          const rows = Float64Array.from({{ length: 100000 }}, (_, index) => 100 + (index % 400));
          const one = {{ colour: "#ff0000", ra: [ra], dec: [dec] }};
          {VIEW}.marks = [{{ colour: "#00ff00", x: many, y: rows }}, one];
          addEventListener("sp-image-mark", (event) => (window.chosen = event.detail));
        }}""",
        [ra, dec],
    )

    assert (colour_of(page, 675, 300) - colour_of(page, 640, 300))[1] > 60
    at = seen(page)[1]
    box = view.locator(".stage").bounding_box()
    assert box is not None
    view.locator(".stage").click(
        position={
            "x": box["width"] / 2 + (400 - at["x"]) * at["zoom"],
            "y": box["height"] / 2 - (350 - at["y"]) * at["zoom"],
        }
    )
    assert page.evaluate("window.chosen") == {"list": 1, "index": 0}


def test_a_click_tells_a_place_with_its_value(page: Page, look: LookedAt) -> None:
    show(page, look)
    page.evaluate(
        f"""() => {{
          {VIEW}.tool = "point";
          addEventListener("sp-image-point", (event) => (window.told = event.detail));
        }}"""
    )
    page.get_by_role("application").focus()
    page.keyboard.press("1")
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Enter")

    page.wait_for_function("() => window.told")
    told, at = page.evaluate("window.told"), seen(page)[1]
    x, y = int(at["x"] + 0.5), int(at["y"] + 0.5)
    assert (told["x"], told["y"], told["unit"], told["mark"]) == (x, y, "nJy", None)
    assert told["value"] == pytest.approx(float(look.exposure.image[y, x]), rel=1e-6)
    assert told["variance"] == 4
    ra, dec = (float(each[0]) for each in world.sky(look.exposure.wcs, at["x"], at["y"]))
    assert (told["ra"], told["dec"]) == (pytest.approx(ra, abs=1e-9), pytest.approx(dec, abs=1e-9))


def test_a_tile_that_fails_is_asked_for_again(page: Page, look: LookedAt) -> None:
    page.route(re.compile(r"/tiles/0/1/1\?"), lambda route: route.abort())
    page.goto(f"/portal/image?id={quote(look.did, safe='')}")
    page.get_by_role("button", name="One pixel").click()
    alert = page.locator("sp-image-view").get_by_role("alert")
    expect(alert).to_contain_text("A tile could not be read")

    page.unroute_all()
    alert.get_by_role("button", name="Try again").click()
    expect(alert).to_have_count(0)


def test_an_image_that_is_not_there_is_said_so(page: Page, look: LookedAt) -> None:
    page.goto(f"/portal/image?id={quote(look.did[:-12] + '0' * 12, safe='')}")
    expect(page.get_by_role("heading", name="The image cannot be shown")).to_be_visible()

    page.goto("/portal/image?id=nonsense")
    expect(page.get_by_role("heading", name="No image")).to_be_visible()


def test_a_browser_that_cannot_draw_shows_a_picture(
    browser: Browser, platform: Platform, look: LookedAt
) -> None:
    context = browser.new_context(base_url=platform.url)
    page = context.new_page()
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page.goto(f"/portal/image?id={quote(look.did, safe='')}")

    expect(page.get_by_role("heading", name=re.compile("WebGL 2"))).to_be_visible()
    picture = page.locator("sp-image-view img")
    expect(picture).to_be_visible()
    page.wait_for_function("(picture) => picture.naturalWidth > 0", arg=picture.element_handle())
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 800), (390, 800)], ids=["wide", "narrow"])
def test_nothing_keeps_people_out_and_the_pictures_are_taken(
    page: Page,
    look: LookedAt,
    scheme: str,
    size: tuple[int, int],
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": size[0], "height": size[1]})
    show(page, look)
    if size[0] < 600:
        page.get_by_role("button", name="Look").click()
    for plane in ("CR", "DETECTED"):
        page.get_by_role("checkbox", name=plane).check()
    page.get_by_role("application").hover(position={"x": 150, "y": 120})
    drawn(page)

    if AXE.exists():
        page.evaluate(AXE.read_text())
        found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa']})")
        assert [violation["id"] for violation in found["violations"]] == []
    writes = request.config.getoption("--write-pictures") and (scheme, size[0]) == ("light", 1280)
    folder = PICTURES if writes else tmp_path
    folder.mkdir(exist_ok=True)
    page.screenshot(path=folder / f"image-{scheme}{'' if size[0] > 1000 else '-narrow'}.png")
