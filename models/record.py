"""What every value of a topic can do: be written as bytes, and read from them."""

from typing import Self

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """The value of a topic's record, unchanging once made; fields stand in the record in the order of the class."""

    model_config = ConfigDict(frozen=True)

    def to_json(self) -> bytes:
        """Return the record's value, compact JSON in UTF-8; equal records give equal bytes."""
        return self.model_dump_json().encode()

    @classmethod
    def from_json(cls, value: bytes) -> Self:
        """Read a record's value; fields that this version does not know are ignored. Raises ValidationError."""
        return cls.model_validate_json(value)


class Written(Record):
    """What the worker writes: instants are named `at_ms` inside and `at` in JSON; every field is always written, null
    where unknown.
    """

    model_config = ConfigDict(
        frozen=True,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        json_schema_serialization_defaults_required=True,
    )
