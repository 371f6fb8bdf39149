// What others do appears within seconds. The question keeps nobody logged in, and is asked only while somebody looks.
const EVERY = 3000;
const { changes, from, until, digest } = document.getElementById("live").dataset;
const address = `${changes}?${new URLSearchParams({ start: from, end: until })}`;
let known = digest;

// Whoever is logged out reads no names any more: the server sends the page to the login.
export const background = async (url) => {
  const answer = await fetch(url, { headers: { "X-Background": "1" }, redirect: "manual" }).catch(() => null);
  if (answer?.type === "opaqueredirect") location.reload();
  return answer?.ok ? answer : null;
};

const look = async () => {
  const answer = document.hidden ? null : await background(address);
  const now = answer && await answer.text();
  if (now && now !== known) {
    known = now;
    document.dispatchEvent(new CustomEvent("calendar-changed"));
  }
};

const again = async () => {
  await look();
  setTimeout(again, EVERY);
};
setTimeout(again, EVERY);
document.addEventListener("visibilitychange", look);

// The list, or the month, anew. Whatever had the focus has it again: htmx finds it by its id.
document.addEventListener("calendar-changed", () => {
  const headers = { "X-Background": "1" };
  htmx.ajax("GET", location.pathname + location.search, { target: "#listed", swap: "outerHTML", headers });
});
