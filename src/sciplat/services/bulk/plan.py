"""Which image is cut where: the rows of a table with positions, matched with datasets."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy.spatial import cKDTree

from sciplat.engine.result import Result
from sciplat.errors import LimitError, UsageError
from sciplat.images.footprint import contains
from sciplat.services.bulk.patches import Skymaps, belongs
from sciplat.services.bulk.request import BulkRequest
from sciplat.sky.position import Position
from sciplat.sky.region import Polygon
from sciplat.vo.schema import Column

__all__ = ["WORK", "Targets", "as_planned", "covering", "plan_work", "slug"]

WORK = pa.schema(
    [
        ("row", pa.int64()),
        ("name", pa.string()),
        ("ra", pa.float64()),
        ("dec", pa.float64()),
        ("dataset", pa.string()),
        ("patch", pa.string()),
        ("status", pa.string()),
        ("reason", pa.string()),
    ]
)
"""What is to be done: a row of the table, counted from 1, and the image that is cut there.

``patch`` tells whether the position belongs to the patch of a coadd (`sciplat.services.bulk.patches`). What
cannot be done is known by its ``status`` already, with the ``reason``.
"""

_PAIRS = (("ra", "dec"), ("s_ra", "s_dec"), ("coord_ra", "coord_dec"), ("raj2000", "dej2000"))
_PAIRS_MORE = (("ra_icrs", "de_icrs"), ("right_ascension", "declination"), ("lon", "lat"))
_DATASETS = ("obs_publisher_did",)
_TEXT = 200

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Targets:
    """The rows of a table, as far as cutouts are about them."""

    ra: Floats
    """Degrees; NaN where there is no number."""

    dec: Floats
    names: list[str]
    """Empty where a row has none."""

    datasets: list[str] | None
    """The identifier of each row's image; None where rows say none."""

    @classmethod
    def of(cls, result: Result, request: BulkRequest) -> Targets:
        """Read a table.

        Raises
        ------
        UsageError
            A column is not there, or the positions cannot be found.
        """
        columns = result.columns
        ra, dec = _positions(columns, request)
        name = _named(columns, request.name, "NAME") if request.name else _identifier(columns)
        dataset = _named(columns, request.dataset_column, "DATASET") if request.dataset_column else None
        if dataset is None and request.release is None and not request.ids:
            lower = {column.name.lower(): column.name for column in columns}
            dataset = next((lower[known] for known in _DATASETS if known in lower), None)
            if dataset is None:
                raise UsageError(
                    "Say which images are cut: RELEASE with DATASET_TYPE, or ID, or DATASET, a column with "
                    "the identifiers of images (obs_publisher_did)."
                )
        wanted = {each: _index(columns, each) for each in (ra, dec, name, dataset) if each is not None}
        read: dict[str, list[pa.Array]] = {each: [] for each in wanted}
        for batch in result.stream().batches:
            for each, at in wanted.items():
                read[each].append(batch.column(at))
        return cls(
            _numbers(read[ra], ra),
            _numbers(read[dec], dec),
            [""] * result.rows if name is None else _texts(read[name]),
            None if dataset is None else _texts(read[dataset]),
        )


