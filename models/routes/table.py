"""Tables: CSV with a column for each coordinate, and GTFS shapes.txt."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple

from models.routes.raw import Fix, Line, Place, RouteError, RouteFile, number, text_of, time_ms

_COLUMNS: Mapping[str, frozenset[str]] = {
    "lat": frozenset({"lat", "latitude", "lintang", "shape_pt_lat"}),
    "lon": frozenset({"lon", "lng", "long", "longitude", "bujur", "shape_pt_lon"}),
    "time": frozenset({"time", "waktu"}),
    "name": frozenset({"name", "nama"}),
    "shape": frozenset({"shape_id"}),
    "sequence": frozenset({"shape_pt_sequence"}),
}


class _Table(NamedTuple):
    columns: Mapping[str, int]
    rows: Sequence[tuple[int, Sequence[str]]]
    """Each with its line in the file."""
    delimiter: str

    def cell(self, row: Sequence[str], column: str) -> str:
        at = self.columns.get(column)
        return row[at].strip() if at is not None and at < len(row) else ""

    def degrees(self, line: int, row: Sequence[str], column: str) -> float:
        text = self.cell(row, column)
        # where the comma does not divide cells, it is how Indonesia writes a decimal point
        return number(text if self.delimiter == "," else text.replace(",", "."), f"line {line}: {column}")


def read_table(content: bytes) -> RouteFile:
    """Return one line of all rows in their order, or one a shape by sequence number. Raises RouteError."""
    table = _parse(text_of(content))
    return _shapes(table) if "shape" in table.columns else _line(table)


def _parse(text: str) -> _Table:
    head = text.partition("\n")[0].strip()
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise RouteError(f"line {reader.line_num}: {error}") from error
    names = [name.strip().lower() for name in rows[0][1]] if rows else []
    columns = {column: names.index(found) for column, known in _COLUMNS.items() for found in names if found in known}
    needed = ("lat", "lon", "sequence") if "shape" in columns else ("lat", "lon")
    missing = [column for column in needed if column not in columns]
    if missing:
        raise RouteError(f"its first line names no column for {' and '.join(missing)}: {head[:80]!r}")
    return _Table(columns, rows[1:], delimiter)


def _line(table: _Table) -> RouteFile:
    fixes, places = [], []
    for line, row in table.rows:
        lon, lat = table.degrees(line, row, "lon"), table.degrees(line, row, "lat")
        fixes.append(Fix(lon, lat, time_ms(table.cell(row, "time"))))
        if name := table.cell(row, "name"):
            places.append(Place(name, lon, lat))
    if not fixes:
        raise RouteError("holds no points")
    return RouteFile([Line("", [fixes])], places)


def _shapes(table: _Table) -> RouteFile:
    shapes: dict[str, list[tuple[float, Fix]]] = defaultdict(list)
    for shape_id, sequence, fix in _shape_rows(table):
        shapes[shape_id].append((sequence, fix))
    if not shapes:
        raise RouteError("holds no points")
    return RouteFile(
        [Line(name, [[fix for _, fix in sorted(rows, key=itemgetter(0))]]) for name, rows in shapes.items()]
    )


def _shape_rows(table: _Table) -> Iterator[tuple[str, float, Fix]]:
    for line, row in table.rows:
        fix = Fix(table.degrees(line, row, "lon"), table.degrees(line, row, "lat"))
        sequence = number(table.cell(row, "sequence"), f"line {line}: shape_pt_sequence")
        yield table.cell(row, "shape"), sequence, fix
