from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from sciplat.catalogs.hats import choose_pixels, write_parquet

CELLS = 12 << 58


def counter(cells):
    def count(order, span):
        low, high = span or (0, CELLS)
        return Counter(cell >> 2 * (29 - order) for cell in cells if low <= cell < high)

    return count


@given(st.lists(st.integers(0, CELLS - 1), min_size=1), st.integers(1, 10))
def test_pixels_hold_every_row_once_and_few_each(cells, max_rows):
    pixels = choose_pixels(counter(cells), max_rows=max_rows)

    for cell in cells:
        assert sum(low <= cell < high for low, high in (pixel.span for pixel in pixels)) == 1
    for pixel in pixels:
        low, high = pixel.span
        assert pixel.rows == sum(low <= cell < high for cell in cells)
        assert pixel.rows <= max_rows or pixel.order == 29


def test_pixels_are_as_large_as_can_be():
    assert [(p.order, p.number) for p in choose_pixels(counter([0, 1, CELLS - 1]), max_rows=2)] == [
        (0, 0),
        (0, 11),
    ]


def test_rows_at_one_position_stay_in_one_pixel():
    assert [(p.order, p.rows) for p in choose_pixels(counter([5] * 10), max_rows=3)] == [(29, 10)]


def test_pixels_come_in_the_order_of_the_sky():
    pixels = choose_pixels(counter([*range(0, 1 << 58, 1 << 54), CELLS - 1]), max_rows=3)

    assert [p.span for p in pixels] == sorted(p.span for p in pixels)


def test_row_groups_are_full_and_not_too_large(tmp_path):
    table = pa.table({"n": range(150_000)})
    batches = [part for size in (1000, 70_000, 79_000) for part in table.slice(0, size).to_batches()]

    footer = write_parquet(tmp_path / "x.parquet", table.schema, batches)

    assert [footer.row_group(i).num_rows for i in range(footer.num_row_groups)] == [65_536, 65_536, 18_928]
    assert footer.row_group(0).column(0).compression == "ZSTD"
    assert pq.read_table(tmp_path / "x.parquet").num_rows == 150_000
