"""HEALPix cells and their centres, written out as SQL (Górski et al. 2005, ApJ 622, 759; NESTED)."""

from __future__ import annotations

from sqlglot import exp

from sciplat.adql.formula import formula
from sciplat.adql.shapes import PointShape
from sciplat.sky.healpix import ORDER

__all__ = ["cell_of", "centre_of"]

_SIDE = 1 << ORDER


def _steps(value: str, *steps: str) -> str:
    """Return a value after some steps, in each of which it is called ``b``."""
    text = f"[{value}]"
    for step in steps:
        text = f"LIST_TRANSFORM({text}, LAMBDA b : {step})"
    return f"{text}[1]"


_MASKS = ((16, 0x0000FFFF0000FFFF), (8, 0x00FF00FF00FF00FF), (4, 0x0F0F0F0F0F0F0F0F),
          (2, 0x3333333333333333), (1, 0x5555555555555555))  # fmt: skip


def _spread(value: str) -> str:
    """Put the bits of a number at the places 0, 2, 4, ..."""
    return _steps(value, *(f"(b | (b << {shift})) & {mask}" for shift, mask in _MASKS))


def _pressed(value: str) -> str:
    """Press together the bits 0, 2, 4, ... of a number."""
    masks = [mask for _, mask in reversed(_MASKS)]
    pairs = zip((1, 2, 4, 8, 16), [*masks[1:], 0x00000000FFFFFFFF], strict=True)
    return _steps(f"{value} & {masks[0]}", *(f"(b | (b >> {shift})) & {mask}" for shift, mask in pairs))


def _whole(text: str) -> str:
    return f"TRY_CAST(FLOOR({text}) AS BIGINT)"


# Towards the equator, cells are bound by lines along which longitude and height are proportional.
_BELT = (
    f"LIST_TRANSFORM([STRUCT_PACK(p := {_whole(f'{_SIDE} * (0.5e0 + q[1] - 0.75e0 * q[2])')}, "
    f"m := {_whole(f'{_SIDE} * (0.5e0 + q[1] + 0.75e0 * q[2])')})], LAMBDA j : STRUCT_PACK("
    f"f := CASE WHEN j['p'] >> {ORDER} = j['m'] >> {ORDER} THEN (j['p'] >> {ORDER}) & 3 | 4 "
    f"WHEN j['p'] < j['m'] THEN j['p'] >> {ORDER} ELSE (j['m'] >> {ORDER}) + 8 END, "
    f"x := j['m'] & {_SIDE - 1}, y := {_SIDE - 1} - (j['p'] & {_SIDE - 1})))[1]"
)
# Towards the poles, by lines from the pole; its distance is taken by the sine of half the angle.
_CAP = (
    f"LIST_TRANSFORM([STRUCT_PACK(n := LEAST(FLOOR(q[1]), 3), "
    "s := SQRT(6e0) * SIN(RADIANS(90 - ABS($dec)) / 2))], LAMBDA u : "
    f"LIST_TRANSFORM([STRUCT_PACK("
    f"p := LEAST({_SIDE - 1}, {_whole(f'''(q[1] - u['n']) * {_SIDE} * u['s']''')}), "
    f"m := LEAST({_SIDE - 1}, {_whole(f'''(1 - q[1] + u['n']) * {_SIDE} * u['s']''')}))], LAMBDA j : "
    f"CASE WHEN $dec > 0 THEN STRUCT_PACK(f := CAST(u['n'] AS BIGINT), "
    f"x := {_SIDE - 1} - j['m'], y := {_SIDE - 1} - j['p']) "
    "ELSE STRUCT_PACK(f := CAST(u['n'] AS BIGINT) + 8, x := j['p'], y := j['m']) END)[1])[1]"
)
_CELL = (
    "CASE WHEN ABS($dec) <= 90 AND ABS($ra) <= 1e9 THEN LIST_TRANSFORM(["
    "[($ra - 360 * FLOOR($ra / 360)) / 90, SIN(RADIANS($dec))]], LAMBDA q : "
    f"LIST_TRANSFORM([CASE WHEN ABS(q[2]) <= 2 / 3e0 THEN {_BELT} ELSE {_CAP} END], LAMBDA c : "
    f"(((c['f'] << {2 * ORDER}) + {_spread('''c['x']''')} + ({_spread('''c['y']''')} << 1)) "
    f">> (2 * ({ORDER} - $order))))[1])[1] END"
)


def cell_of(order: int, point: PointShape) -> exp.Expr:
    """Return the cell that a point lies in; NULL where it lies nowhere."""
    return formula(_CELL, ra=point.ra, dec=point.dec, order=exp.Literal.number(order))


_RING = "CAST([2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4] AS BIGINT[])"
_COLUMN = "CAST([1, 3, 5, 7, 0, 2, 4, 6, 1, 3, 5, 7] AS BIGINT[])"


def centre_of(order: int, cell: exp.Expr) -> PointShape:
    """Return the centre of a cell; NULL where there is no such cell."""
    side = 1 << order
    place = (
        f"STRUCT_PACK(f := $cell >> {2 * order}, x := {_pressed(f'($cell & {4**order - 1})')}, "
        f"y := {_pressed(f'(($cell & {4**order - 1}) >> 1)')})"
    )
    ring = f"LIST_TRANSFORM([{_RING}[c['f'] + 1] * {side} - c['x'] - c['y'] - 1], LAMBDA r : {{}})[1]"
    belt = f"ABS(r - {2 * side}) <= {side}"
    turned = f"CASE WHEN {belt} THEN (r - {side}) & 1 ELSE 0 END"
    count = f"LEAST(r, {4 * side} - r, {side})"
    dec = (
        f"CASE WHEN {belt} THEN DEGREES(ASIN(({2 * side} - r) * 2 / {3 * side}e0)) "
        f"ELSE SIGN({2 * side} - r) * (90 - DEGREES(2 * ASIN({count} / {side}e0 / SQRT(6e0)))) END"
    )
    column = f"(({_COLUMN}[c['f'] + 1] * n + c['x'] - c['y'] + 1 + t) // 2 - (t + 1) / 2) * 90e0 / n"
    ra = (
        f"LIST_TRANSFORM([{turned}], LAMBDA t : LIST_TRANSFORM([{count}], LAMBDA n : "
        f"LIST_TRANSFORM([{column}], LAMBDA a : CASE WHEN a < 0 THEN a + 360 ELSE a END)[1])[1])[1]"
    )
    text = (
        f"CASE WHEN $cell BETWEEN 0 AND {12 * 4**order - 1} THEN "
        f"LIST_TRANSFORM([{place}], LAMBDA c : {ring.format(f'[{ra}, {dec}]')})[1] END"
    )
    cell = exp.TryCast(this=cell.copy(), to=exp.DataType(this=exp.DType.BIGINT))
    cell.meta["done"] = True
    return PointShape(formula(f"({text})[1]", cell=cell), formula(f"({text})[2]", cell=cell), None, sure=True)
