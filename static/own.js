// The interview by the patient: a save under way comes first, so that it never replaces what is sent after it.
const form = document.getElementById("interview");
const keeper = form.querySelector("[hx-post]");

form.addEventListener("submit", (event) => {
  if (!keeper.classList.contains("htmx-request")) return;
  event.preventDefault();
  keeper.addEventListener("htmx:afterRequest", () => form.requestSubmit(event.submitter), { once: true });
});
