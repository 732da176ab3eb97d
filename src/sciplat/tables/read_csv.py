"""Rows of a CSV file, with types that every line of the file agrees to."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from sciplat.errors import IngestError
from sciplat.tables.arrow import describe, fitting_xtype
from sciplat.tables.read_ecsv import Declared, described, is_ecsv
from sciplat.tables.source import RowSource, require_distinct
from sciplat.vo.schema import Column

__all__ = ["open_csv"]

_BLOCK_BYTES = 4 << 20
_HEAD_BYTES = 1 << 20
"""In which the line with the columns' names ends."""
_DELIMITERS = ",\t;|"
_NULLS = ["", "NULL", "null", "NaN", "nan", "NAN", "N/A", "n/a"]

# What Arrow would take for a number although it names something: ids in hexadecimal, and ids beyond
# 64 bits, which would lose their last digits.
_NO_NUMBER = {pa.int64(): "[xX]", pa.float64(): r"^\s*[+-]?\d{19,}\s*$"}

# Each kind also takes what all kinds before it in its row take.
_LADDERS: tuple[tuple[pa.DataType, ...], ...] = (
    (pa.int64(), pa.float64(), pa.string()),
    (pa.bool_(), pa.string()),
    (pa.timestamp("us"), pa.string()),
)


def open_csv(path: Path) -> RowSource:
    """Open a text file with one row a line and the columns' names in the first.

    Fields are separated by commas, tabs, semicolons or bars; empty lines and lines with ``#`` before the
    names are skipped. The whole file is read once to find each column's type: whole numbers, numbers,
    true/false, ISO times, or text. Where the header of an ECSV file says a type, it is that one; texts that
    are all ISO times are times there too.

    Raises
    ------
    IngestError
        Names the file and the line that does not fit.
    """
    skipped, names, delimiter, told = _header(path)
    kinds = dict.fromkeys(names, pa.null())
    said = {name: told[name].kind for name in names if name in told}
    rows = 0
    for batch in _texts(path, skipped, names, delimiter):
        for name, values in zip(names, batch.columns, strict=True):
            kind = said.get(name)
            if kind is None or kind == pa.string():
                kinds[name] = _widen(kinds[name], values, _LADDERS if kind is None else _LADDERS[-1:])
            else:
                kinds[name] = kind
                _check(values, kind, f"{path.name}: column {name!r}", rows + 1)
        rows += batch.num_rows
    kinds = {name: pa.string() if pa.types.is_null(kind) else kind for name, kind in kinds.items()}
    schema = pa.schema(list(kinds.items()))
    columns = tuple(_described(describe(field.name, field.type), told) for field in schema)

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in _texts(path, skipped, names, delimiter):
            arrays = [_as(values, kind) for values, kind in zip(batch.columns, schema.types, strict=True)]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    return RowSource(path.name, columns, schema, batches, rows)


def _header(path: Path) -> tuple[int, list[str], str, Mapping[str, Declared]]:
    try:
        with pa.input_stream(path, compression=_compression(path)) as stream:
            head = bytes(stream.read(_HEAD_BYTES))
    except OSError as error:
        raise IngestError(f"{path.name}: cannot be read ({error})") from error
    skipped = 0
    comments: list[str] = []
    told: Mapping[str, Declared] = {}
    lines = head.splitlines()
    if len(head) == _HEAD_BYTES:
        lines.pop()  # it goes on
    for line in lines:
        text = line.decode("utf-8-sig", errors="replace")
        if text.lstrip().startswith("#"):
            skipped += 1
            comments.append(text.rstrip())
            continue
        if not text.strip():
            skipped += 1
            continue
        delimiter = max(_DELIMITERS, key=text.count)
        if is_ecsv(comments):
            delimiter, told = described(comments, path.name)
        try:
            names = [name.strip() for name in next(csv.reader([text], delimiter=delimiter), [])]
        except csv.Error as error:
            raise IngestError(f"{path.name}: the columns' names cannot be read ({error})") from error
        break
    else:
        where = " in its first megabyte" if len(head) == _HEAD_BYTES else ""
        raise IngestError(f"{path.name}: there is no line with the columns' names{where}")
    for number, name in enumerate(names, 1):
        if not name:
            raise IngestError(f"{path.name}: column {number} has no name in line {skipped + 1}")
    require_distinct(names, path.name)
    return skipped, names, delimiter, told


