"use strict";
(() => {
  const { templates, config } = JSON.parse(document.getElementById("charts").textContent);
  const TIGHT = 380, CELL = 220, NARROW_CELL = 150, WIDEST_CELL = 340, AXIS = 30, GUTTER = 20, ERRORS = 1;
  const original = new Map();

  // A table is the only place where its numbers stand: charts, sorting and downloads read them there.
  const rowsOf = (table) => original.get(table) ?? [...table.tBodies[0].rows];
  const raw = (cell) => cell.dataset.v ?? cell.textContent.trim();
  const number = (cell) => {
    const text = raw(cell).replaceAll(",", "").replace(/^[~>]|[*>]$/g, "");
    return text !== "" && Number.isFinite(Number(text)) ? Number(text) : null;
  };
  const title = (head) => head.querySelector("button")?.firstChild.textContent.trim() ?? head.firstChild.textContent.trim();

  const said = (cell) => cell.textContent.trim();

  function dataOf(table) {
    const heads = [...table.tHead.rows[0].cells];
    const series = heads.map((head, at) => ("series" in head.dataset ? at : -1)).filter((at) => at >= 0);
    const rows = rowsOf(table);
    return rows.flatMap((row, index) => {
      const found = { index, last: index === rows.length - 1, mark: row.dataset.mark ?? "" };
      if (row.dataset.x) found.x = Number(row.dataset.x);
      heads.forEach((head, at) => {
        const field = head.dataset.field;
        if (field) found[field] = head.classList.contains("t") ? said(row.cells[at]) : number(row.cells[at]);
      });
      if (!series.length) return [found];
      const base = number(row.cells[series[0]]);
      return series.map((at, order) => ({ ...found, base, series: title(heads[at]), order, hue: Number(heads[at].dataset.hue ?? order), value: number(row.cells[at]), guess: said(row.cells[at]).endsWith("*") }));
    });
  }

  // Of studies a chart shows the first factors of a table, which may have two lines for each.
  const MOST_LINES = { tornado: 20, indices: 40 };

  // Drawing
  function sized(template, width, count) {
    const drawn = structuredClone(template);
    if (drawn.facet) {
      const fit = Math.floor(width / (width < TIGHT ? NARROW_CELL : CELL));
      drawn.columns = Math.max(1, Math.min(fit, count));
      drawn.spec.width = Math.min(Math.floor((width - AXIS) / drawn.columns) - GUTTER, WIDEST_CELL);
      drawn.facet.header.labelLimit = drawn.spec.width + GUTTER;
    } else {
      drawn.width = width;
      drawn.autosize = { type: "fit-x", contains: "padding" };
      if (drawn.height.step) drawn.height = drawn.height.step * count;
    }
    return drawn;
  }

  // The runtime that draws is stored compressed.
  async function unpack() {
    const packed = Uint8Array.from(atob(document.getElementById("runtime").textContent), (letter) => letter.charCodeAt(0));
    const plain = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(plain).text();
    document.head.append(script);
  }

  async function draw(figure) {
    const place = figure.querySelector(".chart"), table = figure.querySelector("table");
    const width = Math.floor(place.clientWidth);
    if (!width || Math.abs(width - (figure.drawnWidth ?? 0)) < 8) return;
    figure.drawnWidth = width;
    const kind = figure.dataset.chart, rows = dataOf(table);
    // The first series of small multiples stands in every one of them, not in one of its own.
    const shown = kind === "multiples" ? rows.filter((row) => row.order > 0) : rows;
    const names = (field) => new Set(shown.slice(0, MOST_LINES[kind]).map((row) => row[field])).size;
    const count = templates[kind].facet ? names("series") : kind in MOST_LINES ? names("name") : rowsOf(table).length;
    const drawn = sized(templates[kind], width, count);
    const given = { wide: width >= TIGHT, chosen: chosen(figure, kind, rows) };
    for (const each of drawn.params ?? []) each.value = given[each.name];
    drawn.datasets = { ...drawn.datasets, rows: shown };
    const local = { ...config, axisY: { labelLimit: Math.max(90, width * (width < 500 ? 0.42 : 0.5)) }, text: { ...config.text, limit: width - 10 } };
    try {
      await ready;
      figure.drawing?.finalize();
      const made = document.createElement("div");
      figure.drawing = await vegaEmbed(made, drawn, { mode: "vega-lite", renderer: "svg", actions: false, ast: true, config: local, defaultStyle: false, logLevel: ERRORS });
      place.replaceChildren(made);
      const picture = place.querySelector("svg");
      picture.setAttribute("aria-hidden", "true");
      picture.setAttribute("focusable", "false");
      if (!figure.querySelector(".legend")) legend(figure, kind, rows);
    } catch (error) {
      place.textContent = "This chart cannot be drawn; its numbers are in the table below.";
      console.error(figure.querySelector("strong").textContent, error);
    }
  }

  // Of many lines one is chosen to stand out, at first that of the first column.
  function chosen(figure, kind, rows) {
    if (kind !== "lag-lines") return null;
    if (!figure.choice) {
      const label = document.createElement("label"), choice = document.createElement("select");
      label.className = "choice";
      label.append("In colour: ", choice);
      choice.append(...[...new Set(rows.map((row) => row.series))].map((name) => new Option(name)));
      choice.addEventListener("change", () => {
        figure.drawnWidth = 0;
        draw(figure);
      });
      figure.querySelector("figcaption").append(label);
      figure.choice = choice;
    }
    return figure.choice.value;
  }

  // Legends stand in the page's own text, so that they wrap at any width.
  const SWATCHES = {
    box: (at) => `<rect x=".5" y=".5" width="13" height="13" rx="2" fill="var(--s${at + 1})" stroke="var(--muted)" stroke-width=".5"/>`,
    level: () => `<line x1="0" y1="7" x2="14" y2="7" stroke="var(--strong)" stroke-width="3"/>`,
    line: (at) => `<line x1="-4" y1="8" x2="18" y2="8" stroke="${at ? "var(--strong)" : "var(--s1)"}" stroke-width="3" ${at ? 'stroke-dasharray="6 4"' : ""}/>`,
    point: (at) => [
      `<circle cx="7" cy="7" r="5" fill="var(--page)" stroke="var(--s1)" stroke-width="2"/>`,
      `<rect x="2" y="2" width="10" height="10" fill="var(--s2)"/>`,
      `<path d="M7 0L14 7L7 14L0 7Z" fill="var(--s3)"/>`,
    ][at],
    thin: (at) => `<line x1="-4" y1="8" x2="18" y2="8" stroke="${at ? "var(--s1)" : "var(--muted)"}" stroke-width="3" ${at ? "" : 'stroke-dasharray="4 3"'}/>`,
    change: (at) => [
      `<circle cx="7" cy="7" r="5" fill="var(--s1)"/>`,
      `<path d="M7 0L14 7L7 14L0 7Z" fill="var(--s2)"/>`,
      `<circle cx="7" cy="7" r="5" fill="var(--page)" stroke="var(--muted)" stroke-width="2"/>`,
    ][at],
  };
  const LEGENDS = { stack: "box", "stack-share": "box", "bars-across": "box", lines: "box", "lines-across-log": "box", "lines-log": "line", "dumbbell-log": "point", multiples: "thin", changes: "change", "changes-up": "change", tornado: "box", indices: "box" };
  const LINES = new Set(["lines-log", "multiples"]);
  function legend(figure, kind, rows) {
    const swatch = SWATCHES[LEGENDS[kind]];
    if (!swatch) return;
    let names = [...new Set(rows.map((row) => row.series))];
    if (kind === "multiples") names = [names[0], "under the policy named"];
    if (kind === "tornado") names = ["at its low end", "at its high end"];
    if (kind === "indices") names = [...new Set(rows.map((row) => row.which))];
    if (kind === "changes") names = ["closer to the leader, or more ahead", "farther", "cannot be told from no change"];
    if (kind === "changes-up") names = ["more capable", "less", "cannot be told from no change"];
    const level = kind === "stack" ? [...figure.querySelectorAll("th[data-field=level]")].map(title) : [];
    const hues = new Map(rows.map((row) => [row.series, row.hue]));
    if (names.length + level.length < 2) return;
    const list = document.createElement("ul");
    list.className = "legend";
    if (kind === "stack" || kind === "stack-share") list.setAttribute("aria-label", "From the bottom up");
    [...names, ...level].forEach((name, at) => {
      const item = document.createElement("li"), drawn = at < names.length ? swatch(hues.get(name) ?? at) : SWATCHES.level();
      item.innerHTML = `<svg viewBox="${LINES.has(kind) ? "-5 0 24 14" : "0 0 14 14"}" aria-hidden="true">${drawn}</svg>`;
      item.append(name);
      list.append(item);
    });
    figure.querySelector("figcaption").append(list);
  }

  const figures = [...document.querySelectorAll("figure[data-chart]")];
  const drawAll = () => figures.forEach(draw);
  const near = new IntersectionObserver((seen) => seen.forEach((each) => each.isIntersecting && draw(each.target)), { rootMargin: "800px" });
  figures.forEach((figure) => near.observe(figure));
  // What is far down is drawn as well, one figure after the other, so that printing finds it.
  const ready = unpack();
  (async () => {
    for (const figure of figures) {
      await draw(figure);
      await new Promise((next) => setTimeout(next));
    }
    document.documentElement.dataset.drawn = "all";
  })();
  let waiting;
  window.addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(drawAll, 150);
  });
  window.addEventListener("beforeprint", drawAll);
  document.querySelectorAll("details.fold").forEach((fold) => fold.addEventListener("toggle", () => fold.querySelectorAll("figure").forEach(draw)));

  // Sorting
  function sort(table, at, head) {
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const words = head.classList.contains("t");
    const key = words ? (row) => row.cells[at].textContent.trim() : (row) => number(row.cells[at]);
    const compare = words ? (a, b) => a.localeCompare(b, "en", { numeric: true }) : (a, b) => a - b;
    const rows = [...table.tBodies[0].rows].sort((one, other) => {
      const a = key(one), b = key(other);
      if (a === null || b === null) return (a === null) - (b === null);
      return down ? compare(b, a) : compare(a, b);
    });
    table.tBodies[0].append(...rows);
  }
  document.querySelectorAll("table").forEach((table) => {
    original.set(table, [...table.tBodies[0].rows]);
    [...table.tHead.rows[0].cells].forEach((head, at) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => sort(table, at, head));
    });
  });

  // Downloads
  const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  function csv(table) {
    const heads = [...table.tHead.rows[0].cells].map((head) => {
      const unit = head.querySelector("small")?.textContent;
      return title(head) + (unit ? ` (${unit})` : "");
    });
    const words = [...table.tHead.rows[0].cells].map((head, at) => at === 0 || head.classList.contains("t"));
    const lines = rowsOf(table).map((row) => [...row.cells].map((cell, at) => (words[at] ? cell.textContent.trim() : raw(cell).replaceAll(",", "").replace("–", ""))));
    return [heads, ...lines].map((line) => line.map(quoted).join(",") + "\n").join("");
  }
  document.querySelectorAll("table").forEach((table) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "download";
    button.textContent = "Download as CSV";
    button.setAttribute("aria-label", `Download as CSV: ${table.caption.textContent}`);
    button.addEventListener("click", () => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([csv(table)], { type: "text/csv" }));
      link.download = `${table.dataset.name}.csv`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
    table.parentElement.after(button);
  });

  // Searching the assumptions
  const text = document.getElementById("filter-text"), status = document.getElementById("filter-status");
  function filter() {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const group of document.querySelectorAll("details.inputs")) {
      const title = group.querySelector("summary").textContent.toLowerCase();
      let here = 0;
      for (const row of group.querySelector("tbody").rows) {
        const content = `${title} ${row.textContent.toLowerCase()}`;
        const fits = (!status.value || row.cells[4].textContent.trim() === status.value) && words.every((word) => content.includes(word));
        row.hidden = !fits;
        here += fits;
      }
      group.hidden = !here;
      group.open = here > 0 && (words.length > 0 || status.value !== "");
      shown += here;
    }
    document.getElementById("filter-count").textContent = words.length || status.value ? `${shown} inputs` : "";
  }
  text?.addEventListener("input", filter);
  status?.addEventListener("change", filter);
  document.querySelector(".filter")?.addEventListener("submit", (event) => event.preventDefault());
  // A link to a source opens the list that holds it.
  const reveal = () => document.getElementById(decodeURIComponent(location.hash.slice(1)))?.closest("details")?.setAttribute("open", "");
  window.addEventListener("hashchange", reveal);
  reveal();
})();
