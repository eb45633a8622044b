"""`kloof report` and the files that it reads."""

from __future__ import annotations

import csv
import json
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from optimizer.instance import load
from optimizer.instance.cells import cell_map
from optimizer.tell.files.context import feeding_cells
from optimizer.tell.files.store import json_text, open_run
from optimizer.tell.page.page import LARGEST_BYTES
from tests.cli.conftest import Outcome, Run, run_kloof

DOCS = Path(__file__).parents[2] / "docs" / "report.md"


@pytest.fixture
def copied(saved: Path, tmp_path: Path) -> Path:
    """A copy of the run in a place of its own."""
    return Path(shutil.copytree(saved, tmp_path / "copied"))


def test_writes_one_page_into_the_run_without_the_instance(kloof: Run, copied: Path) -> None:
    done = kloof("report", "copied")
    assert done.code == 0
    assert done.err == f"wrote {Path('copied/report.html')}\n"
    assert done.out == ""
    text = (copied / "report.html").read_text()
    assert text.startswith("<!doctype html>")
    assert len(text.encode()) < LARGEST_BYTES
    headline = json.loads((copied / "summary.json").read_text())["countries"]["CHN"]["headline"]
    first, last = (f"{headline['lag_months'][year]:.0f}" for year in ("2027", "2029"))
    assert f"months behind at the start, {first} in 2027 and {last} in 2029: the lag grows" in text


def test_a_page_that_would_be_the_same_is_kept(kloof: Run, copied: Path) -> None:
    page = copied / "report.html"
    assert kloof("report", "copied").code == 0
    before = (page.stat().st_mtime_ns, page.stat().st_ino, page.read_bytes())
    done = kloof("report", "copied")
    assert (done.code, done.err) == (0, f"kept {Path('copied/report.html')}: nothing in it has changed\n")
    assert kloof("report", "copied", "--format", "json").data["status"] == "kept"
    assert (page.stat().st_mtime_ns, page.stat().st_ino, page.read_bytes()) == before
    page.write_bytes(before[2].replace(b"months behind", b"months before"))
    done = kloof("report", "copied", "--format", "json")
    assert done.data["status"] == "written"
    assert page.read_bytes() == before[2]


def test_json_names_the_file_and_its_size(kloof: Run, copied: Path, tmp_path: Path) -> None:
    done = kloof("report", "copied", "--out", "page.html", "--format", "json")
    assert done.data["file"] == "page.html"
    assert done.data["bytes"] == (tmp_path / "page.html").stat().st_size
    assert not (copied / "report.html").exists()


def test_solving_again_replaces_a_run_with_its_page(kloof: Run, world: str, copied: Path) -> None:
    assert kloof("report", "copied").code == 0
    assert kloof("solve", world, "--country", "USA", "--out", "copied").code == 0
    assert not (copied / "report.html").exists()


def test_a_run_without_inputs_and_names_still_has_a_page(kloof: Run, copied: Path) -> None:
    for name in ("inputs.csv", "context.json"):
        (copied / name).unlink()
    assert kloof("report", "copied").code == 0
    text = (copied / "report.html").read_text()
    assert "Assumptions" not in text
    assert 'id="country-chn"' in text


def test_a_country_without_a_plan_says_why_and_what_repairs_it(
    kloof: Run, world: str, tmp_path: Path
) -> None:
    patch = "countries.CHN.budget.cash0_usd_bn = -100000"
    assert kloof("solve", world, "--set", patch, "--out", "broke").code == 1
    assert kloof("report", "broke").code == 0
    text = (tmp_path / "broke" / "report.html").read_text()
    assert (
        "No plan for China: these cannot hold together: cash of USD -100,000 bn at the start in 2026" in text
    )
    assert "Optimal strategies of 1 of 2 countries" in text
    assert "It has a plan with " in text
    assert patch in text


def test_a_run_without_any_plan_has_a_page_without_gaps(kloof: Run, world: str, tmp_path: Path) -> None:
    patch = "countries.CHN.budget.cash0_usd_bn = -100000"
    assert kloof("solve", world, "--country", "CHN", "--set", patch, "--out", "broke").code == 3
    assert kloof("report", "broke").code == 0
    text = (tmp_path / "broke" / "report.html").read_text()
    assert re.search(r"<title>two-countries[^:]*: no plan for China</title>", text)
    assert '<h2 id="h-country-chn">China (CHN): no plan</h2>' in text
    assert "No plan (infeasible): these cannot hold together: cash of USD -100,000 bn" in text
    assert "It has a plan with " in text
    assert 'id="t-countries"' not in text


