"""What helps to write an instance: a small one to start from, and JSON Schema for editors."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from optimizer.errors import Diagnostic, InputError, OutputError
from optimizer.instance.country_schema import Country
from optimizer.instance.load import load
from optimizer.instance.policy import PolicyFile
from optimizer.instance.rules.schema import RulesFile
from optimizer.instance.schema import Market, Settings
from optimizer.instance.shipped import find_instance

TEMPLATE: Final = Path(__file__).resolve().parent / "template"
DOCUMENTS: Final[dict[str, type[BaseModel]]] = {
    "instance.yaml": Settings,
    "market.yaml": Market,
    "rules.yaml": RulesFile,
    "countries/ISO3.yaml": Country,
    "policies/NAME.yaml": PolicyFile,
}


def write_template(
    directory: str | os.PathLike[str], source: str | os.PathLike[str] = TEMPLATE
) -> tuple[Path, ...]:
    """Write a small commented instance of two countries, or the instance `source` as it is, into `directory`,
    made if need be.

    Returns the files written. Raises `InputError`, before it writes anything, where one of them exists, and
    `OutputError` where one cannot be written.
    """
    target = Path(directory)
    origin = find_instance(source)
    files = [(origin / name, target / name) for name in sorted(load(source).files)]
    existing = [path for _, path in files if path.exists()]
    if existing:
        message = "the file exists already and is not overwritten"
        raise InputError(Diagnostic("E215", message, file=str(path)) for path in existing)
    try:
        for old, path in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(old.read_bytes())
    except OSError as error:
        message = f"cannot be written: {error.strerror or error}"
        raise OutputError(Diagnostic("E605", message, file=str(error.filename or target))) from None
    return tuple(path for _, path in files)


def schema_json() -> dict[str, Any]:
    """JSON Schema of every YAML file of an instance and of policies, for editors.

    Each is under `$defs`; `documents` maps file to definition. The whole accepts any of them.
    """
    keys, schema = models_json_schema(
        [(model, "validation") for model in DOCUMENTS.values()], title="Kloof instance files"
    )
    references = {name: keys[model, "validation"] for name, model in DOCUMENTS.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Kloof instance files",
        "documents": {name: reference["$ref"] for name, reference in references.items()},
        "anyOf": list(references.values()),
        "$defs": schema["$defs"],
    }
