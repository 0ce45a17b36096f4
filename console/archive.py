"""The map archive of the user's, as far as the server looks into it."""

from pathlib import Path

_BEGIN = b"PMTiles\x03"
"""How each PMTiles archive of version 3 begins; the page would show an empty map of anything else."""


def is_archive(path: Path) -> bool:
    """Whether a file is a PMTiles archive of version 3. Raises OSError where it cannot be read."""
    with path.open("rb") as file:
        return file.read(len(_BEGIN)) == _BEGIN
