"""Files with wrong bytes are read, or refused in words; nothing else happens."""

from __future__ import annotations

import io
import random
from collections.abc import Callable

import numpy as np
import pytest
from astropy.io import fits as standard_fits
from support.examples import examples

from sciplat.errors import SciplatError
from sciplat.images import cutout, fits
from sciplat.images import wcs as world
from sciplat.images.exposure import Exposure
from sciplat.sky.position import Position
from sciplat.sky.region import Circle


def content(exposure: Exposure, *, compress: bool) -> bytes:
    file = io.BytesIO()
    fits.write(exposure, file, compress=compress)
    return file.getvalue()


def foreign(exposure: Exposure) -> bytes:
    file = io.BytesIO()
    header = world.cards(exposure.wcs)
    header["BLANK"], header["BZERO"] = -7, 32768
    image = standard_fits.ImageHDU(np.nan_to_num(exposure.image).astype(np.int16), header)
    standard_fits.HDUList([standard_fits.PrimaryHDU(), image]).writeto(file)
    return file.getvalue()


def changed(whole: bytes, dice: random.Random) -> bytes:
    """Some bytes, a card, a digit of a card, or the end are wrong."""
    now = bytearray(whole)
    cards = [
        i for i in range(0, len(whole), 80) if whole[i] > 32 and all(32 <= c < 127 for c in whole[i : i + 80])
    ]
    card = dice.choice(cards)
    match dice.choice(["bytes", "card", "digits", "letter", "end"]):
        case "bytes":
            for _ in range(dice.randint(1, 20)):
                now[dice.randrange(len(now))] = dice.randrange(256)
        case "card":
            other = dice.choice(cards)
            now[card : card + 80] = whole[other : other + 80]
        case "digits":
            for place in (i for i in range(card + 10, card + 40) if chr(whole[i]).isdigit()):
                now[place] = ord(dice.choice("0123456789-.E"))
        case "letter":
            now[card + dice.randrange(80)] = dice.randrange(32, 127)
        case _:
            del now[dice.randrange(len(now)) :]
    return bytes(now)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["compressed", "plain", "foreign"])
def test_changed_files_are_read_or_refused_in_words(
    kind: str, make_exposure: Callable[..., Exposure], fuzz: int
) -> None:
    exposure = make_exposure(shape=(40, 38))
    whole = foreign(exposure) if kind == "foreign" else content(exposure, compress=kind == "compressed")
    dice = random.Random(kind)
    seen = {"good": 0, "refused": 0}
    for _ in range(fuzz // 15):
        broken = changed(whole, dice)
        for use in (
            lambda broken=broken: fits.read(io.BytesIO(broken)),
            lambda broken=broken: sum(
                map(len, cutout.cut(io.BytesIO(broken), Circle(Position(25.6, 0.3), 0.0005), content="all"))
            ),
        ):
            try:
                use()
                seen["good"] += 1
            except SciplatError:
                seen["refused"] += 1
    assert min(seen.values()) >= examples(11)
