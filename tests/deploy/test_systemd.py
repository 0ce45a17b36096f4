"""The units for systemd, as far as they can be judged without running it as the machine's first process."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.programs import program

UNITS = Path(__file__).parent.parent.parent / "deploy" / "systemd"
NAMES = sorted(path.name for path in UNITS.glob("*.service"))
# systemd's own scale: below 2 is "OK", 0 is a process that can do nothing.
EXPOSURE_MAX = 2.0


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A machine's file tree with the units and the command in their places."""
    root = tmp_path_factory.mktemp("machine")
    shutil.copytree(UNITS, root / "etc/systemd/system")
    shutil.copytree("/usr/lib/systemd/system", root / "usr/lib/systemd/system", symlinks=True)
    command = root / "opt/kawal/.venv/bin/kawal"
    command.parent.mkdir(parents=True)
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    return root


def analyze(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [program("systemd-analyze"), f"--root={root}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", NAMES)
def test_a_unit_is_whole_and_its_process_can_do_little(name: str, root: Path) -> None:
    unit = name.replace("@.", "@1.")
    verified = analyze(root, "verify", unit)
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")
    judged = analyze(root, "security", "--offline=true", unit)
    exposure = re.search(r"exposure level for \S+: ([\d.]+)", judged.stdout)
    assert exposure, judged.stderr
    assert float(exposure[1]) < EXPOSURE_MAX
