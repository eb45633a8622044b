"""A module of the user's that has the name of one of Kloof's packages."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.cli.conftest import start_kloof


def python(place: Path, code: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *options, "-c", code]
    return subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("package", ["optimizer", "kloof"])
@pytest.mark.parametrize("name", ["models.py", "models/__init__.py"])
def test_a_module_of_the_name_is_named(tmp_path: Path, name: str, package: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("class User: pass\n")
    done = python(tmp_path, f"from {package} import load")
    assert done.returncode == 1
    said = done.stderr.splitlines()[-1]
    assert said.startswith("ImportError: `models` is ")
    assert str(tmp_path / name) in said
    assert "rename yours" in said
    assert python(tmp_path, f"from {package} import load", "-P").returncode == 0
    assert python(tmp_path, f"import models; from {package} import solve_model; models.User").returncode == 0


def test_a_folder_of_data_of_the_name_is_no_clash(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    assert python(tmp_path, "from optimizer import load").returncode == 0


def test_the_command_does_not_look_where_it_is_started(world: str, tmp_path: Path) -> None:
    (tmp_path / "models.py").write_text("class User: pass\n")
    assert start_kloof(tmp_path, "validate", world).code == 0
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    done = start_kloof(tmp_path, "validate", world, PYTHONPATH=path)
    assert done.code == 2
    assert "error[E608]: `models` is " in done.err
    assert str(tmp_path / "models.py") in done.err


def test_kloof_is_another_name_of_the_package(tmp_path: Path) -> None:
    code = (
        "import kloof, optimizer, sys\n"
        "assert not {'pandas', 'pyomo', 'models'} & set(sys.modules), 'imported before it is used'\n"
        "assert dir(kloof) == dir(optimizer) and kloof.__version__ == optimizer.__version__\n"
        "assert all(getattr(kloof, name) is getattr(optimizer, name) for name in optimizer.__all__)\n"
        "from kloof import *\n"
        "assert solve is optimizer.solve and solve_model is optimizer.solve_model\n"
        "kloof.nonsense"
    )
    said = python(tmp_path, code).stderr.splitlines()[-1]
    assert said == "AttributeError: module 'optimizer' has no attribute 'nonsense'"


def test_the_other_name_is_installed_from_the_source() -> None:
    root = Path(__file__).parents[2]
    forced = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]
    source = root / {to: place for place, to in forced["wheel"]["force-include"].items()}["kloof.py"]
    spec = importlib.util.find_spec("kloof")
    assert spec is not None
    assert spec.origin is not None
    assert Path(spec.origin).read_text() == source.read_text(), "install again: pip install --editable ."
