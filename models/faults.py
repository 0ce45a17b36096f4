"""What is wrong with an input, said so that a person can mend it."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from pydantic_core import ErrorDetails

Location = tuple[int | str, ...]
"""The way to a value: keys and indices from the top."""

Finding = tuple[Location, str]
"""Where something is wrong, and what."""

_REASONS: Mapping[str, str] = {
    "missing": "is missing",
    "timezone_aware": "has no zone: end it in Z or an offset like +08:00",
    "string_too_short": "is empty",
    "too_short": "has too few items",
    "too_long": "has too many items",
    "dict_type": "must be a mapping of fields",
    "model_type": "must be a mapping of fields",
    "list_type": "must be a list",
}


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ", did you mean X?" with the nearest known name, or nothing where none is near."""
    near = get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f", did you mean {near[0]}?" if near else ""


def reason_of(error: ErrorDetails, known: Iterable[str] = ()) -> str:
    """Say in a few words what pydantic found; `known` are the names that an unknown field could have meant."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        return f"is not known{did_you_mean(str(error['loc'][-1]), known)}"
    if kind == "value_error":
        return str(context["error"])
    if kind == "literal_error":
        # only a text is shown: written out, a few lines of nested aliases can fill the memory
        meant = did_you_mean(error["input"], _choices(context["expected"])) if isinstance(error["input"], str) else ""
        return f"must be {context['expected']}{meant}"
    if kind == "string_type" and isinstance(error["input"], bool | int | float):
        return "must be text: put it in quotes"
    return _REASONS.get(kind) or error["msg"].replace("Input should", "must", 1).replace("String should", "must", 1)


def field_name(location: Location) -> str:
    """Write a location as people do: `vehicles[0].lat`."""
    # pydantic marks a bad key, as opposed to a bad value, with a last step "[key]"
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in location if step != "[key]")
    return "".join(steps).removeprefix(".")


def _choices(expected: str) -> list[str]:
    return [choice.strip("' ") for choice in expected.replace(" or ", ",").split(",")]
