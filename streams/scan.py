"""Pings as devices write them, from JSON text to rows in one pass; what is unusual is left to one who reads with care.

What is read here is read as msgspec reads it, to the last bit of a number: the scanner only ever says less.
"""

import math
from dataclasses import fields
from typing import Any, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import AwareDatetime

from models.instants import FUTURE_MS
from models.ping import NAME_MAX, RANGES, Ping
from streams.engine.dtypes import HOLE, PING, Records, Row
from streams.engine.jit import entry, kernel

Text = NDArray[np.uint8]

# What a field of a ping may hold.
NAME, INSTANT, NUMBER, FLAG, INTEGER, NOTE = range(6)
_FORMS: dict[Any, int] = {
    str: NAME,
    AwareDatetime: INSTANT,
    float | None: NUMBER,
    bool: FLAG,
    int | None: INTEGER,
    str | None: NOTE,
}

# Where a field's value goes; the last is the place of all that is only looked at.
COLUMNS = (
    *("vehicle_id", "convoy_id", "time"),
    *("lat", "lon", "speed_mps", "heading_deg", "accuracy_m", "battery_pct", "sos", "mock"),
    None,
)
VEHICLE_ID, CONVOY_ID, TIME, LAT, LON, SPEED, HEADING, ACCURACY, BATTERY, SOS, MOCK, LOOKED_AT = range(len(COLUMNS))
REQUIRED = 1 << VEHICLE_ID | 1 << CONVOY_ID | 1 << TIME

UNREAD = -1
"""Stands for a place in the text where the scanner gave up."""

UNKNOWN = -1
"""Stands for a field that no ping has."""

QUOTE, COMMA, MINUS, PLUS, POINT, COLON, BACKSLASH, ZERO, NINE, OPEN, CLOSE = b'",-+.:\\09{}'
SPACE, TAB, LINE_FEED, RETURN = b" \t\n\r"
UTC = ord("Z")
NULL, TRUE, FALSE = (np.frombuffer(word, np.uint8) for word in (b"null", b"true", b"false"))
FIRST_VISIBLE, FIRST_NOT_ASCII = 0x20, 0x80

WRITTEN_BYTES = 20
"""Room for the longest name of a field with its quotes, and a zero behind."""

DIGITS_MAX = 18
POWERS_OF_TEN = 10.0 ** np.arange(DIGITS_MAX + 1)  # each exact
EXACT_MAX = 2**53
LOW_BITS = 0x7F
"""What an integer of 18 digits has more than the 53 bits of a double."""

SPLITTER = 2.0**27 + 1
"""Cuts a double into two halves whose products are exact."""

DOUBT = 1 + 2.0**-30
"""A quotient so near the middle between two doubles is left to exact arithmetic."""

NO_INSTANT = -(2**62)
YEAR_FIRST, YEAR_LAST = 1970, 9998
MONTH_LAST, HOUR_LAST, MINUTE_LAST = 12, 23, 59
TIME_AT = len("2024-11-27T")
SECOND_MS, MINUTE_MS, HOUR_MS, DAY_MS = 1000, 60_000, 3_600_000, 86_400_000
OLD_MS = 19 * 365 * DAY_MS
"""A fix older than this may have lost a roll-over of the GPS week."""

FEBRUARY = 2
EPOCH_DAYS = 719_468
"""Days from the first of March of the year 0 to 1970-01-01."""

TIME_PATTERN = np.frombuffer(b"0000-00-00T00:00:00", np.uint8)
FRACTION_DIGITS_MAX, MS_DIGITS = 6, 3

VALUE_BYTES_MAX = 1 << 20


