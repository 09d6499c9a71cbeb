// Draws each figure's table as a chart, and again whenever the table changes.
(() => {
  if (!window.uPlot) return;
  const words = document.documentElement.lang;
  const font = '12px "Inter", system-ui, sans-serif';
  const number = new Intl.NumberFormat(words, { maximumFractionDigits: 1 });
  const zone = "Europe/Paris", minute = 60, hour = 60 * minute, day = 24 * hour;
  const clock = new Intl.DateTimeFormat(words, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone });
  const date = new Intl.DateTimeFormat(words, { day: "numeric", month: "short", timeZone: zone });
  const steps = [1, 2, 5, 10, 15, 30].map((one) => one * minute).concat([1, 2, 3, 6, 12].map((one) => one * hour), [1, 2, 7, 14, 28].map((one) => one * day));
  const ink = "#4d5866", line = "#e6e1d6";

  const read = (table) => {
    const names = [...table.tHead.rows[0].cells].slice(1).map((cell) => ({ label: cell.textContent.trim(), colour: cell.dataset.colour }));
    const rows = [...table.tBodies[0].rows];
    const columns = names.map((_, place) => rows.map((row) => Number(row.cells[place + 1].dataset.v ?? row.cells[place + 1].textContent)));
    return { first: table.tHead.rows[0].cells[0].textContent.trim(), names, x: rows.map((row) => Number(row.dataset.x)), columns };
  };

  // The first series lies at the bottom: each is drawn up to the sum of those below and itself.
  const stacked = (columns) => columns.map((_, place) => columns[0].map((_, row) => columns.slice(0, place + 1).reduce((sum, one) => sum + one[row], 0)));

  // Of more than a day the hours alone say little: its date stands under the first of each day.
  const beyondADay = (chart) => chart.scales.x.max - chart.scales.x.min > day;
  const instants = (chart, all) => all.map((at, place) => {
    const [time, on] = [clock, date].map((one) => one.format(at * 1000));
    const begins = place === 0 || date.format(all[place - 1] * 1000) !== on;
    return beyondADay(chart) && begins ? `${time}\n${on}` : time;
  });
  const instant = (chart, at) => (beyondADay(chart) ? `${date.format(at * 1000)}, ` : "") + clock.format(at * 1000);

  const options = (figure, found, plot) => {
    const stack = figure.dataset.kind === "stack", time = figure.dataset.x === "time";
    const step = found.x.length > 1 ? found.x[1] - found.x[0] : Number(figure.dataset.step || 60);
    const bars = uPlot.paths.bars({ size: [0.82, 40], align: 0 });
    return {
      width: plot.clientWidth, height: 240,
      tzDate: (at) => uPlot.tzDate(new Date(at * 1000), zone),
      scales: { x: { time, range: (_u, low, high) => [low - step, high + step] }, y: { range: (_u, _low, high) => [0, Math.max(high * 1.08, 1)] } },
      cursor: { y: false, points: { show: !stack } },
      legend: { live: true },
      axes: [
        { font, stroke: ink, ...(time ? { incrs: steps } : {}), grid: { show: false }, ticks: { stroke: line }, values: time ? instants : (_u, all) => all.map((one) => number.format(one)), label: time ? "" : figure.dataset.x, labelFont: font, labelSize: time ? 0 : 22 },
        { font, stroke: ink, grid: { stroke: line, width: 1 }, ticks: { show: false }, size: 56, label: figure.dataset.unit, labelFont: font, labelSize: 22, values: (_u, all) => all.map((one) => (Number.isInteger(one) ? number.format(one) : "")) },
      ],
      series: [
        { label: found.first, value: (chart, at) => (at == null ? "" : time ? instant(chart, at) : number.format(at)) },
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

  const draw = (figure, plot) => {
    const found = read(figure.querySelector("details table")), unit = figure.dataset.unit;
    const data = () => [found.x, ...[...(figure.dataset.kind === "stack" ? stacked(found.columns) : found.columns)].reverse()];
    plot.classList.add("drawn");
    const chart = new uPlot(options(figure, found, plot), data(), plot);
    const watching = new ResizeObserver(() => chart.setSize({ width: plot.clientWidth, height: 240 }));
    watching.observe(plot);
    const renew = () => {
      Object.assign(found, read(figure.querySelector("details table")));
      chart.setData(data());
    };
    const remove = () => {
      watching.disconnect();
      chart.destroy();
    };
    drawn.set(plot, { unit, renew, remove });
  };

  // A figure that is fetched anew keeps what is drawn in it; its table may hold other figures now,
  // or what is counted in hours where it was in minutes.
  const look = () => {
    for (const figure of document.querySelectorAll("figure.chart[data-kind]")) {
      const plot = figure.querySelector(".plot"), before = drawn.get(plot);
      if (before?.unit === figure.dataset.unit) {
        before.renew();
        continue;
      }
      before?.remove();
      draw(figure, plot);
    }
  };

  look();
  document.addEventListener("htmx:after:swap", look);
})();
