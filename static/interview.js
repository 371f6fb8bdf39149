// Interview and check-in: keeps the draft where there is one, counts the answers, finds substances. The pages work
// without it, by their buttons.
const form = document.getElementById("interview");
const progress = document.getElementById("progress");
const next = document.getElementById("next");
const keeper = form.querySelector("[hx-post]");
let waiting;

const plain = (text) => text.normalize("NFKD").replace(/[\u0300-\u036f\s_-]/g, "").toLowerCase();
const answered = (question) => question.querySelector(".answers input:checked") !== null;

function count() {
  const questions = [...form.querySelectorAll(".q")];
  const open = questions.filter((question) => !answered(question));
  progress.textContent = progress.dataset.words.replace("%n", questions.length - open.length).replace("%of", questions.length);
  next.hidden = open.length === 0;
  if (open.length) next.hash = open[0].id;
}

function keepSoon() {
  clearTimeout(waiting);
  waiting = setTimeout(() => form.dispatchEvent(new Event("keep-draft")), 800);
}

function addLine(event) {
  const lines = [...document.querySelectorAll("#texts input")];
  if (event.target.name !== "text" || lines.some((line) => !line.value)) return;
  const line = lines[0].cloneNode();
  line.value = "";
  document.getElementById("texts").append(line);
}

// Naming an allergy says "these"; it never says "none known".
function chooseThese(event) {
  const named = (event.target.name === "substance" && event.target.checked) || (event.target.name === "text" && event.target.value);
  if (named && !form.querySelector("[name=allergies]:checked")) form.querySelector("[name=allergies][value=some]").checked = true;
}

form.addEventListener("change", (event) => {
  chooseThese(event);
  count();
  keepSoon();
});
form.addEventListener("input", (event) => {
  addLine(event);
  if (event.target.id === "substance-filter") filter(event.target.value);
  else if (event.target.name === "text") keepSoon();
});

function filter(part) {
  for (const choice of document.querySelectorAll("#substances .choice")) {
    choice.hidden = !plain(choice.textContent).includes(plain(part)) && !choice.querySelector(":checked");
  }
}

// A save under way comes first, so that submitting is based on it.
form.addEventListener("submit", (event) => {
  clearTimeout(waiting);
  if (event.submitter?.id === "keep") {
    event.preventDefault();
    form.dispatchEvent(new Event("keep-draft"));
  } else if (keeper?.classList.contains("htmx-request")) {
    event.preventDefault();
    keeper.addEventListener("htmx:afterRequest", () => form.requestSubmit(event.submitter), { once: true });
  }
});

// The jump goes to the choices themselves, so that the keyboard can answer at once.
next.addEventListener("click", (event) => {
  event.preventDefault();
  const question = document.querySelector(next.hash);
  question.scrollIntoView({ block: "center" });
  question.querySelector(".answers input").focus({ preventScroll: true });
});

for (const element of form.querySelectorAll("[data-needs-script]")) element.hidden = false;
document.querySelector("#wrong, #open, #conflict")?.focus();
count();
