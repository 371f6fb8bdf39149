// Draws the columns of a table; the table stays, for whoever reads it instead. Colours are those of the theme.
/* global Chart */
const root = document.querySelector("[data-charts]");

function table() {
  const rows = [...document.getElementById(root.dataset.charts).rows].map((row) => [...row.cells]);
  const [head, ...body] = rows;
  return { names: head.map((cell) => cell.textContent), rows: body.reverse() };
}

function value(cell) {
  const said = cell.dataset.value ?? cell.textContent;
  return said === "" ? null : Number(said);
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function scales() {
  const ink = { color: colour("--bs-secondary-color") };
  const grid = { color: colour("--bs-border-color") };
  return {
    x: { ticks: { ...ink, maxTicksLimit: 8, maxRotation: 0 }, grid: { display: false } },
    y: { beginAtZero: true, ticks: { ...ink, precision: 0, maxTicksLimit: 6 }, grid },
  };
}

function draw(figure) {
  const { names, rows } = table();
  const columns = figure.dataset.columns.split(" ").map(Number);
  const tones = [colour(figure.dataset.tone === "stop" ? "--stop" : "--bs-primary"), colour("--hold")];
  const canvas = document.createElement("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", figure.parentElement.querySelector("h2").textContent);
  figure.replaceChildren(canvas);
  return new Chart(canvas, {
    type: figure.dataset.kind,
    data: {
      labels: rows.map((row) => row[0].textContent),
      datasets: columns.map((column, nth) => ({
        label: names[column],
        data: rows.map((row) => value(row[column])),
        backgroundColor: tones[nth],
        borderColor: tones[nth],
        borderDash: nth ? [5, 4] : [],
        borderWidth: figure.dataset.kind === "line" ? 2 : 0,
        pointRadius: 2,
        borderRadius: 3,
        spanGaps: true,
      })),
    },
    options: {
      animation: false,
      maintainAspectRatio: false,
      scales: scales(),
      plugins: { legend: { display: columns.length > 1, labels: { color: colour("--bs-body-color"), usePointStyle: true, pointStyle: "line" } } },
    },
  });
}

if (root) {
  const figures = [...root.querySelectorAll(".plot")];
  let drawn = figures.map(draw);
  document.querySelector("[data-folds]").open = false;
  new MutationObserver(() => {
    drawn.forEach((chart) => chart.destroy());
    drawn = figures.map(draw);
  }).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
}
