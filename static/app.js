// What every page needs beside htmx; pages bring small modules of their own.

// Light, dark or as the device has it: kept in a cookie, so that the server already draws the page so.
const themes = document.querySelector("[data-themes]");
if (themes) {
  themes.hidden = false;
  themes.addEventListener("change", ({ target }) => {
    const age = target.value ? 365 * 24 * 60 * 60 : 0;
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `theme=${target.value}; Path=/; Max-Age=${age}; SameSite=Lax${secure}`;
    if (target.value) root.dataset.theme = target.value;
    else delete root.dataset.theme;
    follow();
  });
}

// The menu of the person closes by Escape and by a click elsewhere.
const me = document.querySelector("details.me");
if (me) {
  document.addEventListener("click", (event) => { if (!me.contains(event.target)) me.open = false; });
  me.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !me.open) return;
    me.open = false;
    me.querySelector("summary").focus();
  });
}

// On a phone the rail is one line that may be longer than the screen: show where we are.
const items = document.querySelector(".rail-items");
const here = items?.querySelector("[aria-current]");
if (here) items.scrollLeft = here.offsetLeft - (items.clientWidth - here.offsetWidth) / 2;

// Bad news is read first: a conflict, then the first field that was refused.
const toTheProblem = (within) => within.querySelector(".conflict, [aria-invalid=true]")?.focus();
toTheProblem(document);
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if ([409, 422].includes(detail.xhr?.status)) toTheProblem(detail.target);
});

// An answer that is not swapped in is said in words; nothing fails in silence.
const noAnswer = () => document.getElementById("notices")
  .replaceChildren(document.getElementById("no-answer").content.cloneNode(true));
["htmx:responseError", "htmx:sendError", "htmx:timeout"].forEach((name) => document.addEventListener(name, noAnswer));

// Filters that are tall fold away where there is little room; with room they stand open, without their handle.
const roomy = matchMedia("(min-width: 48rem)");
function fold() {
  for (const filter of document.querySelectorAll("details[data-folds-when-narrow]")) filter.open = roomy.matches;
}
roomy.addEventListener("change", fold);
fold();