class Fields(NamedTuple):
    """The fields of a ping, one an element: its name in quotes, its form, its column, its range."""

    written: NDArray[np.uint8]  # (fields, WRITTEN_BYTES), zeros behind
    form: NDArray[np.int8]
    column: NDArray[np.int8]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def _fields() -> Fields:
    """Take the fields of a Ping, with their types and ranges, in the form that the kernel reads."""
    forms = {field.name: _FORMS[get_args(field.type)[0]] for field in fields(Ping)}
    ranges = [(1, NAME_MAX) if form == NAME else RANGES.get(name, (-np.inf, np.inf)) for name, form in forms.items()]
    low, high = np.array(ranges, np.float64).T.copy()
    return Fields(
        np.array([list(f'"{name}"'.encode().ljust(WRITTEN_BYTES, b"\0")) for name in forms], np.uint8),
        np.array(list(forms.values()), np.int8),
        np.array([COLUMNS.index(name if name in COLUMNS else None) for name in forms], np.int8),
        low,
        high,
    )


FIELDS = _fields()


class Found(NamedTuple):
    """Room for one ping: the value of each column and the place in the text after it. Kept from ping to ping: which
    field came after which, for devices write theirs in one order.
    """

    value: NDArray[np.float64]
    end: NDArray[np.int64]
    after: NDArray[np.int64]  # one more than fields: the last tells which comes first


def found() -> Found:
    """Make the room that a scan works in."""
    return Found(np.zeros(len(COLUMNS)), np.zeros(len(COLUMNS), np.int64), np.zeros(len(FIELDS.form) + 1, np.int64))


@kernel
def scan_space(text: Text, at: int) -> int:
    """Give the first place from `at` on that is no white space."""
    while text[at] == SPACE or text[at] == TAB or text[at] == LINE_FEED or text[at] == RETURN:
        at += 1
    return at


@kernel
def scan_text(text: Text, at: int) -> int:
    """Give the place of the quote that ends the text whose first byte is at `at`."""
    while text[at] != QUOTE:
        if text[at] < FIRST_VISIBLE or text[at] >= FIRST_NOT_ASCII or text[at] == BACKSLASH:
            return UNREAD
        at += 1
    return at


@kernel
def scan_word(text: Text, at: int, word: Text) -> int:
    """Give the place after a literal."""
    for letter in word:
        if text[at] != letter:
            return UNREAD
        at += 1
    return at


@kernel
def digit(text: Text, at: int) -> int:
    """Read one digit."""
    return int(np.int64(text[at]) - ZERO)


@kernel
def scan_digits(text: Text, at: int, value: int) -> tuple[int, int]:
    """Read digits behind those that gave `value`; gives what they make together, and the place after them."""
    while ZERO <= text[at] <= NINE:
        value = 10 * value + digit(text, at)
        at += 1
    return value, at


@kernel
def scan_whole(text: Text, at: int) -> tuple[int, int]:
    """Read an integer without a sign as JSON writes it; gives it and the place after it."""
    value, end = scan_digits(text, at, 0)
    if end == at or end - at > DIGITS_MAX or (text[at] == ZERO and end - at > 1):
        return 0, UNREAD
    return value, end


@entry
def quotient(dividend: int, divisor: float) -> float:
    """Divide an integer below 10^18 by an exact power of ten, correctly rounded; NaN where that is not sure.

    The remainder of the rounded quotient is worked out exactly (T. J. Dekker, A floating-point technique for extending
    the available precision, Numerische Mathematik 18, 1971); it says whether another double would be nearer.
    """
    if dividend <= EXACT_MAX:
        return dividend / divisor
    low = dividend & LOW_BITS
    high = float(dividend - low)
    rough = float(dividend) / divisor
    rough_high = SPLITTER * rough - (SPLITTER * rough - rough)
    rough_low = rough - rough_high
    divisor_high = SPLITTER * divisor - (SPLITTER * divisor - divisor)
    divisor_low = divisor - divisor_high
    product = rough * divisor
    error = rough_low * divisor_low - (
        ((product - rough_high * divisor_high) - rough_low * divisor_high) - rough_high * divisor_low
    )
    correction = (((high - product) - error) + low) / divisor
    value = rough + correction
    rest = correction - (value - rough)
    return value if value + rest * DOUBT == value else math.nan


