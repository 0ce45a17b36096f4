"""`kawal schema`: print, write and compare the schemas."""

import json
from pathlib import Path

import typer
from typer.testing import CliRunner

from cli.schema import files, schema
from models.schema import schemas

app = typer.Typer()
app.command()(schema)


def test_the_schemas_are_printed_as_one_object() -> None:
    assert json.loads(CliRunner().invoke(app).stdout) == schemas()


def test_written_schemas_compare_equal(tmp_path: Path) -> None:
    folder = tmp_path / "docs" / "schemas"
    assert CliRunner().invoke(app, ["--write", str(folder)]).exit_code == 0
    assert {path.name for path in folder.iterdir()} == set(files())
    result = CliRunner().invoke(app, ["--check", str(folder)])
    assert (result.exit_code, result.stderr) == (0, "")


def test_the_committed_files_are_those_of_the_code() -> None:
    committed = Path(__file__).parents[2] / "docs" / "schemas"
    assert {path.name: path.read_text(encoding="utf-8") for path in committed.iterdir()} == files()


def test_a_schema_that_differs_lacks_or_is_too_much_is_exit_5(tmp_path: Path) -> None:
    CliRunner().invoke(app, ["--write", str(tmp_path)])
    (tmp_path / "ping.schema.json").write_text("{}", encoding="utf-8")
    (tmp_path / "alert.schema.json").unlink()
    (tmp_path / "vote.schema.json").write_text("{}", encoding="utf-8")
    result = CliRunner().invoke(app, ["--check", str(tmp_path)])
    assert result.exit_code == 5
    assert "alert.schema.json, ping.schema.json, vote.schema.json" in result.stderr
    assert "kawal schema --write" in result.stderr
