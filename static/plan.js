// The plan's page: tells the server which choice changed, leaves a substance out at one click, finds ingredients.
const form = document.getElementById("plan");

form.addEventListener("change", (event) => {
  form.elements.changed.value = event.target.name;
}, { capture: true });

form.addEventListener("click", (event) => {
  const button = event.target.closest("[data-leave-out]");
  if (!button) return;
  event.preventDefault();
  const codes = button.value.split(" ");
  for (const input of form.querySelectorAll("input[type=checkbox]:checked")) {
    if (codes.includes(input.value)) input.checked = false;
  }
  form.elements.changed.value = "ingredients";
  form.dispatchEvent(new Event("leave-out"));
});

// A search box over a long list of choices needs this script, so it is shown only with it.
const showFilters = (root) => root.querySelectorAll("[data-filter]").forEach((box) => { box.hidden = false; });
form.addEventListener("input", (event) => {
  const box = event.target.closest("[data-filter]");
  if (!box) return;
  const sought = box.value.trim().toLocaleLowerCase();
  for (const choice of box.closest("details").querySelectorAll(".choice")) {
    choice.hidden = !choice.textContent.toLocaleLowerCase().includes(sought);
  }
});
form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches("input")) return;
  event.preventDefault(); // Enter ends typing a number; it never confirms a plan
  if (!event.target.matches("[type=search]")) event.target.dispatchEvent(new Event("change", { bubbles: true }));
});
document.body.addEventListener("htmx:oobAfterSwap", () => showFilters(form));
showFilters(form);

// A verdict that could not be brought up to date is none: it is taken down until there is an answer again.
const noVerdict = document.getElementById("no-verdict");
for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  form.addEventListener(name, () => {
    document.getElementById("verdict").replaceChildren(noVerdict.content.cloneNode(true));
    const bar = document.getElementById("verdict-bar");
    bar.className = "verdict-bar is-stop";
    bar.firstElementChild.textContent = noVerdict.dataset.said;
  });
}