@kernel
def scan_number(text: Text, at: int) -> tuple[float, int]:
    """Read a number without an exponent; gives it and the place after it, UNREAD where it is long or unusual."""
    start = at + (text[at] == MINUS)
    value, end = scan_whole(text, start)
    if end == UNREAD:
        return math.nan, UNREAD
    decimals = 0
    if text[end] == POINT:
        point = end
        value, end = scan_digits(text, point + 1, value)
        decimals = end - point - 1
        if decimals == 0 or end - start > DIGITS_MAX:
            return math.nan, UNREAD
    number = quotient(value, POWERS_OF_TEN[decimals])
    return (-number if start > at else number), UNREAD if math.isnan(number) else end


@kernel
def number_at(text: Text, start: int, end: int) -> int:
    """Give the number that the digits from `start` to `end` write."""
    value = 0
    for at in range(start, end):
        value = 10 * value + digit(text, at)
    return value


@kernel
def days_before(year: int, month: int, day: int) -> int:
    """Days from 1970-01-01 to a date from 1970 on (H. Hinnant, chrono-compatible low-level date algorithms)."""
    if month <= FEBRUARY:
        year, month = year - 1, month + 12
    return 365 * year + year // 4 - year // 100 + year // 400 + (153 * (month - 3) + 2) // 5 + day - 1 - EPOCH_DAYS


