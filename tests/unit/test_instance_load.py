"""Loading: what a sound instance becomes, and where each number says it stands."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from optimizer.errors import CODES, Diagnostic, InputError, OutputError
from optimizer.instance import Instance, load, schema_json, shipped_instances, write_template
from optimizer.instance.checks import unused_sources
from optimizer.instance.template import TEMPLATE
from optimizer.instance.yaml_reader import read_yaml

WORLD = load(TEMPLATE)
FILES = [
    "chips.csv",
    "countries/CHN.yaml",
    "countries/USA.yaml",
    "instance.yaml",
    "market.yaml",
    "rules.yaml",
    "sources.csv",
]


def test_access_mirrors_the_files() -> None:
    assert WORLD.name == "two-countries"
    assert (WORLD.leader, WORLD.default_objective) == ("USA", "balanced")
    assert list(WORLD.horizon.years) == [2026, 2027, 2028, 2029]
    assert list(WORLD.countries) == ["CHN", "USA"]
    china = WORLD.countries["CHN"]
    assert china.research.lag_months.number() == 7
    assert (china.research.lag_months.low, china.research.lag_months.high) == (4, 14)
    assert china.trade.caps["case_by_case"].chips == "all"
    assert china.industry.lines["n7"].yield_.kind == "anchors"
    assert china.power.pending_gw.number(2027) == 4
    assert china.power.pending_gw.number(2028) == 0
    assert WORLD.research.data_wall_kh100e.number() == float("inf")
    assert WORLD.lines["n7"].previous is None
    assert WORLD.market.observed["world_stock_kh100e"].value == 20480
    assert WORLD.settings.research is WORLD.research


def test_what_is_left_out() -> None:
    budget = WORLD.countries["USA"].budget
    assert budget.cash0_usd_bn is None
    assert budget.category_floors == {}
    assert WORLD.countries["USA"].trade.home_market_share.number() == 0
    assert WORLD.countries["USA"].delivery.required_multiple.number() == 1
    assert WORLD.chips["g_tpu_v7"].die_area_mm2 is None


def test_chips_keep_their_order_ranges_and_sources() -> None:
    assert next(iter(WORLD.chips)) == "nv_h100"
    chip = WORLD.chips["nv_vr200"]
    assert chip.launch.start == 2026.5
    assert chip.end_of_sale is None
    price = chip.unit_price_usd
    assert (price.number(), price.low, price.high) == (55000, 50000, 60000)
    assert (price.source, price.status) == (("rubin_digest",), "sourced")
    assert WORLD.chips["hw_960"].status == "extrapolated"
    assert WORLD.chips["hw_960"].tdp_w.status == "assumed"
    assert WORLD.chips["nv_h200"].end_of_sale is not None
    assert WORLD.chips["nv_h200"].end_of_sale.end == 2029


def test_status_follows_from_the_source() -> None:
    assert WORLD.compute.facility_power_per_tdp.status == "sourced"
    assert WORLD.compute.survival_per_year.status == "recalled"
    assert WORLD.research.data_slope.status == "assumed"


def test_cells_name_every_quantity_once_with_its_place() -> None:
    cells = {cell.path: cell for cell in WORLD.cells()}
    assert len(cells) == len(list(WORLD.cells()))
    cell = cells["countries.CHN.industry.lines.n7.yield"]
    assert cell.value == {2026: 0.45, 2029: 0.6}
    assert (cell.low, cell.high, cell.status) == (0.3, 0.55, "assumed")
    assert cells["market.output.nv_b200[2026]"].low == 4800
    assert cells["countries.USA.trade.home_market_share"].file is None
    for path, name in [
        ("countries.CHN.industry.lines.n7.yield", "countries/CHN.yaml"),
        ("research.openness", "instance.yaml"),
        ("chips.nv_h200.unit_price_usd", "chips.csv"),
        ("market.output.nv_h200[2027]", "market.yaml"),
    ]:
        found = cells[path]
        assert found.file == str(TEMPLATE / name)
        assert found.line is not None
        assert found.column is not None
        line = (TEMPLATE / name).read_text().splitlines()[found.line - 1]
        key = path.split("[")[0].split(".")
        assert key[-1] in line or key[-2] in line
    row = (TEMPLATE / "chips.csv").read_text().splitlines()[2]
    column = cells["chips.nv_h200.unit_price_usd"].column
    assert column is not None
    assert row[column - 1 :].startswith("27000")


def test_every_cell_of_the_template_stands_in_a_file_but_the_defaults() -> None:
    without = {cell.path.split(".")[-1] for cell in WORLD.cells() if cell.file is None}
    assert without == {
        *("automation_researchers_per_h100e", "contestable", "home_market_share", "limit_kh100e_per_year"),
        *("normal_share", "required_multiple", "subsidiary_share"),
    }


def test_every_source_of_the_template_is_cited() -> None:
    assert unused_sources(WORLD) == ()


def test_files_are_hashed() -> None:
    assert sorted(WORLD.files) == FILES
    content = (TEMPLATE / "market.yaml").read_bytes()
    assert WORLD.files["market.yaml"] == hashlib.sha256(content).hexdigest()


def test_a_name_finds_a_shipped_instance() -> None:
    assert "world-2026" in shipped_instances()


def test_an_instance_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        WORLD.__setattr__("leader", "CHN")


@pytest.mark.parametrize("pure", [False, True], ids=["C parser", "pure Python"])
def test_both_yaml_parsers_read_alike(pure: bool) -> None:
    for path in sorted(TEMPLATE.rglob("*.yaml")):
        text = path.read_text()
        document = read_yaml(text, "x", pure=pure)
        other = read_yaml(text, "x")
        assert document.problems == []
        assert (document.data, document.values, document.keys) == (other.data, other.values, other.keys)


@pytest.mark.parametrize("pure", [False, True], ids=["C parser", "pure Python"])
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("on", "on"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2026-03", "2026-03"),
        ("2026-03-01", "2026-03-01"),
        ("'1'", "1"),
        ("010", 10),
        ("0o10", 8),
        ("0x10", 16),
        ("-7", -7),
        ("1.", 1.0),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("+.inf", float("inf")),
        ("True", True),
        ("=", "="),
    ],
)
def test_plain_scalars_follow_the_core_schema(text: str, value: object, pure: bool) -> None:
    document = read_yaml(f"a: {text}", "x", pure=pure)
    assert document.problems == []
    assert document.data == {"a": value}
    assert isinstance(document.data, dict)
    assert type(document.data["a"]) is type(value)


@pytest.mark.parametrize("pure", [False, True], ids=["C parser", "pure Python"])
@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("a: 1\nb: &x 2\nc: *x", "E206", 2),
        ("a: 1\na: 2", "E205", 2),
        ("a: 1\nb: !!str x", "E206", 2),
        ("a: 1\n<<: {b: 2}", "E206", 2),
        ("a:\n  b: 1\n\tc: 2", "E204", 3),
        ("a: 1\nb: c: d", "E204", 2),
        ("a: 1\n---\nb: 2", "E204", 2),
        ("a: 1\nb: @x", "E204", 2),
        ("a: 1\n'b': ~", "E104", 2),
        ("a: 1\n{b: 1}: 2", "E204", 2),
        ("a: 1\n*x : 2", "E204", 2),
        ("a: 1\n: 2", "E204", 2),
        ("a: " + "9" * 400, "E214", 1),
        ("a: \x07", "E204", 1),
        ("# nothing", "E207", 1),
        ("---\n", "E207", 1),
    ],
)
def test_both_yaml_parsers_refuse_alike(text: str, code: str, line: int, pure: bool) -> None:
    document = read_yaml(text, "x", pure=pure)
    assert (document.problems[0].code, document.problems[0].line) == (code, line)


def test_a_template_can_be_written_loaded_and_is_not_overwritten(tmp_path: Path) -> None:
    written = write_template(tmp_path / "deep" / "mine")
    assert [path.relative_to(tmp_path / "deep" / "mine").as_posix() for path in written] == FILES
    mine = load(tmp_path / "deep" / "mine")
    assert [cell.value for cell in mine.cells()] == [cell.value for cell in WORLD.cells()]
    (tmp_path / "deep" / "mine" / "market.yaml").unlink()
    with pytest.raises(InputError) as caught:
        write_template(tmp_path / "deep" / "mine")
    assert [problem.code for problem in caught.value.diagnostics] == ["E215"] * (len(FILES) - 1)
    assert not (tmp_path / "deep" / "mine" / "market.yaml").exists()


def test_a_template_is_not_written_into_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError) as caught:
        write_template(tmp_path / "file")
    assert caught.value.diagnostics[0].code == "E605"


def test_json_schema_names_every_document_and_field() -> None:
    schema = schema_json()
    assert set(schema["documents"]) == {
        "instance.yaml",
        "market.yaml",
        "rules.yaml",
        "countries/ISO3.yaml",
        "policies/NAME.yaml",
    }
    country = schema["$defs"]["Country"]
    assert country["additionalProperties"] is False
    assert set(country["required"]) <= set(country["properties"])
    line = schema["$defs"]["CountryLine"]["properties"]
    assert "yield" in line
    assert {"type": "number", "minimum": 0, "maximum": 1} in line["yield"]["anyOf"]
    for reference in schema["documents"].values():
        assert reference.removeprefix("#/$defs/") in schema["$defs"]


def test_a_copy_elsewhere_says_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(TEMPLATE, tmp_path / "world")
    monkeypatch.chdir(tmp_path)
    world: Instance = load("world")
    assert world.directory == "world"
    assert next(iter(world.cells())).file == "world/instance.yaml"


def test_codes_are_numbered_by_layer() -> None:
    assert all(code[0] in "EMSW" and code[1:].isdigit() and len(code) == 4 for code in CODES)
    assert len(set(CODES.values())) == len(CODES)


def test_diagnostics_render_what_they_know() -> None:
    assert Diagnostic("E201", "gone").render() == "error[E201]: gone"
    assert Diagnostic("E201", "gone", file="a", line=3).render() == "error[E201]: gone\n  --> a:3"