def _described(column: Column, told: Mapping[str, Declared]) -> Column:
    if column.name not in told:
        return column
    said = told[column.name].column
    return replace(
        column,
        unit=said.unit,
        ucd=said.ucd,
        utype=said.utype,
        xtype=column.xtype or fitting_xtype(said.xtype, column),
        description=said.description,
    )


def _texts(path: Path, skipped: int, names: list[str], delimiter: str) -> Iterator[pa.RecordBatch]:
    """Yield the file's fields as text."""
    bad: list[pacsv.InvalidRow] = []

    def stop(row: pacsv.InvalidRow) -> str:
        bad.append(row)
        return "error"

    try:
        with pa.input_stream(path, compression=_compression(path)) as stream:
            yield from pacsv.open_csv(
                stream,
                read_options=pacsv.ReadOptions(
                    block_size=_BLOCK_BYTES, column_names=names, skip_rows=skipped + 1, use_threads=False
                ),
                parse_options=pacsv.ParseOptions(delimiter=delimiter, invalid_row_handler=stop),
                convert_options=pacsv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()),
                    null_values=_NULLS,
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=False,
                    check_utf8=True,
                ),
            )
    except (pa.ArrowException, OSError) as error:
        if bad:
            row = bad[0]
            place = f"line {row.number}" if row.number is not None else f"the line {row.text[:60]!r}"
            raise IngestError(
                f"{path.name}: {place} has {row.actual_columns} fields, not {row.expected_columns}"
            ) from error
        if "Empty CSV file" in str(error) or "Could not skip initial" in str(error):  # only the names
            return
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise IngestError(f"{path.name}: cannot be read as CSV ({reason})") from error


def _check(values: pa.Array, kind: pa.DataType, label: str, first: int) -> None:
    """Look whether all texts are of the kind that the file says."""
    try:
        _as(values, kind)
    except pa.ArrowInvalid:
        for row in range(len(values)):
            try:
                _as(values[row : row + 1], kind)
            except pa.ArrowInvalid as error:
                raise IngestError(
                    f"{label}, row {first + row}: {values[row].as_py()[:60]!r} is not of the type that the "
                    "header says"
                ) from error
        raise


def _widen(kind: pa.DataType, values: pa.Array, ladders: tuple[tuple[pa.DataType, ...], ...]) -> pa.DataType:
    """Return the narrowest kind that holds what ``kind`` held and ``values`` too."""
    if values.null_count == len(values):
        return kind
    if pa.types.is_null(kind):
        for ladder in ladders:
            if (found := _first(ladder, values)) != pa.string():
                return found
        return pa.string()
    ladder = next((row for row in _LADDERS if kind in row), (pa.string(),))
    return _first(ladder[ladder.index(kind) :], values)


def _first(ladder: tuple[pa.DataType, ...], values: pa.Array) -> pa.DataType:
    for kind in ladder:
        unwanted = _NO_NUMBER.get(kind)
        if unwanted is not None and pc.any(pc.match_substring_regex(values, unwanted)).as_py():
            continue
        try:
            _as(values, kind)
        except pa.ArrowInvalid:
            continue
        return kind
    return pa.string()


def _as(values: pa.Array, kind: pa.DataType) -> pa.Array:
    if kind == pa.string():
        return values
    if pa.types.is_nested(kind):
        return _arrays(values, kind)
    return pc.cast(pc.utf8_trim_whitespace(values), kind)


def _arrays(values: pa.Array, kind: pa.DataType) -> pa.Array:
    """Return arrays that are written as JSON (APE 6); those of more dimensions are laid out flat."""
    # Arrow takes no whole number above 2^24 for a FLOAT, not even one that is one.
    number = float if pa.types.is_floating(kind.value_type) else int
    try:
        rows = [
            None if text is None else _flat(json.loads(text, parse_int=number)) for text in values.to_pylist()
        ]
        return pa.array(rows, kind)
    except (ValueError, TypeError, RecursionError) as error:
        raise pa.ArrowInvalid(str(error)) from error


def _flat(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("no array")
    if not any(isinstance(each, list) for each in value):
        return value
    return [inner for each in value for inner in _flat(each)]


def _compression(path: Path) -> str | None:
    with path.open("rb") as file:
        return "gzip" if file.read(2) == b"\x1f\x8b" else None
