"""Who may import whom: numbers flow one way, and the engine knows nothing of chips or countries."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OWN = ("optimizer", "models")

# layer: what it may import of the project besides itself and optimizer.errors
ALLOWED = {
    "models": set(),
    "optimizer.program": set(),
    "optimizer.solver": {"optimizer.program"},
    "optimizer.instance": {"models.parameters"},
    "optimizer.answer": {"models", "optimizer.solver", "optimizer.program"},
    "optimizer.study": {
        "models",
        "optimizer.instance",
        "optimizer.answer",
        "optimizer.solver",
        "optimizer.program",
    },
    "optimizer.tell": {"models", "optimizer.instance", "optimizer.answer", "optimizer.study"},
    "optimizer.api": {"optimizer.instance", "optimizer.answer", "optimizer.study", "optimizer.tell"},
    "optimizer.api_markets": {
        "optimizer.api",
        "optimizer.instance",
        "optimizer.answer",
        "optimizer.study",
        "optimizer.tell",
    },
    "optimizer.api_studies": {
        "optimizer.api",
        "optimizer.api_markets",
        "optimizer.instance",
        "optimizer.answer",
        "optimizer.study",
        "optimizer.tell",
    },
    "optimizer.api_plans": {"optimizer.instance", "optimizer.answer", "optimizer.study", "optimizer.tell"},
    "optimizer.alias": {"optimizer"},
    "optimizer.__main__": {"optimizer.cli"},
    "optimizer.cli": {
        "optimizer",
        "models",
        "optimizer.instance",
        "optimizer.answer",
        "optimizer.study",
        "optimizer.tell",
        "optimizer.solver",
    },
}


def modules() -> list[Path]:
    return sorted(path for folder in OWN for path in (ROOT / folder).rglob("*.py"))


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    return {name for name in found if name.split(".")[0] in OWN}


def within(name: str, layer: str) -> bool:
    return name == layer or name.startswith(layer + ".")


@pytest.mark.parametrize("path", modules(), ids=module_name)
def test_module_imports_only_what_its_layer_may(path: Path) -> None:
    name = module_name(path)
    if name in ("optimizer", "optimizer.errors", "optimizer.clash"):
        return
    layer = max((layer for layer in ALLOWED if within(name, layer)), key=len)
    allowed = ALLOWED[layer] | {layer, "optimizer.errors", "optimizer.clash"}
    strangers = {
        imported
        for imported in imports_of(path)
        if imported != "optimizer" and not any(within(imported, permitted) for permitted in allowed)
    }
    assert not strangers, f"{name} imports {sorted(strangers)}"


# Of what only types name; none is followed where the program runs. A program makes numbers that belong to it,
# and a rule is a function of the view that looks rules up.
CIRCLES = {
    frozenset({"optimizer.program.program", "optimizer.program.numbers"}),
    frozenset({"optimizer.instance.resolving.registry", "optimizer.instance.resolving.view"}),
}


def test_modules_import_each_other_in_no_circle_not_even_for_types() -> None:
    """Of what stands outside of functions, `if TYPE_CHECKING` included; the package itself, which gives names
    of the API, apart."""
    known = {module_name(path): path for path in modules()}
    follows = {
        name: outside_of_functions(path, known.keys()) - {name, "optimizer"}
        for name, path in known.items()
        if name != "optimizer"
    }

    def beyond(start: str) -> set[str]:
        seen: set[str] = set()
        waiting = [*follows[start]]
        while waiting:
            current = waiting.pop()
            if current not in seen:
                seen.add(current)
                waiting += follows[current]
        return seen

    reached = {name: beyond(name) for name in follows}
    circles = {
        frozenset(other for other in reached[name] if name in reached[other])
        for name in follows
        if name in reached[name]
    }
    assert circles == CIRCLES


def outside_of_functions(path: Path, known: Collection[str]) -> set[str]:
    """Which of the `known` modules a file imports outside of functions."""
    found: set[str] = set()
    waiting: list[ast.AST] = [ast.parse(path.read_text())]
    while waiting:
        for node in ast.iter_child_nodes(waiting.pop()):
            if isinstance(node, ast.ImportFrom):
                names = {f"{node.module}.{alias.name}" for alias in node.names}
                found |= {each if each in known else str(node.module) for each in names}
            elif isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                waiting.append(node)
    return found & set(known)


@pytest.mark.parametrize("folder", ["optimizer/program", "optimizer/solver"])
def test_engine_knows_no_chip_country_or_budget(folder: str) -> None:
    words = ("chip", "country", "budget", "fleet", "talent")
    for path in (ROOT / folder).rglob("*.py"):
        text = path.read_text().lower()
        assert not [word for word in words if word in text.split()], path


@pytest.mark.parametrize(
    ("layer", "permitted"), [(a, b) for a, allowed in ALLOWED.items() for b in sorted(allowed)]
)
def test_every_arrow_is_one_that_something_follows(layer: str, permitted: str) -> None:
    inside = [path for path in modules() if within(module_name(path), layer)]
    assert inside
    assert any(within(name, permitted) for path in inside for name in imports_of(path))


@pytest.mark.parametrize("path", modules(), ids=module_name)
def test_module_is_short_enough_to_read(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400


def test_solving_leaves_out_what_pyomo_imports_beside_scipy() -> None:
    code = "import sys, optimizer.study.solve, models.national, optimizer.program.compile as program\n"
    code += "sys.exit('pyomo.environ' not in sys.modules or 'scipy.stats' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_pyomo_is_imported_beside_threads_that_use_scipy() -> None:
    """Where scipy is taken out of its place meanwhile, a thread makes a second one, which lacks its parts."""
    code = """
import sys, threading, scipy
places, ended = set(), threading.Event()
def look():
    while not ended.is_set():
        import scipy
        places.add(id(scipy))
thread = threading.Thread(target=look, daemon=True)
thread.start()
import models.national
ended.set()
thread.join()
sys.exit(places != {id(scipy)})
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("module", "unused"),
    [
        ("optimizer.cli.asking", "highspy"),
        ("optimizer.study.solve", "pyomo"),
        ("optimizer.study.batch.solving", "pyomo"),
        ("optimizer.tell.terminal.runs_table", "pandas"),
    ],
)
def test_what_takes_long_to_import_waits_for_its_use(module: str, unused: str) -> None:
    code = f"import sys, {module}; sys.exit('{unused}' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