def plan_work(
    targets: Targets,
    request: BulkRequest,
    observations: pa.Table | None,
    *,
    most: int,
    skymaps: Skymaps = lambda _: None,
) -> Iterator[pa.RecordBatch]:
    """Yield what is to be done, the rows of one image together, so that each is opened once.

    Parameters
    ----------
    observations
        The rows of ObsCore of the release that is asked for; None where images are named.
    most
        How many cutouts there may be.
    skymaps
        Gives the skymaps of coadds.

    Raises
    ------
    LimitError
        There would be more.
    """
    with np.errstate(invalid="ignore"):
        good = (targets.ra >= -180) & (targets.ra <= 360) & (np.abs(targets.dec) <= 90)
    rows: list[int] = []
    datasets: list[str | None] = []
    reasons: dict[int, tuple[str, str]] = {}
    patches: dict[int, str] = {}
    for row in np.flatnonzero(~good).tolist():
        rows.append(row)
        datasets.append(targets.datasets[row] if targets.datasets else None)
        reasons[len(rows) - 1] = "bad_position", _bad(targets, row)
    there = np.flatnonzero(good)
    if observations is not None:
        of_row, of_image = covering(targets.ra[there], targets.dec[there], observations, most=most)
        ids = observations["obs_publisher_did"].to_pylist()
        own = belongs(targets.ra[there], targets.dec[there], of_row, of_image, observations, skymaps)
        for pair, (row, image) in enumerate(zip(there[of_row].tolist(), of_image.tolist(), strict=True)):
            if own[pair] is not False or request.every_patch:
                if own[pair] is not None:
                    patches[len(rows)] = "inner" if own[pair] else "border"
                rows.append(row)
                datasets.append(ids[image])
        types = " or ".join(request.dataset_types)
        bands = f" in {' or '.join(request.bands)}" if request.bands else ""
        lonely = np.ones(len(there), np.bool_)
        lonely[of_row] = False
        for row in there[lonely].tolist():
            rows.append(row)
            datasets.append(None)
            reasons[len(rows) - 1] = (
                "no_image",
                f"No {types}{bands} of {request.release} covers this position.",
            )
    elif targets.datasets is not None:
        for row in there.tolist():
            rows.append(row)
            datasets.append(targets.datasets[row] or None)
            if not targets.datasets[row]:
                reasons[len(rows) - 1] = "no_image", "The row names no image."
    else:
        if len(there) * len(request.ids) > most:
            raise _too_many(len(there) * len(request.ids), most)
        for dataset in request.ids:
            rows += there.tolist()
            datasets += [dataset] * len(there)
    order = sorted(range(len(rows)), key=lambda at: (datasets[at] or "", rows[at]))
    for start in range(0, len(order), 10_000):
        part = order[start : start + 10_000]
        yield pa.RecordBatch.from_arrays(
            [
                pa.array([rows[at] + 1 for at in part], pa.int64()),
                pa.array([targets.names[rows[at]] or None for at in part], pa.string()),
                pa.array(targets.ra[[rows[at] for at in part]], from_pandas=True),
                pa.array(targets.dec[[rows[at] for at in part]], from_pandas=True),
                pa.array([datasets[at] for at in part], pa.string()),
                pa.array([patches.get(at) for at in part], pa.string()),
                pa.array([reasons.get(at, (None, None))[0] for at in part], pa.string()),
                pa.array([reasons.get(at, (None, None))[1] for at in part], pa.string()),
            ],
            schema=WORK,
        )


def as_planned(work: pa.Table) -> pa.Table:
    """Return a plan as `WORK` has it; an older version may have made it, which knew fewer columns.

    Of such a plan the new columns are empty. It is not made anew, because the pieces that are done belong to
    it, one to a row.
    """
    for field in WORK:
        if field.name not in work.column_names:
            work = work.append_column(field, pa.nulls(work.num_rows, field.type))
    return work.select(WORK.names)


