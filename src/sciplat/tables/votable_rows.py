"""Rows of a VOTable as batches: from the texts of TABLEDATA, and from the bytes of BINARY and BINARY2."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sciplat.errors import IngestError
from sciplat.tables.arrow import PLAIN_TYPES, arrow_type
from sciplat.tables.votable_fields import Field
from sciplat.vo.schema import Datatype

__all__ = ["BinaryRows", "TextRows"]

_BATCH_ROWS = 16_384
_TRUE, _FALSE = frozenset("Tt1"), frozenset("Ff0")
_LENGTH = struct.Struct(">I")


class _Rows:
    def __init__(self, label: str, fields: Sequence[Field]) -> None:
        self._label = label
        self._fields = tuple(fields)
        self._schema = pa.schema([pa.field(f.column.name, arrow_type(f.column)) for f in fields])
        self._done = 0
        """Rows that were given on."""

    def _error(self, field: Field, row: int, value: object) -> IngestError:
        kind = "a timestamp" if field.column.xtype == "timestamp" else f"of datatype {field.column.datatype}"
        return IngestError(
            f"{self._label}: column {field.column.name!r}, row {self._done + row + 1}: "
            f"{str(value)[:80]!r} is not {kind}"
        )

    def _instants(self, field: Field, texts: pa.Array) -> pa.Array:
        plain = pc.replace_substring_regex(texts, r"(\.\d{6})\d+", r"\1")
        plain = pc.replace_substring_regex(pc.utf8_trim_whitespace(plain), "Z$", "")
        try:
            return plain.cast(pa.timestamp("us"))
        except pa.ArrowInvalid:
            for row in range(len(plain)):
                try:
                    plain[row : row + 1].cast(pa.timestamp("us"))
                except pa.ArrowInvalid:
                    raise self._error(field, row, texts[row].as_py()) from None
            raise


class TextRows(_Rows):
    """Rows of TABLEDATA (VOTable 1.5, section 5.1)."""

    def __init__(self, label: str, fields: Sequence[Field]) -> None:
        super().__init__(label, fields)
        self._cells: list[str] = []
        self._ended = 0

    def cell(self, text: str) -> None:
        """Take the next cell."""
        self._cells.append(text)

    def end_row(self) -> None:
        """Say that a row ends here."""
        self._ended += 1
        wanted = self._ended * len(self._fields)
        if len(self._cells) != wanted:
            found = len(self._cells) - wanted + len(self._fields)
            raise IngestError(
                f"{self._label}: row {self._done + self._ended} has {found} cells, not {len(self._fields)}"
            )

    def batches(self, *, last: bool = False) -> Iterator[pa.RecordBatch]:
        """Yield the rows that were taken."""
        if not self._ended or (self._ended < _BATCH_ROWS and not last):
            return
        width = len(self._fields)
        whole = self._ended * width
        cells, self._cells = self._cells[:whole], self._cells[whole:]
        arrays = [self._column(field, cells[place::width]) for place, field in enumerate(self._fields)]
        yield pa.RecordBatch.from_arrays(arrays, schema=self._schema)
        self._done += self._ended
        self._ended = 0

    def _column(self, field: Field, texts: list[str]) -> pa.Array:
        kind = self._schema.field(field.column.name).type
        if pa.types.is_timestamp(kind):
            return self._instants(field, pa.array([text or None for text in texts], pa.string()))
        if pa.types.is_string(kind):
            return pa.array([text or None for text in texts], kind)
        if pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind):
            return self._arrays(field, texts, kind)
        return self._scalars(field, texts, PLAIN_TYPES[_datatype(field)])

    def _scalars(self, field: Field, texts: list[str], kind: pa.DataType) -> pa.Array:
        if pa.types.is_boolean(kind):
            return pa.array([self._truth(field, row, text) for row, text in enumerate(texts)], kind)
        null = field.null
        values = pa.array([None if not text or text == null else text for text in texts], pa.string())
        try:
            return pc.utf8_trim_whitespace(values).cast(kind)
        except pa.ArrowInvalid:
            read = [
                None if text is None else self._number(field, row, text)
                for row, text in enumerate(values.to_pylist())
            ]
            return pa.array(read, kind)

    def _number(self, field: Field, row: int, text: str) -> float | None:
        """Read what Arrow does not: a plus sign, blanks alone, numbers in hexadecimal."""
        text = text.strip()
        if not text or text == (field.null or "").strip():
            return None
        integer = field.item.kind in "iu"
        try:
            value = (
                int(text, 16 if text.lower().startswith(("0x", "-0x")) else 10) if integer else float(text)
            )
            pa.scalar(value, PLAIN_TYPES[_datatype(field)])
        except (ValueError, OverflowError, pa.ArrowInvalid):
            raise self._error(field, row, text) from None
        return value

    def _truth(self, field: Field, row: int, text: str) -> bool | None:
        word = text.strip()
        if word in ("", "?"):
            return None
        if word in _TRUE or word.lower() == "true":
            return True
        if word in _FALSE or word.lower() == "false":
            return False
        raise self._error(field, row, text)

    def _arrays(self, field: Field, texts: list[str], kind: pa.DataType) -> pa.Array:
        cells = [text.split() for text in texts]
        if field.bits:
            cells = [list("".join(words)) for words in cells]
        count = field.count
        rows: list[list[Any] | None] = []
        for row, words in enumerate(cells):
            if not words:
                rows.append(None)
            elif count is not None and len(words) != count:
                raise self._error(field, row, texts[row])
            elif field.column.datatype is Datatype.BOOLEAN:
                rows.append([self._truth(field, row, word) for word in words])
            else:
                rows.append([self._number(field, row, word) for word in words])
        return pa.array(rows, kind)


class BinaryRows(_Rows):
    """Rows of BINARY and BINARY2 (VOTable 1.5, sections 5.3 and 5.4)."""

    def __init__(self, label: str, fields: Sequence[Field], *, nulls: bool) -> None:
        """``nulls`` for BINARY2: each row begins with a bit for each cell that is NULL."""
        super().__init__(label, fields)
        self._marks = (len(self._fields) + 7) // 8 if nulls else 0
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        self._buffer += data

    def batches(self, *, last: bool = False) -> Iterator[pa.RecordBatch]:
        """Yield the rows that are complete."""
        while True:
            cells = self._cut()
            if not cells:
                break
            yield self._batch(cells)
        if last and self._buffer:
            raise IngestError(f"{self._label}: the table ends within row {self._done + 1}")

    def _cut(self) -> list[list[bytes]]:
        """Take whole rows: for each its marks, and then its cells."""
        data, place = bytes(self._buffer), 0
        rows: list[list[bytes]] = []
        end = len(data)
        while len(rows) < _BATCH_ROWS and place < end:
            row, at = [data[place : place + self._marks]], place + self._marks
            for field in self._fields:
                size = field.size
                if size is None:
                    if at + 4 > end:
                        at = end + 1
                        break
                    size = field.bytes_of(_LENGTH.unpack_from(data, at)[0])
                    at += 4
                row.append(data[at : at + size])
                at += size
            if at > end:
                break
            rows.append(row)
            place = at
        del self._buffer[:place]
        return rows

    def _batch(self, rows: list[list[bytes]]) -> pa.RecordBatch:
        columns = list(zip(*rows, strict=True))
        nulls = np.zeros((len(rows), len(self._fields)), bool)
        if self._marks:
            bits = np.frombuffer(b"".join(columns[0]), "u1").reshape(len(rows), self._marks)
            nulls = np.unpackbits(bits, axis=1)[:, : len(self._fields)].astype(bool)
        arrays = [
            self._column(field, cells, nulls[:, place])
            for place, (field, cells) in enumerate(zip(self._fields, columns[1:], strict=True))
        ]
        self._done += len(rows)
        return pa.RecordBatch.from_arrays(arrays, schema=self._schema)

    def _column(self, field: Field, cells: Sequence[bytes], null: Any) -> pa.Array:
        kind = self._schema.field(field.column.name).type
        if field.column.datatype in (Datatype.CHAR, Datatype.UNICODE_CHAR):
            read = [None if gone else self._text(field, cell) for gone, cell in zip(null, cells, strict=True)]
            texts = pa.array(read, pa.string())
            return self._instants(field, texts) if pa.types.is_timestamp(kind) else texts
        values = self._values(field, b"".join(cells), cells)
        if field.column.arraysize is None:
            return pa.array(values.data, type=kind, mask=null | values.mask)
        flat = pa.array(values.data, type=kind.value_type, mask=values.mask)
        gone = pa.array(null)
        if pa.types.is_fixed_size_list(kind):
            return pa.FixedSizeListArray.from_arrays(flat, kind.list_size, mask=gone)
        counts = [len(cell) // field.item.itemsize for cell in cells]
        offsets = pa.array(np.concatenate([[0], np.cumsum(counts)]), pa.int32())
        return pa.ListArray.from_arrays(offsets, flat, mask=gone)

    def _values(self, field: Field, data: bytes, cells: Sequence[bytes]) -> Any:
        """Return all values of the cells one after the other, as a masked array."""
        raw = np.frombuffer(data, field.item)
        if field.bits:
            if field.count == 1:  # writers disagree which of the eight it is
                return np.ma.array(raw != 0, mask=np.zeros(len(raw), bool))
            if field.count is None:
                raise IngestError(
                    f"{self._label}: column {field.column.name!r} has bit arrays of any length, which is not "
                    "supported"
                )
            rows = np.unpackbits(raw.reshape(len(cells), -1), axis=1)[:, : field.count]
            return np.ma.array(rows.astype(bool).ravel(), mask=np.zeros(rows.size, bool))
        if field.column.datatype is Datatype.BOOLEAN:
            true = np.isin(raw, [ord(letter) for letter in _TRUE])
            false = np.isin(raw, [ord(letter) for letter in _FALSE])
            return np.ma.array(true, mask=~(true | false))
        values = raw.astype(raw.dtype.newbyteorder("="))
        mask = np.zeros(len(values), bool)
        if field.null is not None and values.dtype.kind in "iu":
            with suppress(ValueError, OverflowError):
                mask = values == int(field.null, 0)
        return np.ma.array(values, mask=mask)

    def _text(self, field: Field, cell: bytes) -> str | None:
        unicode = field.column.datatype is Datatype.UNICODE_CHAR
        try:
            text = cell.decode("utf-16-be" if unicode else "utf-8")
        except UnicodeDecodeError:
            text = cell.decode("utf-16-be", "replace") if unicode else cell.decode("latin-1")
        text = text.partition("\0")[0]
        return text or (None if not self._marks else "")


def _datatype(field: Field) -> Datatype:
    assert field.column.datatype is not None
    return field.column.datatype