def lines(text: str, table: str) -> dict[str, list[str]]:
    """The cells of a table of a page by its first column."""
    body = text.split(f'<table id="t-{table}"', 1)[1].split("</table>", 1)[0].split("<tbody>", 1)[1]
    cells = [re.findall(r"<t[hd][^>]*>([^<\n]*)", row) for row in body.split("<tr")[1:]]
    return {head: rest for head, *rest in cells}


@pytest.fixture(scope="module")
def compared(world: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run directory of a comparison: a policy that helps one country, one that leaves it without a plan,
    and one that changes nothing."""
    place = tmp_path_factory.mktemp("compared")
    policies = {
        "rich": "title: Three times as much\ndescription: China gets three times as much. No more.\n"
        "patches: ['countries.CHN.budget.income_usd_bn *= 3']\n",
        "broke": "title: In debt\npatches: ['countries.CHN.budget.cash0_usd_bn = -100000']\n",
        "same": "title: No change\npatches: ['countries.CHN.budget.income_usd_bn *= 1']\n",
    }
    for name, policy in policies.items():
        (place / f"{name}.yaml").write_text(policy)
    columns = [part for name in policies for part in ("--policy", f"{name}.yaml")]
    done = run_kloof(place, "compare", world, *columns, "--out", "run", "--jobs", "1")
    assert done.code == 1
    (place / "printed.txt").write_text(done.out)
    return place / "run"


def printed(text: str, head: str) -> dict[str, dict[str, str]]:
    """The cells of the table under a head in what `compare` printed, by row and column."""
    above, _, below = text.partition(head)[2].partition("─\n")
    columns = above.splitlines()[-2].split()
    found = {}
    for line in below.partition("\n\n")[0].splitlines():
        name, *cells = line.split()
        found[name] = dict(zip(columns[-len(cells) :], cells, strict=True))
    return found


@pytest.mark.parametrize(("head", "table"), [("months behind USA", "lag-changes"), ("worth to the", "worth")])
def test_a_comparison_says_what_its_command_printed(
    kloof: Run, compared: Path, tmp_path: Path, head: str, table: str
) -> None:
    assert kloof("report", str(compared), "--out", "page.html").code == 0
    said = lines((tmp_path / "page.html").read_text(), table)
    told = printed((compared.parent / "printed.txt").read_text(), head)
    titles = {"rich": "Three times as much", "broke": "In debt", "same": "No change"}
    countries = ["CHN"] if table == "lag-changes" else ["USA", "CHN"]
    for policy, title in titles.items():
        cells = [told[policy][country].replace("n/a", "–") for country in countries]
        assert said[title] == cells
    assert said["Three times as much"][-1][0] in "+-"


def test_a_comparison_opens_with_whom_policies_touch_and_what_they_do(
    kloof: Run, compared: Path, tmp_path: Path
) -> None:
    assert kloof("report", str(compared), "--out", "page.html").code == 0
    text = (tmp_path / "page.html").read_text()
    points = re.findall(r"<li>([^\n]*)", text.split('<ul class="points">', 1)[1].split("</ul>", 1)[0])
    (answer,) = re.findall(r'<section id="overview".*?<p class="answer">([^<]*)</p>', text, re.S)
    assert answer.startswith("Most affected is China: by its own objective best is “Three times as much” (+")
    assert "closer in 2029" in answer
    assert answer.endswith("How far the ranges of the inputs would move this was not computed.")
    assert [point.split(":")[0] for point in points if "dearest" in point] == ["The dearest limit of China"]
    assert "<dt>Three times as much<dd>China gets three times as much.\n" in text
    assert "<dt>In debt<dd>countries.CHN.budget.cash0_usd_bn = -100000\n" in text


def test_a_country_compared_alone_is_not_said_to_be_most_affected(
    kloof: Run, compared: Path, world: str, tmp_path: Path
) -> None:
    policy = ("--policy", str(compared.parent / "rich.yaml"))
    assert kloof("compare", world, "--country", "CHN", *policy, "--out", "alone").code == 0
    assert kloof("report", "alone").code == 0
    text = (tmp_path / "alone" / "report.html").read_text()
    assert '<p class="answer">For China: by its own objective best is' in text
    assert "Most affected" not in text


def test_a_policy_with_another_leader_is_not_measured_against_that_of_the_baseline(
    kloof: Run, world: str, tmp_path: Path
) -> None:
    (tmp_path / "lead.yaml").write_text("title: China first\npatches: ['leader = CHN']\n")
    assert kloof("compare", world, "--policy", "lead.yaml", "--out", "run", "--jobs", "1").code == 0
    assert kloof("report", "run").code == 0
    text = (tmp_path / "run" / "report.html").read_text()
    assert lines(text, "lag-changes") == {"China first": ["led by CHN"]}
    points = re.findall(r"<li>([^\n]*)", text)
    assert any(point.endswith("; under “China first” China leads.") for point in points)
    assert "Under “China first” China leads: lags and ratios are against it" in text
    ranked = lines(text, "chn-ranking")["China first (CHN leads)"]
    assert ranked[2:5] == ["0 of CHN", "0 of CHN", "–"]
    assert ranked[7] == "100 of CHN"
    assert any(re.match("Under “China first”: USA passes the leader CHN", point) for point in points)


def test_policies_that_cannot_be_told_apart_share_a_rank(kloof: Run, compared: Path, tmp_path: Path) -> None:
    assert kloof("report", str(compared), "--out", "page.html").code == 0
    found = lines((tmp_path / "page.html").read_text(), "chn-ranking")
    assert {name: cells[0] for name, cells in found.items()} == {
        "Three times as much": "1",
        "Baseline": "2",
        "No change": "2",
        "In debt": "–",
    }


def test_a_follower_that_passes_the_leader_is_ahead_in_words_and_tables(
    kloof: Run, overtaken: tuple[Outcome, Path], tmp_path: Path
) -> None:
    run = overtaken[1]
    assert kloof("report", str(run), "--out", "page.html").code == 0
    text = (tmp_path / "page.html").read_text()
    summary = json.loads((run / "summary.json").read_text())["countries"]["TWI"]

    def said(policy: str, year: str) -> str:
        months = round(summary[policy]["headline"]["lag_months"][year])
        return f"{-months} ahead" if months < 0 else str(months)

    titles = {"Baseline": "baseline", "A poor leader": "poor", "A rich leader": "rich"}
    ranked, paths = lines(text, "twi-ranking"), lines(text, "twi-paths")
    for title, policy in titles.items():
        assert ranked[title][2:4] == [said(policy, "2027"), said(policy, "2029")]
    assert said("poor", "2029") in paths["2029"]
    assert lines(text, "twi-changes")["A poor leader"][1] == said("poor", "2029")
    assert lines(text, "twi-lag")["2029"][0] == said("baseline", "2029")
    assert {each.split()[-1] for each in (said("baseline", "2029"), said("poor", "2029"))} == {"ahead"}
    points = re.findall(r"<li>([^\n]*)", text)
    warned = re.findall(r"<li>([^\n]*)", text.split('<ul class="warnings">', 1)[1].split("</ul>", 1)[0])
    opening = r"(In the baseline|Under “A (poor|rich) leader”( and “A (poor|rich) leader”)?): TWI passes the "
    assert warned
    assert all(re.match(opening, each) for each in warned)
    (leader,) = [each for each in points if each.startswith("Leader: ")]
    passed = {policy: summary[policy]["headline"]["passes_the_leader_in"] for policy in titles.values()}
    assert f"in the baseline it is passed by United States ({passed['baseline']})" in leader
    assert f"“A poor leader” it is passed by United States ({passed['poor']})" in leader
    assert any(
        re.search("months? ahead in 2029: it takes the lead; effective compute rises", each)
        for each in points
    )
    assert any(
        re.search("at most \\d+ months gained under “A poor leader”, at most \\d+ months? lost", each)
        for each in points
    )
    assert re.search(r"at the end Baseline \d months? ahead, A poor leader \d+ months ahead", text)


def interrupt(directory: Path, country: str, policies: set[str]) -> None:
    """Take out what an interrupt before these plans of a country leaves out."""
    file = directory / "summary.json"
    summary = json.loads(file.read_text())
    summary["status"] = "interrupted"
    for policy in policies:
        del summary["countries"][country][policy]
    for kind, name in (("ranking", str), ("ranking_detail", lambda each: each["policy"])):
        ranked = summary[kind][country]
        summary[kind][country] = [each for each in ranked if name(each) not in policies]
    file.write_text(json.dumps(summary))
    for table in (directory / "strategy.csv", directory / "comparison.csv"):
        with table.open(newline="") as source:
            head, *rows = list(csv.reader(source))
        kept = [
            row
            for row in rows
            if row[head.index("country")] != country or row[head.index("policy")] not in policies
        ]
        with table.open("w", newline="") as target:
            csv.writer(target, lineterminator="\n").writerows([head, *kept])


def test_an_interrupted_comparison_tells_not_solved_from_no_plan(
    kloof: Run, compared: Path, tmp_path: Path
) -> None:
    part = Path(shutil.copytree(compared, tmp_path / "part"))
    interrupt(part, "CHN", {"rich"})
    assert kloof("report", "part").code == 0
    text = (part / "report.html").read_text()
    assert "Interrupted after 7 of 8 plans; the others are marked “not solved”." in text
    for table in ("lag-changes", "worth"):
        shown = {name: cells[-1] for name, cells in lines(text, table).items()}
        assert shown == {"Three times as much": "not solved", "In debt": "–", "No change": "="}
    ranked = lines(text, "chn-ranking")
    assert (ranked["Three times as much"][-1], ranked["In debt"][-1]) == ("not solved", "infeasible")
    assert "No plan under “In debt”: China." in text
    assert "No plan under “Three times as much”" not in text
    interrupt(part, "USA", {"rich", "broke", "same"})
    assert kloof("report", "part").code == 0
    text = (part / "report.html").read_text()
    assert "Not solved under any policy: the comparison was interrupted before." in text
    assert "No policy solved here can be told from the baseline for it." in text


def test_a_country_that_a_comparison_did_not_come_to_is_named(
    kloof: Run, compared: Path, tmp_path: Path
) -> None:
    part = Path(shutil.copytree(compared, tmp_path / "part"))
    interrupt(part, "CHN", {"baseline", "rich", "broke", "same"})
    assert kloof("report", "part").code == 0
    text = (part / "report.html").read_text()
    assert "Not solved, as the run was interrupted: China." in text
    assert "China (CHN): not solved</h2>" in text


def test_no_legend_has_an_id(kloof: Run, copied: Path) -> None:
    assert kloof("report", "copied").code == 0
    text = (copied / "report.html").read_text()
    head = text.split('<table id="t-chn-fleet"', 1)[1].split("<tbody>", 1)[0]
    names = re.findall(r"data-series[^>]*>([^<]*) <small>", head)
    chips = json.loads((copied / "context.json").read_text())["chips"]
    named = [name for name in names if not name.endswith(" others")]
    assert len(named) >= 2
    assert not any(chip in name for name in named for chip in chips)
    assert {name.partition(" (")[0] for name in named} <= {
        chip["name"].partition(" (")[0] for chip in chips.values()
    }


def test_money_that_does_not_add_up_is_refused(kloof: Run, copied: Path) -> None:
    path = copied / "strategy.csv"
    lines = path.read_text().splitlines(keepends=True)
    (place,) = (at for at, line in enumerate(lines) if line.startswith("CHN,,2027,income,"))
    head, _, value = lines[place].rpartition(",")
    lines[place] = f"{head},{float(value) + 1}\n"
    path.write_text("".join(lines))
    done = kloof("report", "copied")
    assert (done.code, "E642" in done.err) == (2, True)
    assert "the money of CHN in 2027 does not add up" in done.err


def test_quarters_have_a_page(kloof: Run, world: str, tmp_path: Path) -> None:
    quarters = ("--set", "horizon.steps_per_year = 4", "--gap", "1e-4", "--out", "quarters")
    assert kloof("solve", world, *quarters).code == 0
    assert kloof("report", "quarters").code == 0
    text = (tmp_path / "quarters" / "report.html").read_text()
    assert 'data-x="2026.125"' in text
    assert "in 2029Q4" in text


@pytest.mark.parametrize(
    ("name", "content", "code", "said"),
    [
        ("manifest.json", "{}", "E641", "no saved run here"),
        ("manifest.json", '{"program": "kloof", "command": "sweep"}', "E641", "`sweep` cannot be told"),
        ("summary.json", "{", "E642", "cannot be read"),
        ("summary.json", "{}", "E644", "`schema_version` is missing"),
        ("context.json", "[]", "E642", "does not hold one JSON object"),
        ("strategy.csv", "a,b\n1,2\n", "E642", "cannot be read"),
        ("strategy.csv", None, "E642", "No such file"),
        ("inputs.csv", "path,value\nx,1\n", "E642", "column low, high, status, sources, note is missing"),
    ],
)
def test_a_damaged_run_is_refused_with_its_file(
    kloof: Run, copied: Path, name: str, content: str | None, code: str, said: str
) -> None:
    (copied / name).unlink()
    if content is not None:
        (copied / name).write_text(content)
    done = kloof("report", "copied")
    assert done.code == 2
    assert f"error[{code}]" in done.err
    assert said in done.err
    assert "--> copied" in done.err
    assert not (copied / "report.html").exists()


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (lambda line: "USA" not in line, "USA has no spend_share, total, outlays"),
        (lambda line: ",2029," not in line, "has no 2029"),
        (lambda line: "CHN,,2028,capability," not in line, "CHN has 3 lines of capability for 4 periods"),
        (lambda line: "CHN" not in line or "lag_months" not in line, "CHN has no lag_months"),
    ],
)
def test_a_strategy_without_all_that_was_solved_is_refused(
    kloof: Run, copied: Path, kept: Callable[[str], bool], said: str
) -> None:
    file = copied / "strategy.csv"
    whole = file.read_text().splitlines(keepends=True)
    file.write_text("".join(line for line in whole if kept(line)))
    assert len(file.read_text()) < sum(map(len, whole))
    done = kloof("report", "copied")
    assert done.code == 2
    assert "error[E642]: the file does not hold all that summary.json says was solved" in done.err
    assert said in done.err
    assert f"--> {Path('copied/strategy.csv')}" in done.err


@pytest.mark.parametrize("name", ["strategy.csv", "inputs.csv"])
def test_a_file_cut_short_is_refused(kloof: Run, copied: Path, name: str) -> None:
    file = copied / name
    file.write_bytes(file.read_bytes()[:2000])
    done = kloof("report", "copied")
    assert done.code == 2
    assert "error[E642]: the file is cut short" in done.err
    assert f"--> {Path('copied') / name}" in done.err


@pytest.mark.parametrize("lost", ["CHN,rich,", "CHN,baseline,objective_average", "USA,same,capability,,2029"])
def test_a_comparison_without_all_that_was_solved_is_refused(
    kloof: Run, compared: Path, tmp_path: Path, lost: str
) -> None:
    part = Path(shutil.copytree(compared, tmp_path / "part"))
    file = part / "comparison.csv"
    text = file.read_text().splitlines(keepends=True)
    file.write_text("".join(line for line in text if not line.startswith(lost)))
    done = kloof("report", "part")
    assert done.code == 2
    assert "error[E642]: the file does not hold all that summary.json says was solved" in done.err
    assert f"--> {Path('part/comparison.csv')}" in done.err


def test_a_page_that_cannot_take_its_place_leaves_nothing_behind(kloof: Run, copied: Path) -> None:
    (copied / "page.html").mkdir()
    (copied / "page.html" / "kept").write_text("")
    before = sorted(each.name for each in copied.iterdir())
    done = kloof("report", "copied", "--out", "copied/page.html")
    assert done.code == 2
    assert sorted(each.name for each in copied.iterdir()) == before


def test_wrong_places_are_refused(kloof: Run, copied: Path) -> None:
    missing = kloof("report", "nowhere")
    assert missing.code == 2
    assert "error[E641]: no such directory" in missing.err
    study = kloof("report", "nowhere.study")
    assert study.code == 2
    assert "error[E201]: there is no such store" in study.err
    wrong = kloof("report", "copied", "--out", "page.pdf")
    assert wrong.code == 2
    assert "--out must end in .html" in wrong.err
    unwritable = kloof("report", "copied", "--out", "none/page.html")
    assert unwritable.code == 74
    assert "error[E605]" in unwritable.err


def test_inputs_are_the_cells_that_feed_the_plans(saved: Path, world: str) -> None:
    instance = load(world)
    maps = [cell_map(instance, country) for country in instance.countries]
    feeding = [
        cell.path
        for cell in instance.cells()
        if any(each.feeds(cell.path) or each.shapes(cell.path) for each in maps)
    ]
    with (saved / "inputs.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert [line["path"] for line in lines] == feeding
    income = next(line for line in lines if line["path"] == "countries.CHN.budget.income_usd_bn")
    assert json.loads(income["value"]) == {"2026": 45.0, "2029": 65.0}
    cited = {source for line in lines for source in line["sources"].split()}
    assert cited
    context = json.loads((saved / "context.json").read_text())
    assert set(context["sources"]) == cited
    assert context["countries"]["CHN"]["name"] == "China"
    assert all(chip["research_h100e"] > 0 for chip in context["chips"].values())


def test_inputs_of_one_country_leave_out_the_others() -> None:
    instance = load("world-2026")
    paths = [cell.path for cell in feeding_cells(instance, ["USA", "CHN"], None)]
    countries = {found[1] for path in paths if (found := re.match(r"countries\.(\w+)", path))}
    assert countries == {"USA", "CHN"}


def test_inputs_are_as_changed(kloof: Run, world: str, tmp_path: Path) -> None:
    patch = "countries.USA.budget.interest_per_year = 0.07"
    assert kloof("solve", world, "--country", "USA", "--set", patch, "--out", "run").code == 0
    with (tmp_path / "run" / "inputs.csv").open() as file:
        values = {line["path"]: line["value"] for line in csv.DictReader(file)}
    assert values["countries.USA.budget.interest_per_year"] == "0.07"


def test_every_command_of_the_documentation_runs(kloof: Run, tmp_path: Path) -> None:
    blocks = re.findall(r"```console\n(.*?)```", DOCS.read_text(), flags=re.DOTALL)
    commands = [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]
    assert len(commands) >= 5
    for line in commands:
        done = kloof(*shlex.split(line)[1:])
        assert done.code == 0, f"{line}\n{done.err}"
    assert (tmp_path / "runs" / "first" / "report.html").exists()
    assert (tmp_path / "policies.html").exists()
    assert (tmp_path / "money.html").exists()


@pytest.mark.parametrize("command", ["report", "explain"])
def test_a_run_of_another_version_is_refused_with_the_command_that_makes_it_anew(
    kloof: Run, copied: Path, command: str
) -> None:
    summary = json.loads((copied / "summary.json").read_text())
    country = next(iter(summary["countries"]))
    del summary["countries"][country]["headline"]["widths"]
    (copied / "summary.json").write_text(json.dumps(summary))
    done = kloof(command, "copied")
    assert done.code == 2
    assert done.err.count("error[") == 1
    assert f"`countries.{country}.headline.widths` is missing" in done.err
    assert "save it again: kloof solve INSTANCE --gap 1e-06 --out copied\n" in done.err
    manifest = json.loads((copied / "manifest.json").read_text())
    for key in ("patches", "files", "options", "set"):
        lacking = {name: value for name, value in manifest.items() if name != key}
        (copied / "manifest.json").write_text(json.dumps(lacking))
        done = kloof(command, "copied")
        assert done.code == 2
        assert (
            f"error[E644]: saved by another version of Kloof, or changed since: `{key}` is missing"
            in done.err
        )

    (copied / "manifest.json").write_text(json.dumps({**manifest, "schema_version": 2}))
    done = kloof(command, "copied")
    assert done.code == 2
    assert "error[E644]: saved by another version of Kloof: its form is 2, not 1" in done.err


def test_a_saved_answer_is_read_and_written_to_the_byte(copied: Path) -> None:
    _, answer = open_run(copied)
    assert json_text(answer.data()) == (copied / "summary.json").read_text()


def test_the_command_that_makes_a_comparison_anew_gives_the_same_comparison(
    kloof: Run, world: str, tmp_path: Path
) -> None:
    (tmp_path / "rich one.yaml").write_text(
        "title: richer\npatches: ['countries.CHN.budget.income_usd_bn *= 1.2']\n"
    )
    options = (
        "--policy",
        "rich one.yaml",
        "--country",
        "CHN",
        "--set",
        "countries.CHN.budget.cash0_usd_bn = 1",
    )
    assert kloof("compare", world, *options, "--out", "run").code == 0
    before = (tmp_path / "run" / "summary.json").read_text()
    (tmp_path / "run" / "summary.json").write_text("{}")
    refused = kloof("explain", "run")
    (command,) = re.findall(r"save it again: (.*)", refused.err)
    again = [world if word == "INSTANCE" else word for word in shlex.split(command)]
    assert again[0] == "kloof"
    assert kloof(*again[1:]).code == 0
    assert (tmp_path / "run" / "summary.json").read_text() == before
