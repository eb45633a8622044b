"""One mistake in a sound instance gives one diagnostic, with its code, line, path and hint."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from optimizer.errors import CODES, Diagnostic, InputError
from optimizer.instance.instance import Instance
from optimizer.instance.load import load
from optimizer.instance.shape import Leaf, Map, Shape, record
from optimizer.instance.stand_in import ENDS, stand_in
from optimizer.instance.template import TEMPLATE
from optimizer.instance.yaml_reader import read_yaml

SETTINGS = "instance.yaml"
MARKET = "market.yaml"
CHIPS = "chips.csv"
SOURCES = "sources.csv"
RULES = "rules.yaml"
USA = "countries/USA.yaml"
CHN = "countries/CHN.yaml"


@dataclass(frozen=True)
class Case:
    """Replace `old` by `new` in `file`; the diagnostic then stands in the line that holds `at`."""

    name: str
    file: str
    old: str
    new: str
    code: str
    at: str
    path: str | None
    says: str
    hint: str = ""


CASES = [
    # keys
    Case(
        "unknown key", USA, "note:", "coment: x\nnote:", "E101", "coment", "countries.USA.coment", "`coment`"
    ),
    Case(
        "misspelled key",
        CHN,
        "  income_usd_bn:",
        "  incom_usd_bn:",
        "E101",
        "incom_usd_bn",
        "countries.CHN.budget.incom_usd_bn",
        "unknown key `incom_usd_bn`",
        "did you mean `income_usd_bn`?",
    ),
    Case(
        "unknown key in a value",
        CHN,
        "low: 30, high: 60",
        "low: 30, hihg: 60",
        "E101",
        "hihg",
        "countries.CHN.budget.income_usd_bn.hihg",
        "`hihg`",
        "did you mean `high`?",
    ),
    Case(
        "misspelled key that a value needs",
        CHN,
        "researchers_thousand: {value: 28",
        "researchers_thousand: {vaule: 28",
        "E101",
        "vaule",
        "countries.CHN.talent.researchers_thousand.vaule",
        "`vaule`",
        "did you mean `value`?",
    ),
    Case(
        "misspelled category",
        CHN,
        "  home_return:",
        "  category_floors: {reserch: 0.1}\n  home_return:",
        "E101",
        "reserch",
        "countries.CHN.budget.category_floors.reserch",
        "`reserch`",
        "did you mean `research`?",
    ),
    Case(
        "missing key",
        USA,
        "  interest_per_year: 0.03\n",
        "",
        "E102",
        "  income_usd_bn",
        "countries.USA.budget.interest_per_year",
        "`budget` lacks `interest_per_year`",
    ),
    Case(
        "observed figure without a band",
        MARKET,
        "value: 20480, low: 17000, high: 24000,",
        "value: 20480,",
        "E102",
        "world_stock_kh100e",
        "market.observed.world_stock_kh100e",
        "`world_stock_kh100e` lacks `low`, `high`",
        "give `low` and `high`: the source's range, or a convention told in the note, as 10% either way",
    ),
    Case(
        "observed figure with half a band",
        MARKET,
        "value: 20480, low: 17000, high: 24000,",
        "value: 20480, low: 17000,",
        "E102",
        "world_stock_kh100e",
        "market.observed.world_stock_kh100e.high",
        "`world_stock_kh100e` lacks `high`",
        "give `low` and `high`: the source's range, or a convention told in the note, as 10% either way",
    ),
    Case(
        "observed figure outside its own band",
        MARKET,
        "value: 20480, low: 17000, high: 24000,",
        "value: 20480, low: 17000, high: 20000,",
        "E107",
        "world_stock_kh100e",
        "market.observed.world_stock_kh100e.high",
        "high of `world_stock_kh100e` must not be below the value 20480, got 20000",
    ),
    Case(
        "observed figure of an unknown kind",
        MARKET,
        "unit: kH100e, source: epoch_chips",
        "unit: kH100e, kind: guess, source: epoch_chips",
        "E111",
        "world_stock_kh100e",
        "market.observed.world_stock_kh100e.kind",
        "guess",
    ),
    Case(
        "missing table",
        USA,
        "delivery: {}\n",
        "",
        "E102",
        "iso3",
        "countries.USA.delivery",
        "lacks `delivery`",
    ),
    Case(
        "missing keys of one table",
        USA,
        "grey: {output_share: 0, delay_years: 0, ",
        "grey: {",
        "E102",
        "grey",
        "countries.USA.trade.grey",
        "`grey` lacks `output_share`, `delay_years`",
    ),
    Case(
        "growth without a start",
        SETTINGS,
        "{start: 2.35, growth: -0.2}",
        "{growth: -0.2}",
        "E102",
        "growth: -0.2",
        "compute.rent_cost_usd_per_h100e_hour",
        "lacks `start`",
    ),
    Case(
        "empty cell of a chip",
        CHIPS,
        "nv_h200,H200 SXM,Nvidia,USA",
        "nv_h200,H200 SXM,,USA",
        "E102",
        "nv_h200",
        "chips.nv_h200.designer",
        "`designer` is empty",
    ),
    Case(
        "range of a chip without its value",
        CHIPS,
        "36000,1600,180,7700,1800,1000,37200,",
        "36000,1600,180,7700,1800,1000,,",
        "E102",
        "nv_b200",
        "chips.nv_b200.unit_price_usd",
        "`unit_price_usd` is empty",
    ),
    # numbers
    Case(
        "negative money",
        CHN,
        "{2026: 45, 2029: 65}, low: 30, high: 60}",
        "{2026: 45, 2029: -5}}",
        "E103",
        "-5",
        "countries.CHN.budget.income_usd_bn[2029]",
        "`income_usd_bn` must not be negative, got -5",
    ),
    # text
    Case(
        "escape sequence in a name",
        CHN,
        "name: China",
        'name: "Chi\\e[31mna"',
        "E118",
        "Chi",
        "countries.CHN.name",
        "holds the character U+001B",
        "delete it",
    ),
    Case(
        "direction override in a note",
        CHN,
        "note: Under",
        "note: \u202eUnder",
        "E118",
        "Under the rules",
        "countries.CHN.note",
        "U+202E",
    ),
    Case(
        "escape sequence in a title of a rule",
        RULES,
        "title: Chips of 4,800 TPP and more are denied",
        'title: "Chips \\x9b31m"',
        "E118",
        "Chips \\x9b",
        "rules.large_chips.title",
        "U+009B",
    ),
    Case(
        "escape sequence in a cell",
        CHIPS,
        "H200 SXM",
        "H200 \x1b[1mSXM",
        "E118",
        "nv_h200",
        "chips.nv_h200.name",
        "U+001B",
    ),
    Case(
        "direction override in a source",
        SOURCES,
        'epoch_chips,"',
        'epoch_chips,"\u2067',
        "E118",
        "epoch_chips",
        "sources.epoch_chips.title",
        "U+2067",
    ),
    Case(
        "title of two lines",
        SETTINGS,
        "title: Two countries, seven chips",
        'title: "Two\\ncountries"',
        "E118",
        "title: ",
        "title",
        "`title` must stand on one line",
    ),
    Case(
        "share above one",
        USA,
        "research_share: {value: 0.3, low: 0.2, high: 0.45}",
        "research_share: 1.3",
        "E103",
        "1.3",
        "countries.USA.fleet.research_share",
        "must lie between 0 and 1, got 1.3",
    ),
    Case(
        "negative price of a chip",
        CHIPS,
        "27000,25000,32000",
        "-27000,,",
        "E103",
        "nv_h200",
        "chips.nv_h200.unit_price_usd",
        "must not be negative, got -27000",
    ),
    Case(
        "growth of minus one",
        SETTINGS,
        "growth: -0.2",
        "growth: -1",
        "E103",
        "growth: -1",
        "compute.rent_cost_usd_per_h100e_hour.growth",
        "growth must be above -1",
    ),
    Case(
        "growth beyond all numbers",
        SETTINGS,
        "growth: -0.2",
        "growth: 1e200",
        "E106",
        "growth: 1e200",
        "compute.rent_cost_usd_per_h100e_hour[2028]",
        "must be finite, got .inf",
    ),
    Case(
        "early year",
        SETTINGS,
        "first_year: 2026",
        "first_year: 26",
        "E103",
        "26,",
        "horizon.first_year",
        "1990",
    ),
    Case(
        "text for a number",
        CHN,
        "electricity_price_usd_per_kwh: 0.07",
        "electricity_price_usd_per_kwh: cheap",
        "E104",
        "cheap",
        "countries.CHN.power.electricity_price_usd_per_kwh",
        "must be a number, got the text `cheap`",
    ),
    Case(
        "number with a separator",
        CHN,
        "build_limit_gw_per_year: 30",
        "build_limit_gw_per_year: 1_000",
        "E104",
        "1_000",
        "countries.CHN.power.build_limit_gw_per_year",
        "must be a number",
        "write 1000",
    ),
    Case(
        "percentage",
        CHN,
        "attrition_per_year: 0.08",
        "attrition_per_year: 8%",
        "E104",
        "8%",
        "countries.CHN.talent.attrition_per_year",
        "must be a number",
        "write 0.08",
    ),
    Case(
        "truth for a number",
        USA,
        "home_return: 0\n",
        "home_return: true\n",
        "E104",
        "true",
        "countries.USA.budget.home_return",
        "got true",
        "1 or 0",
    ),
    Case(
        "empty value",
        USA,
        "home_return: 0\n",
        "home_return:\n",
        "E104",
        "home_return",
        None,
        "`home_return` is empty",
    ),
    Case(
        "number for text",
        USA,
        "name: United States",
        "name: 1776",
        "E104",
        "1776",
        "countries.USA.name",
        "text",
        "quote",
    ),
    Case(
        "empty text",
        USA,
        "name: United States",
        "name: ''",
        "E104",
        "name:",
        "countries.USA.name",
        "empty text",
    ),
    Case(
        "number for a table",
        USA,
        "delivery: {}",
        "delivery: 1",
        "E104",
        "delivery: 1",
        None,
        "must be a table, got 1",
    ),
    Case(
        "number for years",
        USA,
        "pending_gw: {2026: 8, 2027: 8, 2028: 6}",
        "pending_gw: 8",
        "E104",
        "pending_gw",
        "countries.USA.power.pending_gw",
        "must be a table of years",
        "{2027: 1.5",
    ),
    Case(
        "number as identifier",
        SETTINGS,
        "  n7:\n",
        "  7:\n",
        "E104",
        "  7:",
        "lines.7",
        "text",
        'quote it: "7"',
    ),
    Case(
        "text in a numeric column",
        CHIPS,
        "15832,814,141,",
        "15832,814,much,",
        "E104",
        "nv_h200",
        "chips.nv_h200.hbm_gb",
        "got the text `much`",
    ),
    Case(
        "fraction of a year",
        SETTINGS,
        "last_year: 2029",
        "last_year: 2029.5",
        "E104",
        "2029.5",
        None,
        "whole number",
    ),
    Case(
        "not a number",
        MARKET,
        "price_index: 1\n",
        "price_index: .nan\n",
        "E105",
        ".nan",
        "market.price_index",
        "must be a number, got NaN",
    ),
    Case(
        "infinity where none is allowed",
        CHN,
        "electricity_price_usd_per_kwh: 0.07",
        "electricity_price_usd_per_kwh: .inf",
        "E106",
        ".inf",
        "countries.CHN.power.electricity_price_usd_per_kwh",
        "must be finite",
    ),
    Case(
        "minus infinity",
        CHN,
        "build_limit_gw_per_year: 30",
        "build_limit_gw_per_year: -.inf",
        "E106",
        "-.inf",
        "countries.CHN.power.build_limit_gw_per_year",
        "must be finite, got -.inf",
    ),
    Case(
        "interpolation with infinity",
        CHN,
        "build_limit_gw_per_year: 30",
        "build_limit_gw_per_year: {2026: 30, 2028: .inf}",
        "E106",
        ".inf",
        "countries.CHN.power.build_limit_gw_per_year[2028]",
        "finite between years",
        "list",
    ),
    Case(
        "low above the value",
        CHN,
        "{value: 28, low: 18, high: 40}",
        "{value: 28, low: 38, high: 40}",
        "E107",
        "low: 38",
        "countries.CHN.talent.researchers_thousand.low",
        "low must not exceed the value 28, got 38",
    ),
    Case(
        "high below the value",
        CHIPS,
        "27000,25000,32000",
        "27000,25000,26000",
        "E107",
        "nv_h200",
        "chips.nv_h200.unit_price_usd.high",
        "high must not be below the value 27000, got 26000",
    ),
    Case(
        "series where one number is needed",
        CHN,
        "stock_pb: {value: 80, low: 40, high: 120}",
        "stock_pb: {2026: 80, 2027: 90}",
        "E108",
        "stock_pb",
        "countries.CHN.industry.memory.stock_pb",
        "must be one number, got a series",
        "cannot vary over time",
    ),
    Case(
        "list of the wrong length",
        CHN,
        "[0.3, 0.35, 0.4, 0.4]",
        "[0.3, 0.35, 0.4]",
        "E109",
        "0.35",
        "countries.CHN.industry.lines.n7.ai_share",
        "one number per calendar year, 4 for 2026-2029, got 3",
    ),
    Case(
        "bad number in a list",
        CHN,
        "[0.3, 0.35, 0.4, 0.4]",
        "[0.3, 0.35, much, 0.4]",
        "E104",
        "much",
        "countries.CHN.industry.lines.n7.ai_share[2028]",
        "got the text `much`",
    ),
    Case(
        "year as text",
        CHN,
        "pending_gw: {2026: 4",
        "pending_gw: {soon: 4",
        "E110",
        "soon",
        "countries.CHN.power.pending_gw",
        "listed by calendar year",
        "{2026: 1, 2030: 2}",
    ),
    Case(
        "years before the horizon",
        CHN,
        "yield: {2026: 0.3, 2030: 0.5}",
        "yield: {2020: 0.3, 2024: 0.5}",
        "E110",
        "2020",
        "countries.CHN.industry.lines.n5.yield",
        "no year within the horizon 2026-2029, only 2020 to 2024",
    ),
    Case(
        "arrival before the horizon",
        CHN,
        "pending_gw: {2026: 4",
        "pending_gw: {2025: 4",
        "E110",
        "2025",
        "countries.CHN.power.pending_gw[2025]",
        "before the horizon that starts in 2026",
    ),
    # words, dates, identifiers
    Case(
        "word that is not allowed",
        RULES,
        "side: export",
        "side: exports",
        "E111",
        "exports",
        "rules.large_chips.side",
        "must be export or import, got the text `exports`",
        "did you mean `export`?",
    ),
    Case(
        "steps that do not divide a year",
        SETTINGS,
        "steps_per_year: 1",
        "steps_per_year: 3",
        "E111",
        "steps_per_year: 3",
        "horizon.steps_per_year",
        "1, 2, 4 or 12",
    ),
    Case(
        "status that is not allowed",
        CHN,
        "high: 14, status: recalled",
        "high: 14, status: recaled",
        "E111",
        "recaled",
        "countries.CHN.research.lag_months.status",
        "status must be one of",
        "did you mean `recalled`?",
    ),
    Case(
        "sale of a chip",
        CHIPS,
        ",,,owner,",
        ",,,owned,",
        "E111",
        "g_tpu_v7",
        "chips.g_tpu_v7.sale",
        "`owned`",
        "owner",
    ),
    Case(
        "bad date",
        CHIPS,
        "2026-Q3",
        "2026-Q5",
        "E112",
        "nv_vr200",
        "chips.nv_vr200.launch",
        "must be a month or quarter",
        "2026-03",
    ),
    Case(
        "format version",
        SETTINGS,
        "format_version: 2",
        "format_version: two",
        "E113",
        "format_version",
        None,
        "must be 2",
    ),
    Case(
        "earlier format",
        SETTINGS,
        "format_version: 2",
        "format_version: 1",
        "E113",
        "format_version",
        None,
        "`format_version` is 1; this version reads format 2",
        "`kloof migrate ",
    ),
    Case(
        "later format",
        SETTINGS,
        "format_version: 2",
        "format_version: 3",
        "E113",
        "format_version",
        None,
        "`format_version` is 3",
        "later version of kloof",
    ),
    Case(
        "sourced without a source",
        CHN,
        "high: 14, status: recalled",
        "high: 14, status: sourced",
        "E114",
        "status: sourced",
        "countries.CHN.research.lag_months.status",
        "marked sourced without a source",
        "name a source",
    ),
    Case(
        "sourced chip without a source",
        CHIPS,
        "sourced,rubin_digest",
        "sourced,",
        "E114",
        "nv_vr200",
        "chips.nv_vr200.status",
        "marked sourced without a source",
    ),
    Case(
        "bad identifier",
        SETTINGS,
        "name: two-countries",
        "name: two countries",
        "E115",
        "name:",
        "name",
        "identifier",
    ),
    Case(
        "bad country code",
        CHN,
        "iso3: CHN",
        "iso3: cn",
        "E115",
        "iso3",
        "countries.CHN.iso3",
        "three capital letters",
    ),
    Case(
        "horizon that runs backwards",
        SETTINGS,
        "last_year: 2029",
        "last_year: 2025",
        "E116",
        "last_year",
        "horizon.last_year",
        "lies before",
    ),
    Case(
        "range of a series that starts at zero",
        CHN,
        "import_limit_kwpm_per_year: {value: 25, low: 10, high: 50}",
        "import_limit_kwpm_per_year: {value: {2026: 0, 2028: 25}, high: 5}",
        "E117",
        "high: 5",
        "countries.CHN.industry.tools.duv.import_limit_kwpm_per_year.high",
        "moves the series by one factor",
    ),
    Case(
        "range that leaves what is allowed",
        CHN,
        "low: 0.2, high: 0.4}",
        "low: 0.2, high: 0.9}",
        "E117",
        "high: 0.9",
        "countries.CHN.industry.lines.n7.ai_share.high",
        "in 2027 it must lie between 0 and 1",
    ),
    # YAML syntax
    Case(
        "tab",
        USA,
        "  interest_per_year",
        "\tinterest_per_year",
        "E204",
        "\tinterest",
        None,
        "not valid YAML",
        "not tabs",
    ),
    Case("open bracket", USA, "delivery: {}", "delivery: {", "E204", "", None, "not valid YAML"),
    Case("two documents", USA, "research:", "---\nresearch:", "E204", "---", None, "second"),
    Case(
        "list as key",
        USA,
        "delivery: {}",
        "delivery: {[a]: 1}",
        "E204",
        "[a]",
        None,
        "a key must be one word",
    ),
    Case(
        "repeated key",
        USA,
        "home_return: 0\n",
        "home_return: 0\n  home_return: 0.1\n",
        "E205",
        "home_return: 0.1",
        "countries.USA.budget.home_return",
        "stands twice in one table, first in line",
    ),
    Case(
        "anchor",
        USA,
        "home_return: 0\n",
        "home_return: &zero 0\n",
        "E206",
        "&zero",
        None,
        "anchors are not allowed",
    ),
    Case(
        "merge key",
        USA,
        "delivery: {}",
        "delivery: {<<: {}}",
        "E206",
        "<<",
        None,
        "merge keys are not allowed",
    ),
    Case("tag", USA, "home_return: 0\n", "home_return: !!float 0\n", "E206", "!!float", None, "tag"),
    Case("huge number", USA, "home_return: 0\n", "home_return: 1e999\n", "E214", "1e999", None, "too large"),
    # CSV syntax
    Case(
        "open quote",
        CHIPS,
        '"Rubin, per GPU"',
        '"Rubin, per GPU',
        "E210",
        "Rubin",
        None,
        "not valid CSV",
        "quote",
    ),
    Case(
        "unknown column",
        CHIPS,
        "interconnect_gbs,",
        "interconect_gbs,",
        "E211",
        "interconect_gbs",
        "chips.interconect_gbs",
        "unknown column `interconect_gbs`",
        "did you mean `interconnect_gbs`?",
    ),
    Case(
        "misspelled column",
        CHIPS,
        ",tdp_w,",
        ",tpd_w,",
        "E211",
        "tpd_w",
        "chips.tpd_w",
        "unknown column",
        "`tdp_w`",
    ),
    Case("repeated column", CHIPS, ",tpp,", ",hbm_gb,", "E211", "hbm_gb", "chips.hbm_gb", "stands twice"),
    Case("missing column", SOURCES, "id,title,", "id,", "E211", "id,", "sources.title", "`title` is missing"),
    Case(
        "row of the wrong length",
        SOURCES,
        '"Digest of Morgan Stanley on Vera Rubin racks"',
        "Morgan Stanley, on Vera Rubin",
        "E212",
        "rubin_digest",
        "sources.rubin_digest",
        "the row has 6 cells, the header 5",
        "quotes",
    ),
    Case("repeated chip", CHIPS, "nv_h200,", "nv_h100,", "E213", "H200 SXM", "chips.nv_h100", "stands twice"),
    Case("chip without id", CHIPS, "nv_h200,", ",", "E102", "H200 SXM", "chips", "the row has no `id`"),
    # rules
    Case(
        "unknown country in a group",
        RULES,
        "embargoed: [CHN]",
        "embargoed: [CHM]",
        "E302",
        "CHM",
        "destination_groups.embargoed[0]",
        "unknown country `CHM`",
        "did you mean `CHN`?",
    ),
    Case(
        "unknown group",
        RULES,
        "destinations: embargoed\n    # `to`",
        "destinations: embargo\n    # `to`",
        "E315",
        "destinations: embargo",
        "rules.large_chips.destinations[0]",
        "unknown country or group `embargo`",
        "did you mean `embargoed`?",
    ),
    Case(
        "unknown rule",
        RULES,
        "relaxes: large_chips",
        "relaxes: [large_chip]",
        "E314",
        "[large_chip]",
        "rules.h200_class.relaxes[0]",
        "unknown rule `large_chip`",
        "did you mean `large_chips`?",
    ),
    Case(
        "unknown chip of a rule",
        RULES,
        "relaxes: large_chips",
        "chips: nv_h20\n    relaxes: large_chips",
        "E301",
        "chips: nv_h20",
        "rules.h200_class.chips[0]",
        "unknown chip `nv_h20`",
        "did you mean `nv_h200`?",
    ),
    Case(
        "unknown metric",
        RULES,
        "memory_bandwidth_gbs: {max: 6500}",
        "memory_bandwith_gbs: {max: 6500}",
        "E101",
        "memory_bandwith_gbs",
        "rules.h200_class.condition.memory_bandwith_gbs",
        "unknown key `memory_bandwith_gbs`",
        "did you mean `memory_bandwidth_gbs`?",
    ),
    Case(
        "bound that bounds nothing",
        RULES,
        "condition: {tpp: {min: 4800}}",
        "condition: {tpp: {}}",
        "E102",
        "tpp: {}",
        "rules.large_chips.condition.tpp",
        "`tpp` bounds nothing",
        "`min` (included), `max` (excluded)",
    ),
    Case(
        "interest at which chips would earn money",
        CHN,
        "interest_per_year: 0.02",
        "interest_per_year: -0.5",
        "E313",
        "interest_per_year",
        "countries.CHN.budget.interest_per_year",
        "`interest_per_year` -0.5 of CHN is below -0.09",
        "`survival_per_year` is 0.91",
    ),
    Case(
        "debt without limit that shrinks",
        CHN,
        "interest_per_year: 0.02\n  debt_limit_usd_bn: 0",
        "interest_per_year: -0.02\n  debt_limit_usd_bn: .inf",
        "E313",
        "interest_per_year",
        "countries.CHN.budget.interest_per_year",
        "lets debt shrink",
        "money would make money",
    ),
    Case(
        "bounds without anything between",
        RULES,
        "{min: 4800, max: 21000}",
        "{min: 4800, max: 4800}",
        "E313",
        "max: 4800",
        "rules.h200_class.condition.tpp.max",
        "nothing lies from 4800 (included) to 4800 (excluded)",
    ),
    Case(
        "more than the whole of a chip",
        USA,
        "supply_share: {value: 0.75, low: 0.65, high: 0.85}",
        "supply_share: 0.9",
        "E318",
        "0.9",
        "countries.USA.trade.supply_share",
        "the countries' shares of nv_h200, nv_b200, nv_vr200 sum to 1.05 in 2026, above 1: USA 0.9, CHN 0.15",
        "lessen the shares, or say with `part_of` which country a bloc counts, too",
    ),
    Case(
        "part of itself",
        USA,
        "iso3: USA",
        "iso3: USA\npart_of: USA",
        "E313",
        "part_of: USA",
        "countries.USA.part_of",
        "USA cannot be part of itself",
        "name the bloc that counts it",
    ),
    Case(
        "rent twice",
        USA,
        "rent: {limit_kh100e: 500, ",
        "rent: {limit_kh100e: 500, share_of_leader_compute: 0.1, ",
        "E313",
        "rent: {limit",
        "countries.USA.trade.rent",
        "`rent` of USA has both of `limit_kh100e` and `share_of_leader_compute`",
        "give one of them: an amount, or a share",
    ),
    Case(
        "rule that ends before it starts",
        RULES,
        "from: 2027-01-01",
        "from: 2027-01-01\n    to: 2026-12-30",
        "E316",
        "to: 2026-12-30",
        "rules.closed_cloud.to",
        "ends on 2026-12-30, before it starts on 2027-01-01",
    ),
    Case(
        "rule that is over before the horizon",
        RULES,
        "from: 2026-01-15\n    condition",
        "from: 2016-01-15\n    to: 2025-12-31\n    condition",
        "E321",
        "to: 2025-12-31",
        "rules.h200_class.to",
        "the rule `h200_class` ends on 2025-12-31, before the horizon that starts in 2026",
        "one that is told as history says `in_force: past`",
    ),
    Case(
        "past rule without an end",
        RULES,
        "from: 2026-01-15\n    condition",
        "from: 2026-01-15\n    in_force: past\n    condition",
        "E317",
        "in_force: past",
        "rules.h200_class.in_force",
        "the rule `h200_class` is past, and has no last day",
        "write `to`, or leave `in_force` out",
    ),
    Case(
        "day that the calendar does not have",
        RULES,
        "from: 2027-01-01",
        "from: 2027-02-29",
        "E112",
        "2027-02-29",
        "rules.closed_cloud.from",
        "must be a day of the calendar",
    ),
    Case(
        "month for a day",
        RULES,
        "from: 2027-01-01",
        "from: 2027-01",
        "E112",
        "2027-01",
        "rules.closed_cloud.from",
        "must be a day, got the text `2027-01`",
        "write a day as 2026-01-15",
    ),
    Case(
        "negative cap",
        RULES,
        "relaxes: large_chips",
        "cap_value: -5\n    relaxes: large_chips",
        "E103",
        "cap_value: -5",
        "rules.h200_class.cap_value",
        "`cap_value` must not be negative, got -5",
    ),
    Case(
        "action without its number",
        RULES,
        "action: deny\n\n  h200_class",
        "action: cap\n\n  h200_class",
        "E317",
        "action: cap",
        "rules.large_chips.action",
        "the rule `large_chips` has the action `cap`, which needs `cap_value`",
    ),
    Case(
        "number that the action does not use",
        RULES,
        "action: deny\n\n  h200_class",
        "action: deny\n    fee_share: 0.1\n\n  h200_class",
        "E317",
        "fee_share: 0.1",
        "rules.large_chips.fee_share",
        "`fee_share` does nothing in a rule with the action `deny`",
        "it belongs to fee, cap, license, exempt; leave it out, or set it to null",
    ),
    Case(
        "metric of another scope",
        RULES,
        "scope: rental",
        "scope: rental\n    condition: {tpp: {min: 1}}",
        "E317",
        "condition: {tpp: {min: 1}}",
        "rules.closed_cloud.condition.tpp",
        "`tpp` is no metric of rental",
        "metrics of rental: none",
    ),
    Case(
        "rule that relaxes one of the other side",
        RULES,
        "side: export\n    destinations: embargoed\n    from: 2026-01-15",
        "side: import\n    destinations: embargoed\n    from: 2026-01-15",
        "E317",
        "relaxes: large_chips",
        "rules.h200_class.relaxes[0]",
        "`h200_class` is a rule of the import side, `large_chips` of the other",
    ),
    Case(
        "total of each chip by itself",
        RULES,
        "relaxes: large_chips",
        "cap_value: 5\n    cap_basis: total\n    cap_per: chip\n    relaxes: large_chips",
        "E317",
        "cap_per: chip",
        "rules.h200_class.cap_per",
        "a cap on a total counts its chips together",
    ),
    Case(
        "rule called like a cap of a country",
        RULES,
        "  h200_class:\n",
        "  case_by_case:\n    cap_value: 5\n",
        "E313",
        "case_by_case:",
        "rules.case_by_case",
        "bears the name of a cap of CHN",
    ),
    # references
    Case(
        "unknown chip in a limit",
        CHN,
        "    nv_h200: {value: {2026: 400",
        "    nv_h20O: {value: {2026: 400",
        "E301",
        "nv_h20O",
        "countries.CHN.trade.limits.nv_h20O",
        "unknown chip `nv_h20O`",
        "did you mean `nv_h200`?",
    ),
    Case(
        "unknown chip in a fleet",
        USA,
        "    nv_b200:",
        "    nv_b20:",
        "E301",
        "nv_b20:",
        None,
        "`nv_b20`",
        "`nv_b200`",
    ),
    Case(
        "unknown chip on sale",
        MARKET,
        "  g_tpu_v7:",
        "  g_tpu_v6:",
        "E301",
        "g_tpu_v6",
        None,
        "`g_tpu_v6`",
        "g_tpu_v7",
    ),
    Case(
        "unknown chip in a cap",
        CHN,
        "chips: all",
        "chips: [nv_h200, nv_h30]",
        "E301",
        "nv_h30",
        None,
        "`nv_h30`",
        "nv_h",
    ),
    Case(
        "unknown designer country",
        CHIPS,
        "Google,USA",
        "Google,USB",
        "E302",
        "g_tpu_v7",
        "chips.g_tpu_v7.designer_country",
        "unknown country `USB`",
        "did you mean `USA`?",
    ),
    Case(
        "unknown line of a chip",
        CHIPS,
        "CHN,CHN,n5",
        "CHN,CHN,n4",
        "E303",
        "hw_960",
        "chips.hw_960.line",
        "`n4`",
        "known",
    ),
    Case(
        "unknown line of a country", CHN, "    n5:\n", "    n3:\n", "E303", "n3:", None, "unknown line `n3`"
    ),
    Case(
        "chip on two lines",
        CHIPS,
        "CHN,CHN,n5",
        "CHN,CHN,n5 n7",
        "E115",
        "hw_960",
        "chips.hw_960.line",
        "must be one line, got the text `n5 n7`",
        "a row for each line",
    ),
    Case(
        "unknown class of tools of a line",
        SETTINGS,
        "tools_per_wafer: {duv: 1.4}",
        "tools_per_wafer: {duf: 1.4}",
        "E319",
        "duf",
        "lines.n5.tools_per_wafer.duf",
        "unknown class of tools `duf`",
        "did you mean `duv`?",
    ),
    Case(
        "unknown class of tools of a country",
        CHN,
        "  tools:\n    duv:",
        "  tools:\n    euv:",
        "E319",
        "euv:",
        "countries.CHN.industry.tools.euv",
        "unknown class of tools `euv`",
    ),
    Case(
        "unknown class of toolmaking",
        CHN,
        "  toolmaking:\n    duv:",
        "  toolmaking:\n    euv:",
        "E319",
        "euv:",
        "countries.CHN.industry.toolmaking.euv",
        "unknown class of tools `euv`",
    ),
    Case(
        "negative toolmaking",
        CHN,
        "build_limit_kwpm_per_year2: 8",
        "build_limit_kwpm_per_year2: -8",
        "E103",
        "-8",
        "countries.CHN.industry.toolmaking.duv.build_limit_kwpm_per_year2",
        "must not be negative",
    ),
    Case(
        "negative packaging",
        CHN,
        "build_limit_thousand_per_year2: 1500",
        "build_limit_thousand_per_year2: {2026: 1500, 2028: -1}",
        "E103",
        "-1",
        "countries.CHN.industry.packaging.build_limit_thousand_per_year2[2028]",
        "must not be negative",
    ),
    Case(
        "unknown designer",
        CHN,
        "  stockpiled_dies:",
        "  designer_ceilings: {one: {designers: [Huawai], lines: {n7: 0.5}}}\n  stockpiled_dies:",
        "E320",
        "Huawai",
        "countries.CHN.industry.designer_ceilings.one.designers[0]",
        "unknown designer of chips made in CHN `Huawai`",
        "did you mean `Huawei`?",
    ),
    Case(
        "designers' ceiling on a line that the country does not have",
        CHN,
        "  stockpiled_dies:",
        "  designer_ceilings: {one: {designers: [Huawei], lines: {n6: 0.5}}}\n  stockpiled_dies:",
        "E303",
        "n6",
        "countries.CHN.industry.designer_ceilings.one.lines.n6",
        "unknown line `n6`",
    ),
    Case(
        "designers' ceiling above the whole",
        CHN,
        "  stockpiled_dies:",
        "  designer_ceilings: {one: {designers: [Huawei], lines: {n7: 1.5}}}\n  stockpiled_dies:",
        "E103",
        "1.5",
        "countries.CHN.industry.designer_ceilings.one.lines.n7",
        "must lie between 0 and 1",
    ),
    Case(
        "designers' ceiling below nothing",
        CHN,
        "  stockpiled_dies:",
        "  designer_ceilings: {one: {designers: [Huawei], lines: {n7: -0.5}}}\n  stockpiled_dies:",
        "E103",
        "-0.5",
        "countries.CHN.industry.designer_ceilings.one.lines.n7",
        "must lie between 0 and 1",
    ),
    Case(
        "ceilings that leave a part of a line unused",
        CHN,
        "  stockpiled_dies:",
        "  designer_ceilings: {one: {designers: [Huawei], lines: {n7: {2026: 1, 2028: 0.5}}}}\n"
        "  stockpiled_dies:",
        "E313",
        "designer_ceilings",
        "countries.CHN.industry.designer_ceilings",
        "the ceilings of all designers on `n7` sum to 0.75 in 2027",
        "1 or more",
    ),
    Case(
        "designer of two groups",
        CHN,
        "  stockpiled_dies:",
        "  designer_ceilings:\n    one: {designers: [Huawei], lines: {n7: 1}}\n"
        "    two: {designers: [Huawei], lines: {n7: 1}}\n  stockpiled_dies:",
        "E313",
        "two:",
        "countries.CHN.industry.designer_ceilings.two.designers[0]",
        "`Huawei` is in the groups `one` and `two`",
        "one group",
    ),
    Case(
        "group without designers",
        CHN,
        "  stockpiled_dies:",
        "  designer_ceilings: {one: {designers: [], lines: {n7: 0.5}}}\n  stockpiled_dies:",
        "E104",
        "one:",
        "countries.CHN.industry.designer_ceilings.one.designers",
        "must list at least one",
    ),
    Case(
        "text for a list of designers",
        CHN,
        "  stockpiled_dies:",
        "  designer_ceilings: {one: {designers: Huawei, lines: {n7: 0.5}}}\n  stockpiled_dies:",
        "E104",
        "one:",
        "countries.CHN.industry.designer_ceilings.one.designers",
        "must be a list, got the text `Huawei`",
    ),
    Case(
        "chips that need packages without packaging",
        CHN,
        "  packaging:\n    capacity_thousand_per_year: {value: 1000, low: 500, high: 1600}\n"
        "    pending_thousand_per_year: {2026: 400}\n    build_limit_thousand_per_year2: 1500\n"
        "    normal_thousand_per_year2: 800\n",
        "",
        "E313",
        "industry:",
        "countries.CHN.industry",
        "CHN has no `packaging`, which chips made there need: `hw_910c`, `hw_960`",
        "0 if nothing",
    ),
    Case(
        "unknown previous line",
        SETTINGS,
        "previous: n7",
        "previous: n6",
        "E303",
        "n6",
        "lines.n5.previous",
        "`n6`",
        "known",
    ),
    Case(
        "unknown segment",
        SETTINGS,
        "{business: 0.5, public: 0.2}",
        "{business: 0.5, public: 0.2, army: 0.1}",
        "E304",
        "army",
        "objectives.balanced.segment_weights.army",
        "unknown segment `army`",
    ),
    Case(
        "segment without weight",
        SETTINGS,
        "{business: 0.5, public: 0.2}",
        "{business: 0.5}",
        "E304",
        "0.5}",
        None,
        "lacks",
    ),
    Case(
        "unknown source",
        CHN,
        "high: 1200, source: huawei_digest",
        "high: 1200, source: huawei_digst",
        "E305",
        "huawei_digst",
        "countries.CHN.fleet.chips.hw_910c.source",
        "unknown source `huawei_digst`",
        "did you mean `huawei_digest`?",
    ),
    Case(
        "unknown source in a list",
        SETTINGS,
        "source: epoch_chips}\n  reference_bandwidth",
        "source: [epoch_chips, epoch_chip]}\n  reference_bandwidth",
        "E305",
        "epoch_chip]",
        "compute.reference_tflops_8bit.source[1]",
        "unknown source `epoch_chip`",
    ),
    Case(
        "unknown source of a chip",
        CHIPS,
        "rubin_digest",
        "rubin",
        "E305",
        "nv_vr200",
        "chips.nv_vr200.source",
        "`rubin`",
    ),
    Case(
        "unknown objective",
        SETTINGS,
        "default_objective: balanced",
        "default_objective: balance",
        "E306",
        "default_objective",
        "default_objective",
        "unknown objective `balance`",
        "did you mean `balanced`?",
    ),
    Case(
        "leader without a file",
        SETTINGS,
        "leader: USA",
        "leader: FRA",
        "E307",
        "leader",
        "leader",
        "`FRA`",
        "FRA.yaml",
    ),
    Case(
        "shares that do not add up",
        SETTINGS,
        "{value: 0.7, low: 0.5, high: 0.8}",
        "0.6",
        "E308",
        "segments:",
        "segments",
        "0.9",
    ),
    Case(
        "lines in a circle",
        SETTINGS,
        "previous: null",
        "previous: n5",
        "E309",
        "n5",
        None,
        "n7 -> n5 -> n7",
        "null",
    ),
    Case(
        "levels out of order",
        SETTINGS,
        "supplies:",
        "staged:\n  lines:\n    n7:\n      levels:\n"
        "        a: {experience_thousand_wafers: 0, yield: 0.3}\n"
        "        b: {experience_thousand_wafers: 9, yield: 0.4}\n"
        "        c: {experience_thousand_wafers: 8, yield: 0.5}\n"
        "      programme: {cost_usd_bn: 1, lag_years: 1}\nsupplies:",
        "E324",
        "c: {experience",
        "staged.lines.n7.levels.c.experience_thousand_wafers",
        "`c` of `n7` takes 8 thousand wafers, no more than `b`",
        "give it more than 9",
    ),
    Case(
        "yields that fall",
        SETTINGS,
        "supplies:",
        "staged:\n  lines:\n    n7:\n      levels:\n"
        "        a: {experience_thousand_wafers: 0, yield: 0.3}\n"
        "        b: {experience_thousand_wafers: 9, yield: 0.2}\n"
        "      programme: {cost_usd_bn: 1, lag_years: 1}\nsupplies:",
        "E324",
        "b: {experience",
        "staged.lines.n7.levels.b.yield",
        "`b` of `n7` yields 0.2, less than `a`",
        "give it 0.3 or more",
    ),
    Case(
        "a lowest level that is out of reach",
        SETTINGS,
        "supplies:",
        "staged:\n  lines:\n    n7:\n      levels:\n"
        "        a: {experience_thousand_wafers: 5, yield: 0.3}\n"
        "      programme: {cost_usd_bn: 1, lag_years: 1}\nsupplies:",
        "E324",
        "a: {experience",
        "staged.lines.n7.levels.a.experience_thousand_wafers",
        "takes 5 thousand wafers",
        "it must take 0",
    ),
    Case(
        "a yield above 1",
        SETTINGS,
        "supplies:",
        "staged:\n  lines:\n    n7:\n      levels:\n"
        "        a: {experience_thousand_wafers: 0, yield: 30}\n"
        "      programme: {cost_usd_bn: 1, lag_years: 1}\nsupplies:",
        "E103",
        "a: {experience",
        "staged.lines.n7.levels.a.yield",
        "must lie between 0 and 1",
    ),
    Case(
        "a lag below 0",
        SETTINGS,
        "supplies:",
        "staged:\n  lines:\n    n7:\n      levels:\n"
        "        a: {experience_thousand_wafers: 0, yield: 0.3}\n"
        "      programme: {cost_usd_bn: 1, lag_years: -1}\nsupplies:",
        "E103",
        "lag_years: -1",
        "staged.lines.n7.programme.lag_years",
        "must lie between 0 and 30",
    ),
    Case(
        "levels of a line that is not there",
        SETTINGS,
        "supplies:",
        "staged:\n  lines:\n    n8:\n      levels:\n"
        "        a: {experience_thousand_wafers: 0, yield: 0.3}\n"
        "      programme: {cost_usd_bn: 1, lag_years: 1}\nsupplies:",
        "E303",
        "n8:",
        "staged.lines.n8",
        "unknown line `n8`",
    ),
    Case(
        "end before launch",
        CHIPS,
        "2024-11,2028-12",
        "2024-11,2023-12",
        "E310",
        "nv_h200",
        "chips.nv_h200.end_of_sale",
        "2023",
    ),
    Case(
        "file of another country",
        CHN,
        "iso3: CHN",
        "iso3: PRC",
        "E311",
        "PRC",
        "countries.CHN.iso3",
        "CHN.yaml",
    ),
    Case(
        "line without a maker",
        CHIPS,
        "Nvidia,USA,,,market,2024-11,2028",
        "Nvidia,USA,,n5,market,2024-11,2028",
        "E312",
        "nv_h200",
        "chips.nv_h200.domestic_in",
        "`domestic_in`",
    ),
    Case(
        "dies of a chip made at home",
        CHIPS,
        "0.6,1,2,80,",
        "0.6,1,,80,",
        "E312",
        "hw_960",
        "chips.hw_960.dies_per_chip",
        "must be given",
    ),
    Case(
        "limit of a chip made elsewhere",
        CHN,
        "    hw_910c: {value: 300",
        "    nv_h200: {value: 300",
        "E312",
        "nv_h200: {value: 300",
        None,
        "not made in CHN",
    ),
    Case(
        "money machine",
        CHN,
        "cost_recovery: {value: 0, low: 0, high: 0.5}",
        "cost_recovery: 0.95",
        "E313",
        "cost_recovery",
        "countries.CHN.budget.cost_recovery",
        "must sum to less than 1, got 1.05",
        "money would make money",
    ),
    Case(
        "cap without a limit",
        CHN,
        "      per_year: {value: 8000000, low: 4000000, high: 12000000}\n",
        "",
        "E313",
        "case_by_case",
        None,
        "limits nothing",
    ),
    Case(
        "floor above its ceiling",
        USA,
        "  home_return: 0\n",
        "  home_return: 0\n  category_floors: {talent: 0.3}\n  category_ceilings: {talent: 0.2}\n",
        "E313",
        "category_floors",
        "countries.USA.budget.category_floors.talent",
        "exceeds its ceiling in 2026",
    ),
    Case(
        "floors above the whole",
        USA,
        "  home_return: 0\n",
        "  home_return: 0\n  category_floors: {talent: 0.3, research: 0.8}\n",
        "E313",
        "category_floors",
        "countries.USA.budget.category_floors",
        "sum to 1.1 in 2026",
    ),
]


def copy_of_template(directory: Path) -> Path:
    shutil.copytree(TEMPLATE, directory / "world")
    return directory / "world"


def problems_of(world: Path) -> tuple[Diagnostic, ...]:
    with pytest.raises(InputError) as caught:
        load(world)
    return caught.value.diagnostics


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_one_mistake_gives_one_diagnostic(case: Case, tmp_path: Path) -> None:
    world = copy_of_template(tmp_path)
    path = world / case.file
    text = path.read_text()
    assert case.old in text
    changed = text.replace(case.old, case.new, 1)
    path.write_text(changed)
    (problem,) = problems_of(world)
    lines = changed.splitlines()
    assert (problem.code, problem.severity) == (case.code, "error")
    assert problem.file == str(path)
    assert problem.line is not None
    assert case.at in lines[problem.line - 1]
    assert problem.column is not None
    assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1
    assert case.says in problem.message
    assert case.hint in (problem.hint or "")
    if case.path is not None:
        assert problem.path == case.path
    assert "Traceback" not in problem.render()


def remove(name: str) -> Callable[[Path], None]:
    return lambda world: (world / name).unlink()


def write(name: str, content: bytes) -> Callable[[Path], None]:
    return lambda world: void((world / name).write_bytes(content))


def void(_: object) -> None:
    return None


def make_directory(name: str) -> Callable[[Path], None]:
    def act(world: Path) -> None:
        (world / name).unlink()
        (world / name).mkdir()

    return act


FILES = [
    ("missing file", remove(MARKET), "E201", MARKET, None),
    ("missing table of chips", remove(CHIPS), "E201", CHIPS, None),
    ("directory for a file", make_directory(SOURCES), "E202", SOURCES, None),
    ("Latin-1", write(USA, "name: Saint-Barth\u00e9lemy".encode("latin-1")), "E203", USA, 1),
    ("UTF-16", write(USA, "iso3: USA".encode("utf-16")), "E203", USA, 1),
    ("control character", write(USA, b"iso3: USA\nname: \x01"), "E204", USA, 2),
    ("empty file", write(USA, b""), "E207", USA, 1),
    ("blank file", write(USA, b"\n  \n"), "E207", USA, 1),
    ("comments only", write(USA, b"# nothing yet\n"), "E207", USA, 1),
    ("empty table", write(CHIPS, b""), "E207", CHIPS, 1),
    ("text only", write(USA, b"United States\n"), "E104", USA, 1),
    ("list only", write(USA, b"- iso3\n"), "E104", USA, 1),
    ("too deep", write(USA, b"[" * 5000), "E204", USA, 1),
    ("stray file", write("markets.yaml", b"x: 1\n"), "E208", "markets.yaml", None),
    ("stray country", write("countries/china.yaml", b"x: 1\n"), "E208", "countries/china.yaml", None),
]


@pytest.mark.parametrize(
    ("act", "code", "name", "line"), [case[1:] for case in FILES], ids=[case[0] for case in FILES]
)
def test_unusable_files(
    act: Callable[[Path], None], code: str, name: str, line: int | None, tmp_path: Path
) -> None:
    world = copy_of_template(tmp_path)
    act(world)
    (problem,) = problems_of(world)
    assert (problem.code, problem.file, problem.line) == (code, str(world / name), line)


def test_no_countries(tmp_path: Path) -> None:
    world = copy_of_template(tmp_path)
    shutil.rmtree(world / "countries")
    (problem,) = problems_of(world)
    assert (problem.code, problem.file) == ("E201", str(world / "countries"))


def test_all_problems_of_a_pass_come_in_file_order(tmp_path: Path) -> None:
    world = copy_of_template(tmp_path)
    edits = [
        (SETTINGS, "steps_per_year: 1", "steps_per_year: 5"),
        (MARKET, "price_index: 1\n", "price_index: x\n"),
        (CHIPS, "27000,25000,32000", "cheap,,"),
        (RULES, "in_force: never", "in_force: no"),
        (CHN, "income_usd_bn: {value", "income_usd_bn: {valeu"),
        (CHN, "lag_months: {value: 7", "lag_month: {value: 7"),
        (USA, "research_share: {value: 0.3", "research_share: {value: -0.3"),
        (SETTINGS, "leader: USA", "leader: FRA"),
    ]
    for name, old, new in edits:
        path = world / name
        path.write_text(path.read_text().replace(old, new, 1))
    problems = problems_of(world)
    names = [Path(problem.file or "").relative_to(world).as_posix() for problem in problems]
    assert names == [SETTINGS, SETTINGS, MARKET, CHIPS, RULES, CHN, CHN, USA]
    lines = [problem.line or 0 for problem in problems if problem.file == str(world / CHN)]
    assert lines == sorted(lines)


def test_two_blank_cells_are_two_problems(tmp_path: Path) -> None:
    world = copy_of_template(tmp_path)
    path = world / CHIPS
    path.write_text(path.read_text().replace("nv_h200,H200 SXM,Nvidia,", "nv_h200,,,", 1))
    problems = problems_of(world)
    assert [(problem.code, problem.path) for problem in problems] == [
        ("E102", "chips.nv_h200.name"),
        ("E102", "chips.nv_h200.designer"),
    ]


def problems_with(cases: Sequence[Case], directory: Path) -> set[tuple[str, str | None, str]]:
    """The problems of the template with some mistakes in it."""
    world = copy_of_template(directory)
    for case in cases:
        path = world / case.file
        text = path.read_text()
        path.write_text(text.replace(case.old, case.new, 1))
    found = problems_of(world)
    shutil.rmtree(world)
    return {(problem.code, problem.path, problem.message) for problem in found}


def test_faults_of_files_and_between_them_are_told_together(tmp_path: Path) -> None:
    """Each mistake between places beside one in a place, of the same file or another."""
    between = [case for case in CASES if case.code[1] == "3" and case.file in (RULES, CHN, USA)]
    assert len(between) > 20
    faults = [Case("fault", RULES, "in_force: never", "in_force: nevr", "E111", "", None, "")]
    faults += [Case("fault", USA, "name: United States", "name: 5", "E104", "", None, "")]
    faults += [Case("fault", SETTINGS, "steps_per_year: 1", "steps_per_year: 5", "E111", "", None, "")]
    beside = {fault.file: problems_with([fault], tmp_path) for fault in faults}
    for case in between:
        alone = problems_with([case], tmp_path)
        for fault in faults:
            if fault.old in case.old:
                continue
            assert problems_with([case, fault], tmp_path) == alone | beside[fault.file], case.name


def test_rules_that_cannot_be_read_hide_nothing_of_the_countries(tmp_path: Path) -> None:
    world = copy_of_template(tmp_path)
    for name, old, new in [(RULES, "issuer: ", "issuer "), (SETTINGS, "leader: USA", "leader: FRA")]:
        path = world / name
        path.write_text(path.read_text().replace(old, new, 1))
    assert [problem.code for problem in problems_of(world)] == ["E307", "E204"]


def test_nothing_follows_from_what_cannot_be_read(tmp_path: Path) -> None:
    """A fault in a cell that others are compared with leaves these alone."""
    for name, old, new, code in [
        (SETTINGS, "delivery_share: {value: 0.7, low: 0.5, high: 0.8}", "delivery_share: x", "E104"),
        (CHN, "cost_recovery: {value: 0, low: 0, high: 0.5}", "cost_recovery: 7", "E103"),
        (CHIPS, "nv_h200,H200 SXM", "nv_h200,", "E102"),
        (CHIPS, "nv_h200,H200 SXM,", "nv_h200,H200, SXM,", "E212"),
        (CHIPS, "Nvidia,USA,,,market,2024-11,2028", "Nvidia,USA,,,market,2024-11,2O28", "E112"),
        (RULES, "action: deny", "action: denny", "E111"),
        (SETTINGS, "leader: USA", "leader: US", "E115"),
        (MARKET, "output:", "outputs:", "E101"),
        (CHN, "    nv_h200:", "    nv h200:", "E115"),
        (USA, "iso3: USA", "iso3 USA", "E204"),
        (SOURCES, "title", "titel", "E211"),
        (RULES, "issuer: ", "issuer ", "E204"),
        (RULES, "rules:", "ruels:", "E101"),
        (SETTINGS, "lines:", "lins:", "E101"),
        (MARKET, "output:", "output", "E204"),
    ]:
        world = copy_of_template(tmp_path)
        path = world / name
        text = path.read_text()
        assert old in text, old
        path.write_text(text.replace(old, new, 1))
        assert [problem.code for problem in problems_of(world)] == [code], (old, new)
        shutil.rmtree(world)


def test_every_value_has_stand_ins_from_both_ends() -> None:
    alike = []
    for where, leaf in leaves(record(Instance)):
        if where[0] == "horizon":
            continue
        ends = [stand_in(leaf, end, range(2026, 2030)) for end in ENDS]
        for raw in ends:
            leaf.adapter().validate_python(raw, strict=True, context=range(2026, 2030))
        if ends[0] == ends[1]:
            alike.append(where[-1])
    pending = {name for name in alike if name.startswith("pending_")}
    assert set(alike) - pending == {"format_version", "*"}


def leaves(shape: Shape, where: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Leaf]]:
    if isinstance(shape, Leaf):
        yield where, shape
    elif isinstance(shape, Map):
        yield from leaves(shape.entry, (*where, "*"))
    else:
        for key, (_, below) in shape.fields.items():
            yield from leaves(below, (*where, key))


@pytest.mark.parametrize(
    ("text", "line", "hint"),
    [
        ("a: 1\nb\nc: 2\n", 3, "this line or the one before lacks it"),
        ("a:\n  action deny\n  source: 3\n", 3, "the line before lacks its `: `"),
        ("title: Rule: two\n", 1, "a text that holds `: ` needs quotes"),
        ("a: 0\nb: [1, 2\nc: 3\n", 3, "what starts in line 2"),
        ("a: 'x\nb: 2\n", 3, "the quote that opens in line 1 is not closed"),
        ("a:\n\tb: 1\n", 2, "indent with spaces, not tabs"),
        ("a:\n  b: 1\n c: 2\n", 3, "the keys of a table start in one column"),
        ("- a\nb: 1\n", 2, "the items of a list start in one column"),
        ("a: @x\n", 1, "needs quotes around it"),
        ("a: |x\n  b\n", 1, "check indentation, colons and quotes"),
        # what comes of the missing colon is not told beside it
        ("a: {action: deny, deny source, x\nb: 2\n", 2, "a bracket or comma is missing"),
        ("a:\nb: 1\n c: 2\n", 3, "the line before lacks its `: `"),
    ],
)
def test_broken_yaml_is_one_problem_with_a_hint(text: str, line: int, hint: str) -> None:
    (problem,) = read_yaml(text, "a.yaml").problems
    assert (problem.code, problem.line) == ("E204", line)
    assert hint in (problem.hint or "")


def test_a_broken_horizon_hides_no_other_problem(tmp_path: Path) -> None:
    world = copy_of_template(tmp_path)
    for name, old, new in [
        (SETTINGS, "first_year: 2026", "first_year: soon"),
        (CHN, "electricity_price_usd_per_kwh: 0.07", "electricity_price_usd_per_kwh: -1"),
    ]:
        path = world / name
        path.write_text(path.read_text().replace(old, new, 1))
    assert [problem.code for problem in problems_of(world)] == ["E104", "E103"]


@pytest.mark.parametrize(
    ("name", "code", "hint"),
    [
        ("no-such-world", "E209", ""),
        ("instances/no-such-world", "E201", ""),
        (str(TEMPLATE / "instance.yaml"), "E202", f"did you mean `{TEMPLATE}`?"),
        (str(TEMPLATE.with_name("templat")), "E201", f"did you mean `{TEMPLATE}`?"),
    ],
)
def test_instances_that_are_not_there(name: str, code: str, hint: str) -> None:
    with pytest.raises(InputError) as caught:
        load(name)
    (problem,) = caught.value.diagnostics
    assert problem.code == code
    assert hint in (problem.hint or "")


def test_rendering_names_code_place_path_and_hint(tmp_path: Path) -> None:
    world = copy_of_template(tmp_path)
    path = world / RULES
    path.write_text(path.read_text().replace("in_force: never", "in_force: nevr"))
    with pytest.raises(InputError) as caught:
        load(world)
    line = path.read_text().splitlines().index("    in_force: nevr") + 1
    assert str(caught.value) == (
        "error[E111]: `in_force` must be dated, past, always or never, got the text `nevr`\n"
        f"  --> {path}:{line}:15  rules.closed_cloud.in_force\n"
        "  hint: did you mean `never`?"
    )
    assert caught.value.exit_code == 2


def test_every_code_of_files_is_shown_by_a_case() -> None:
    shown = {case.code for case in CASES} | {case[2] for case in FILES} | {"E209", "E215", "E216"}
    # in staged mode: test_resolve_staged.py
    shown |= {"E322", "E323"}
    # of workbooks: test_workbook_instance.py
    shown |= {f"E{number}" for number in range(221, 232)}
    assert {code for code in CODES if code[:2] in ("E1", "E2", "E3")} <= shown
