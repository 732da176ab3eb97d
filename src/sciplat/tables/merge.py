"""Several files as one table: which columns they share, and rows in the shared form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sciplat.errors import IngestError
from sciplat.tables.arrow import arrow_type, describe
from sciplat.tables.source import RowSource
from sciplat.vo.schema import Column, Datatype

__all__ = ["Rows", "agree", "rows_of"]

_TEXT = (Datatype.CHAR, Datatype.UNICODE_CHAR)
_INTEGERS = (Datatype.UNSIGNED_BYTE, Datatype.SHORT, Datatype.INT, Datatype.LONG)
_FLOATS = (Datatype.FLOAT, Datatype.DOUBLE)


@dataclass(frozen=True, slots=True)
class Rows:
    """A batch, and where it stood."""

    label: str
    """The file."""

    first: int
    """The number of its first row in that file, from 1."""

    batch: pa.RecordBatch


def agree(sources: Sequence[RowSource]) -> tuple[Column, ...]:
    """Return the columns that all sources share, in the first one's order.

    The same name must mean the same type, but integers and floating-point numbers may differ in
    width. A description that one file lacks is taken from the next.

    Raises
    ------
    IngestError
        Names the file, and the column that is missing, twice there, or of another type.
    """
    first = sources[0]
    for source in sources:
        _check_names(source)
    merged = {column.name: _plain(first, column) for column in first.columns}
    for source in sources[1:]:
        there = {column.name: column for column in source.columns}
        for name in merged:
            if name not in there:
                raise IngestError(f"{source.label}: column {name!r} is missing ({first.label} has it)")
        for name, column in there.items():
            if name not in merged:
                raise IngestError(f"{first.label}: column {name!r} is missing ({source.label} has it)")
            merged[name] = _join(merged[name], _plain(source, column), source, first)
    return tuple(merged.values())


def rows_of(sources: Sequence[RowSource], columns: Sequence[Column]) -> Iterator[Rows]:
    """Return all rows in the types of ``columns``, batch after batch.

    NaN becomes NULL: it is VOTable's NULL for floating-point numbers, while a database takes it
    for the greatest number of all.

    Raises
    ------
    IngestError
        Names the file, the column and the row whose value does not fit.
    """
    schema = pa.schema([pa.field(column.name, arrow_type(column)) for column in columns])
    for source in sources:
        row = 1
        for batch in source.batches():
            if not batch.num_rows:
                continue
            arrays = [
                _conform(batch.column(field.name), field, source.label, row)
                if field.name in batch.schema.names
                else pa.nulls(batch.num_rows, field.type)
                for field in schema
            ]
            yield Rows(source.label, row, pa.RecordBatch.from_arrays(arrays, schema=schema))
            row += batch.num_rows


def _check_names(source: RowSource) -> None:
    seen: dict[str, str] = {}
    for column in source.columns:
        name = column.name
        if not name.strip() or not name.isprintable() or '"' in name:
            raise IngestError(f"{source.label}: {name[:80]!r} cannot be a column's name")
        if (other := seen.get(name.lower())) is not None:
            twice = "is there twice" if other == name else f"differs from {other!r} in case only"
            raise IngestError(f"{source.label}: column {name!r} {twice}; rename one of them")
        seen[name.lower()] = name
    if not source.columns:
        raise IngestError(f"{source.label}: there are no columns")


def _plain(source: RowSource, column: Column) -> Column:
    """Return ``column`` with a datatype and size that its values have in fact."""
    kind = source.schema.field(column.name).type
    try:
        found = describe(column.name, kind)
    except TypeError as error:
        raise IngestError(f"{source.label}: {error}") from error
    if found.datatype in _TEXT:
        said = column.datatype if column.datatype in _TEXT else found.datatype
        return replace(column, datatype=said, arraysize="*")
    return replace(
        column, datatype=found.datatype, arraysize=found.arraysize, xtype=found.xtype or column.xtype
    )


def _join(here: Column, there: Column, source: RowSource, first: RowSource) -> Column:
    described = replace(
        here,
        unit=here.unit or there.unit,
        ucd=here.ucd or there.ucd,
        utype=here.utype or there.utype,
        description=here.description or there.description,
    )
    if (here.datatype, here.arraysize) == (there.datatype, there.arraysize):
        return described
    kinds = {here.datatype, there.datatype}
    if here.arraysize == there.arraysize:
        for ladder in (_INTEGERS, _FLOATS):
            if kinds <= set(ladder):
                return replace(described, datatype=max(kinds, key=ladder.index))
        if kinds <= {*_INTEGERS, *_FLOATS}:
            return replace(described, datatype=Datatype.DOUBLE)
        if kinds <= set(_TEXT):
            return replace(described, datatype=Datatype.UNICODE_CHAR)
    # A file without a single value in this column has no opinion on its type.
    for column, file, other in ((here, first, there), (there, source, here)):
        if pa.types.is_null(file.schema.field(column.name).type):
            return replace(described, datatype=other.datatype, arraysize=other.arraysize, xtype=other.xtype)
    raise IngestError(
        f"{source.label}: column {there.name!r} is {_name(there)}, but {_name(here)} in {first.label}"
    )


def _name(column: Column) -> str:
    return f"{column.datatype}[{column.arraysize}]" if column.arraysize else str(column.datatype)


def _conform(values: pa.Array, field: pa.Field, label: str, row: int) -> pa.Array:
    if values.type != field.type:
        values = _cast(values, field, label, row)
    if pa.types.is_floating(field.type):
        numbers = values.to_numpy(zero_copy_only=False)
        # A sum is the quickest look for NaN; infinities of both signs only cost the second look.
        with np.errstate(all="ignore"):
            suspicious = values.null_count == 0 and np.isnan(numbers.sum())
        if suspicious or values.null_count:
            return pc.if_else(pc.is_nan(values), pa.scalar(None, field.type), values)
    return values


def _cast(values: pa.Array, field: pa.Field, label: str, row: int) -> pa.Array:
    if pa.types.is_binary(values.type) or pa.types.is_large_binary(values.type):
        # Joined with nothing it is a copy that starts at its buffers' beginning.
        values = pa.concat_arrays([values.cast(pa.binary()), pa.array([], pa.binary())])
        offsets = pa.Array.from_buffers(pa.int32(), len(values) + 1, [None, values.buffers()[1]])
        size = offsets[-1].as_py() if len(values) else 0
        content = values.buffers()[2] or pa.py_buffer(b"")
        bytes_ = pa.Array.from_buffers(pa.uint8(), size, [None, content])
        return pa.ListArray.from_arrays(offsets, bytes_, mask=pc.is_null(values))
    if pa.types.is_decimal(values.type):
        return values.cast(field.type, safe=False)
    if pa.types.is_timestamp(values.type) and pa.types.is_timestamp(field.type):
        # Nanoseconds are rounded down to microseconds, the time of a zone to UTC.
        return values.cast(pa.timestamp("us", values.type.tz), safe=False).cast(field.type)
    try:
        return values.cast(field.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        at = _first_bad(values, field.type)
        raise IngestError(
            f"{label}: column {field.name!r}, row {row + at}: {values[at].as_py()!r} does not fit "
            f"{_name(describe(field.name, field.type))}"
        ) from None


def _first_bad(values: pa.Array, kind: pa.DataType) -> int:
    low, high = 0, len(values)
    while high - low > 1:
        middle = (low + high) // 2
        try:
            values[low:middle].cast(kind)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            high = middle
        else:
            low = middle
    return low
