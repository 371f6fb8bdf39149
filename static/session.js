// Nobody loses what they typed because they were away. After a pause a form first asks whether the session still
// stands. If not, the page stays as it is and says so; once the person has logged in in another tab, fresh tokens are
// taken over and the form goes out.
const PAUSE = 5 * 60 * 1000;
const again = document.getElementById("log-in-again");
const notices = document.getElementById("notices");
let heard = Date.now();
let away = false;

const renew = (token) => {
  document.querySelectorAll("[name=csrfmiddlewaretoken]").forEach((input) => { input.value = token; });
  document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": token }));
};

// Does the session stand? A server that does not answer is for the form itself to find out.
const stands = async () => {
  const answer = await fetch("/", { headers: { "X-Background": "1" } }).catch(() => null);
  if (!answer) return true;
  if (new URL(answer.url).pathname.startsWith("/accounts/")) return false;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const token = page.querySelector("[name=csrfmiddlewaretoken]")?.value;
  if (token) renew(token);
  heard = Date.now();
  away = false;
  return true;
};

const sayAway = () => {
  away = true;
  notices.replaceChildren(again.content.cloneNode(true));
  notices.scrollIntoView({ block: "nearest" });
};

if (again) {
  document.addEventListener("htmx:afterOnLoad", () => { heard = Date.now(); });
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    if (event.detail.xhr.status !== 401) return;
    event.preventDefault();
    sayAway();
  });
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || (!away && Date.now() - heard < PAUSE)) return;
    event.preventDefault();
    const button = event.submitter;
    if (await stands()) form.requestSubmit(button);
    else sayAway();
  });
  document.addEventListener("visibilitychange", async () => {
    if (away && !document.hidden && await stands()) notices.replaceChildren();
  });
}
