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
