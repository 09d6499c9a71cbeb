// Draws each figure's table as a chart, and again whenever the table changes.
(() => {
  if (!window.uPlot) return;
  const words = document.documentElement.lang;
  const font = '12px "Inter", system-ui, sans-serif';
  const number = new Intl.NumberFormat(words, { maximumFractionDigits: 1 });
  const clock = new Intl.DateTimeFormat(words, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: "Europe/Paris" });
  const ink = "#4d5866", line = "#e6e1d6";

  const read = (table) => {
    const names = [...table.tHead.rows[0].cells].slice(1).map((cell) => ({ label: cell.textContent.trim(), colour: cell.dataset.colour }));
    const rows = [...table.tBodies[0].rows];
    const columns = names.map((_, place) => rows.map((row) => Number(row.cells[place + 1].dataset.v ?? row.cells[place + 1].textContent)));
    return { first: table.tHead.rows[0].cells[0].textContent.trim(), names, x: rows.map((row) => Number(row.dataset.x)), columns };
  };

  // The first series lies at the bottom: each is drawn up to the sum of those below and itself.
  const stacked = (columns) => columns.map((_, place) => columns[0].map((_, row) => columns.slice(0, place + 1).reduce((sum, one) => sum + one[row], 0)));

  const options = (figure, found, plot) => {
    const stack = figure.dataset.kind === "stack", time = figure.dataset.x === "time";
    const step = found.x.length > 1 ? found.x[1] - found.x[0] : Number(figure.dataset.step || 60);
    const bars = uPlot.paths.bars({ size: [0.82, 40], align: 0 });
    return {
      width: plot.clientWidth, height: 240,
      tzDate: (at) => uPlot.tzDate(new Date(at * 1000), "Europe/Paris"),
      scales: { x: { time, range: (_u, low, high) => [low - step, high + step] }, y: { range: (_u, _low, high) => [0, Math.max(high * 1.08, 1)] } },
      cursor: { y: false, points: { show: !stack } },
      legend: { live: true },
      axes: [
        { font, stroke: ink, ...(time ? { incrs: [60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400] } : {}), grid: { show: false }, ticks: { stroke: line }, values: time ? (_u, all) => all.map((at) => clock.format(at * 1000)) : (_u, all) => all.map((one) => number.format(one)), label: time ? "" : figure.dataset.x, labelFont: font, labelSize: time ? 0 : 22 },
        { font, stroke: ink, grid: { stroke: line, width: 1 }, ticks: { show: false }, size: 56, label: figure.dataset.unit, labelFont: font, labelSize: 22, values: (_u, all) => all.map((one) => (Number.isInteger(one) ? number.format(one) : "")) },
      ],
      series: [
        { label: found.first, value: (_u, at) => (at == null ? "" : time ? clock.format(at * 1000) : number.format(at)) },
        // Highest sum first, so that the lower ones are drawn over it.
        ...found.names.map((one, place) => ({
          label: one.label, stroke: one.colour, fill: stack ? one.colour : `${one.colour}22`, width: stack ? 0 : 2,
          paths: stack ? bars : undefined, points: { show: false },
          value: (_u, _v, _s, row) => (row == null ? "" : number.format(found.columns[place][row])),
        })).reverse(),
      ],
    };
  };

  const drawn = new Map();

  const draw = (figure) => {
    const plot = figure.querySelector(".plot"), found = read(figure.querySelector("details table"));
    const data = () => [found.x, ...[...(figure.dataset.kind === "stack" ? stacked(found.columns) : found.columns)].reverse()];
    plot.classList.add("drawn");
    const chart = new uPlot(options(figure, found, plot), data(), plot);
    new ResizeObserver(() => chart.setSize({ width: plot.clientWidth, height: 240 })).observe(plot);
    drawn.set(plot, () => {
      Object.assign(found, read(figure.querySelector("details table")));
      chart.setData(data());
    });
  };

  // A figure that is fetched anew keeps what is drawn in it; its table may hold other figures now.
  const look = () => {
    for (const figure of document.querySelectorAll("figure.chart[data-kind]")) {
      const renew = drawn.get(figure.querySelector(".plot"));
      if (renew) renew(); else draw(figure);
    }
  };

  look();
  document.addEventListener("htmx:after:swap", look);
})();
