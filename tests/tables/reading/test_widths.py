from __future__ import annotations

import pyarrow as pa

from sciplat.tables.widths import row_bytes, rows_within


def test_a_row_is_as_wide_as_its_columns():
    schema = pa.schema(
        [("a", pa.float64()), ("b", pa.int16()), ("c", pa.list_(pa.float32(), 5)), ("d", pa.bool_())]
    )

    assert row_bytes(schema) == 8 + 2 + 20 + 1


def test_wide_rows_come_in_smaller_pieces():
    narrow = pa.schema([("a", pa.float64())])
    wide = pa.schema([(f"x{i}", pa.float64()) for i in range(1000)])

    assert rows_within(narrow, 32 << 20, most=65_536) == 65_536
    assert rows_within(wide, 32 << 20, most=65_536) == 4096
    assert rows_within(wide, 1, most=65_536) == 1024