@kernel
def month_days(year: int, month: int) -> int:
    """Days of a month."""
    if month == FEBRUARY:
        return 29 if (year % 4 == 0 and year % 100 != 0) or year % 400 == 0 else 28
    return 30 + (month + month // 8) % 2


@kernel
def scan_zone(text: Text, at: int, end: int) -> int:
    """Read what an instant ends in as milliseconds ahead of UTC."""
    if text[at] == UTC and at + 1 == end:
        return 0
    if end - at != len("+08:00") or text[at + 3] != COLON or not (text[at] == PLUS or text[at] == MINUS):
        return NO_INSTANT
    hours, hours_end = scan_digits(text, at + 1, 0)
    minutes, minutes_end = scan_digits(text, at + 4, 0)
    if hours_end != at + 3 or minutes_end != end or hours > HOUR_LAST or minutes > MINUTE_LAST:
        return NO_INSTANT
    ahead_ms = hours * HOUR_MS + minutes * MINUTE_MS
    return -ahead_ms if text[at] == MINUS else ahead_ms


@kernel
def scan_date(text: Text, at: int) -> int:
    """Read a date as milliseconds from the epoch to its midnight."""
    year, month, day = number_at(text, at, at + 4), number_at(text, at + 5, at + 7), number_at(text, at + 8, at + 10)
    if not (YEAR_FIRST <= year <= YEAR_LAST and 1 <= month <= MONTH_LAST and 1 <= day <= month_days(year, month)):
        return NO_INSTANT
    return days_before(year, month, day) * DAY_MS


@kernel
def scan_clock(text: Text, at: int) -> int:
    """Read a time of day as milliseconds since midnight."""
    hour, minute, second = number_at(text, at, at + 2), number_at(text, at + 3, at + 5), number_at(text, at + 6, at + 8)
    if hour > HOUR_LAST or minute > MINUTE_LAST or second > MINUTE_LAST:
        return NO_INSTANT
    return hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS


@kernel
def scan_instant(text: Text, start: int, end: int) -> int:
    """Read the instant from `start` to `end` as milliseconds since the epoch, rounded down."""
    if end - start <= len(TIME_PATTERN):
        return NO_INSTANT
    for i, letter in enumerate(TIME_PATTERN):
        last = NINE if letter == ZERO else letter
        if not letter <= text[start + i] <= last:
            return NO_INSTANT
    date_ms, clock_ms = scan_date(text, start), scan_clock(text, start + TIME_AT)
    at, fraction_ms = start + len(TIME_PATTERN), 0
    if text[at] == POINT:
        first = at + 1
        _, at = scan_digits(text, first, 0)
        if not 1 <= at - first <= FRACTION_DIGITS_MAX:
            return NO_INSTANT
        for i in range(MS_DIGITS):
            fraction_ms = 10 * fraction_ms + (digit(text, first + i) if first + i < at else 0)
    ahead_ms = scan_zone(text, at, end)
    if NO_INSTANT in (date_ms, clock_ms, ahead_ms):
        return NO_INSTANT
    return date_ms + clock_ms + fraction_ms - ahead_ms


@kernel
def scan_note(text: Text, at: int) -> int:
    """Give the place after a text with its quotes."""
    end = scan_text(text, at + 1) if text[at] == QUOTE else UNREAD
    return UNREAD if end == UNREAD else end + 1


@kernel
def scan_flag(text: Text, at: int) -> tuple[float, int]:
    """Read true or false as 1 or 0; gives it and the place after it."""
    if text[at] == TRUE[0]:
        return 1.0, scan_word(text, at, TRUE)
    return 0.0, scan_word(text, at, FALSE)


@kernel
def scan_quoted(text: Text, at: int, form: int, low: float, high: float) -> tuple[float, int]:
    """Read a name or an instant; gives the place where the name begins or the milliseconds, and the place after it."""
    end = scan_note(text, at)
    if end == UNREAD:
        return math.nan, UNREAD
    if form == NAME:
        return at + 1.0, end if low <= end - at - 2 <= high else UNREAD
    instant_ms = scan_instant(text, at + 1, end - 1)
    return float(instant_ms), UNREAD if instant_ms == NO_INSTANT else end


@kernel
def scan_optional(text: Text, at: int, form: int, low: float, high: float) -> tuple[float, int]:
    """Read what may be null; gives a number, NaN where it is null or only looked at, and the place after it."""
    if text[at] == NULL[0]:
        return math.nan, scan_word(text, at, NULL)
    if form == NOTE:
        return math.nan, scan_note(text, at)
    if form == INTEGER:
        return math.nan, scan_whole(text, at + (text[at] == MINUS))[1]
    number, end = scan_number(text, at)
    return number, end if low <= number <= high else UNREAD


@kernel
def scan_known(text: Text, at: int, form: int, low: float, high: float) -> tuple[float, int]:
    """Read the value of a field of a ping; gives it as a number, and the place after it."""
    if form == FLAG:
        return scan_flag(text, at)
    if form in (NAME, INSTANT):
        return scan_quoted(text, at, form, low, high)
    return scan_optional(text, at, form, low, high)


@kernel
def scan_unknown(text: Text, at: int) -> int:
    """Give the place after the value of a field that no ping has."""
    first = text[at]
    if first == QUOTE:
        return scan_note(text, at)
    if first == TRUE[0] or first == FALSE[0]:
        return scan_flag(text, at)[1]
    if first == NULL[0]:
        return scan_word(text, at, NULL)
    return scan_number(text, at)[1]


@kernel
def is_written(text: Text, at: int, written: NDArray[np.uint8]) -> int:
    """Give the place after a field's name if it is written here, else UNREAD."""
    i = 0
    while written[i] != 0:
        if text[at + i] != written[i]:
            return UNREAD
        i += 1
    return at + i


@kernel
def scan_name(text: Text, at: int, guess: int, known: Fields) -> tuple[int, int]:
    """Read the name of a member; gives the number of its field, UNKNOWN where a ping has none such, and the place
    after it.
    """
    end = is_written(text, at, known.written[guess])
    if end != UNREAD:
        return guess, end
    for field in range(known.written.shape[0]):
        end = is_written(text, at, known.written[field])
        if end != UNREAD:
            return field, end
    return UNKNOWN, scan_note(text, at)


@kernel
def scan_object(text: Text, at: int, known: Fields, found: Found) -> int:
    """Read the members of an object whose brace is before `at`; gives the place after it if it is a ping."""
    seen, field = 0, UNKNOWN
    at = scan_space(text, at)
    while True:
        before = field
        field, at = scan_name(text, at, found.after[before], known)
        found.after[before] = max(field, 0)
        if at == UNREAD:
            return UNREAD
        at = scan_space(text, at)
        if text[at] != COLON:
            return UNREAD
        at = scan_space(text, at + 1)
        if field == UNKNOWN:
            at = scan_unknown(text, at)
        else:
            column = int(known.column[field])
            if column != LOOKED_AT and seen >> column & 1:
                return UNREAD
            seen |= 1 << column
            value, at = scan_known(text, at, known.form[field], known.low[field], known.high[field])
            found.value[column], found.end[column] = value, at
        if at == UNREAD:
            return UNREAD
        at = scan_space(text, at)
        if text[at] == CLOSE:
            return at + 1 if seen & REQUIRED == REQUIRED else UNREAD
        if text[at] != COMMA:
            return UNREAD
        at = scan_space(text, at + 1)


@kernel
def is_doubtful(found: Found, received_ms: int) -> bool:
    """Whether a ping needs a closer look as a whole: half a position, or a fix from far off in time."""
    value = found.value
    if math.isnan(value[LAT]) != math.isnan(value[LON]):
        return True
    return bool(value[TIME] > received_ms + FUTURE_MS or value[TIME] < received_ms - OLD_MS)


@kernel
def are_same(text: Text, start: int, end: int, other: Text, other_start: int, other_end: int) -> bool:
    """Whether two stretches of two texts hold the same bytes."""
    if end - start != other_end - other_start:
        return False
    for i in range(end - start):  # noqa: SIM110 - numba compiles no generator
        if text[start + i] != other[other_start + i]:
            return False
    return True


@kernel
def store(found: Found, fix: Row) -> None:
    """Write a ping to its row."""
    fix.kind = PING
    fix.fix_ms = int(found.value[TIME])
    fix.lat = found.value[LAT]
    fix.lon = found.value[LON]
    fix.speed_mps = found.value[SPEED]
    fix.heading_deg = found.value[HEADING]
    fix.accuracy_m = found.value[ACCURACY]
    fix.battery_pct = found.value[BATTERY]
    fix.sos = found.value[SOS] == 1
    fix.mock = found.value[MOCK] == 1


@entry
def scan(
    text: Text, begin: NDArray[np.int64], fixes: Records, spans: NDArray[np.int64], known: Fields, found: Found
) -> None:
    """Read each record whose kind is HOLE as a ping; one that cannot be read here stays a hole.

    The text of record i lies from `begin[i]` to a zero byte before `begin[i + 1]`, its key as far from
    `begin[len(fixes) + i]`. Fills the rows of `fixes` and `spans`, which says where its convoy's name begins and ends
    in the text, and its vehicle's.
    """
    count = fixes.shape[0]
    for i in range(count):
        fix, end = fixes[i], begin[i + 1] - 1
        if fix.kind != HOLE or end - begin[i] > VALUE_BYTES_MAX:
            continue
        found.value[:] = math.nan
        at = scan_space(text, begin[i])
        if text[at] != OPEN:
            continue
        at = scan_object(text, at + 1, known, found)
        if at == UNREAD or scan_space(text, at) != end or is_doubtful(found, fix.received_ms):
            continue
        convoy, convoy_end = int(found.value[CONVOY_ID]), found.end[CONVOY_ID] - 1
        if not are_same(text, convoy, convoy_end, text, begin[count + i], begin[count + i + 1] - 1):
            continue
        spans[i, 0], spans[i, 1] = convoy, convoy_end
        spans[i, 2], spans[i, 3] = int(found.value[VEHICLE_ID]), found.end[VEHICLE_ID] - 1
        store(found, fix)