def covering(
    ra: Floats, dec: Floats, observations: pa.Table, *, most: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return which positions lie in which images: the numbers of both, of each pair.

    Parameters
    ----------
    ra, dec
        Degrees.
    observations
        Rows with the corners of the images, in degrees, as ``_s_region``; those without are nowhere.
    most
        How many pairs there may be; more are a `LimitError`.
    """
    lon, lat = np.radians(ra), np.radians(dec)
    points = np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    tree = cKDTree(points) if len(points) else None
    found: list[npt.NDArray[np.int64]] = []
    images: list[npt.NDArray[np.int64]] = []
    count = 0
    for number, outline in enumerate(observations["_s_region"].to_pylist() if tree is not None else ()):
        if not outline or len(outline) < 6:
            continue
        corners = tuple(Position(a % 360, b) for a, b in zip(outline[::2], outline[1::2], strict=False))
        vectors = np.array([corner.vector for corner in corners])
        middle = vectors.mean(axis=0)
        middle /= np.linalg.norm(middle)
        reach = float(np.linalg.norm(vectors - middle, axis=1).max()) * (1 + 1e-9)
        assert tree is not None
        near = np.array(sorted(tree.query_ball_point(middle, reach)), np.int64)
        if len(near):
            near = near[contains(Polygon(corners), points[near])]
        count += len(near)
        if count > most:
            raise _too_many(count, most)
        found.append(near)
        images.append(np.full(len(near), number, np.int64))
    none = np.zeros(0, np.int64)
    return np.concatenate([none, *found]), np.concatenate([none, *images])


def _too_many(count: int, most: int) -> LimitError:
    return LimitError(
        f"These would be {count:,} cutouts or more; one job may make {most:,}. Send fewer positions, bands "
        "or images, or ask the operator to raise batch.pieces."
    )


def slug(text: str, most: int = 60) -> str:
    """Return a text as a part of a file's name: letters, digits and ``._+-``, and no dot in front."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9._+-]+", "_", plain).strip("._-")[:most]


def _positions(columns: Sequence[Column], request: BulkRequest) -> tuple[str, str]:
    if request.ra is not None and request.dec is not None:
        return _named(columns, request.ra, "RA"), _named(columns, request.dec, "DEC")
    for suffix in (";meta.main", ""):
        pair = [
            next(
                (column.name for column in columns if (column.ucd or "").lower() == f"pos.eq.{axis}{suffix}"),
                None,
            )
            for axis in ("ra", "dec")
        ]
        if pair[0] is not None and pair[1] is not None:
            return pair[0], pair[1]
    lower = {column.name.lower(): column.name for column in columns}
    for ra, dec in (*_PAIRS, *_PAIRS_MORE):
        if ra in lower and dec in lower:
            return lower[ra], lower[dec]
    raise UsageError(
        "The columns with the positions are not known: name them with RA and DEC. The table has "
        f"{', '.join(column.name for column in columns)[:300]}."
    )


def _identifier(columns: Sequence[Column]) -> str | None:
    """Return the column with the names of rows, if one says that of itself."""
    for ucd in ("meta.id;meta.main", "meta.id"):
        for column in columns:
            if (column.ucd or "").lower() == ucd:
                return column.name
    return next(
        (column.name for column in columns if column.name.lower() in ("name", "id", "source_id")), None
    )


def _named(columns: Sequence[Column], name: str, parameter: str) -> str:
    for column in columns:
        if column.name.lower() == name.lower().strip('"'):
            return column.name
    raise UsageError(
        f"{parameter}={name[:60]!r}: there is no such column; the table has "
        f"{', '.join(column.name for column in columns)[:300]}."
    )


def _index(columns: Sequence[Column], name: str) -> int:
    return next(number for number, column in enumerate(columns) if column.name == name)


def _numbers(parts: list[pa.Array], name: str) -> Floats:
    numbers = [np.zeros(0)]
    for part in parts:
        try:
            numbers.append(np.asarray(pc.cast(part, pa.float64()).to_numpy(zero_copy_only=False), np.float64))
        except pa.ArrowException:
            raise UsageError(f"The column {name!r} is to be a position, but has no numbers in it.") from None
    return np.concatenate(numbers)


def _texts(parts: list[pa.Array]) -> list[str]:
    return ["" if value is None else str(value)[:_TEXT] for part in parts for value in part.to_pylist()]


def _bad(targets: Targets, row: int) -> str:
    ra, dec = float(targets.ra[row]), float(targets.dec[row])
    if np.isnan(ra) or np.isnan(dec):
        return "The row has no position."
    return f"RA {ra:g}, Dec {dec:g} is not on the sky: RA is -180 to 360, Dec -90 to 90 degrees."
