// Patients: the arrow keys walk from the search box through the results and back.
const links = () => [...document.querySelectorAll("#found a")];

document.addEventListener("keydown", (event) => {
  const box = document.getElementById("q");
  const here = links().indexOf(document.activeElement);
  if (!box || (document.activeElement !== box && here < 0)) return;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  (links()[here + step] ?? (step < 0 ? box : links().at(-1)) ?? box).focus();
});
