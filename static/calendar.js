// The calendar: drawn by EventCalendar in the clinic's time, whatever the zone of the browser. All of it can be read
// and done in the list beside it, so it is hidden from screen readers. Nothing that is dropped is saved before the
// server has said what would follow from it and somebody has agreed.
import { background } from "./live.js";

const root = document.getElementById("calendar");
const dialog = document.getElementById("drop");
const nobody = document.getElementById("nobody");
const { day, show, by, who, course, session: moving, events, drop, page, seek, offset, grid } = root.dataset;
const sought = { course, session: moving };
const narrow = matchMedia("(max-width: 48rem)").matches;
const options = {};
let asked = 0;
let shown = [];
let putBack = null; // while a change waits for its answer: how to undo what is drawn
let dragging = false;
let stale = false;

const element = (name, className, text = "") => {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
};

// The part in which the session leaves the practitioner free, as a share of its length.
const gap = ([from, until], minutes) => {
  const made = element("div", "gap");
  made.style.insetBlockStart = `${(100 * from) / minutes}%`;
  made.style.blockSize = `${(100 * (until - from)) / minutes}%`;
  return made;
};

const content = ({ event, timeText }) => {
  if (event.display === "background") return { domNodes: [element("span", "ground", event.title)] };
  const { time, name, words, where, what, gaps, free } = event.extendedProps;
  const minutes = (event.end - event.start) / 60000;
  const head = element("div", "whose");
  head.append(element("b", "", event.display === "preview" ? timeText : time), " ", element("bdi", "", name));
  const state = element("div", "words", words.join(" · "));
  const lines = [what || where, ...free].map((line) => element("small", "", line));
  return { domNodes: [...gaps.map((one) => gap(one, minutes)), head, state, ...lines] };
};

// Only what is other than before: every option that is set draws all of it anew.
const set = (name, value) => {
  const text = JSON.stringify(value);
  if (options[name] !== text) calendar.setOption(name, value);
  options[name] = text;
};

const load = async ({ startStr, endStr }) => {
  const mine = ++asked;
  const span = { start: startStr.slice(0, 10), end: endStr.slice(0, 10), by, who, ...sought };
  const answer = await background(`${events}?${new URLSearchParams(span)}`);
  const found = answer && await answer.json();
  if (found && mine === asked) {
    shown = found.events;
    nobody.hidden = found.resources.length > 0; // an empty grid looks like a free day
    root.hidden = !nobody.hidden;
    set("resources", found.resources);
    set("slotMinTime", found.from);
    set("slotMaxTime", found.until);
    set("hiddenDays", found.hidden);
  }
  return shown;
};

const refresh = () => {
  stale = dragging || putBack !== null;
  if (!stale) calendar.refetchEvents();
};

// What would follow from it, in the server's words. The clock of the clinic is read there too.
const propose = (info, seconds, minutes) => {
  const { session, start } = info.event.extendedProps;
  const at = new Date(Date.parse(`${start}Z`) + 1000 * seconds).toISOString().slice(0, 16);
  const query = new URLSearchParams({ at, by, column: info.event.resourceIds[0], minutes });
  if (at === start && minutes === info.event.extendedProps.added && !info.newResource) return;
  putBack = info.revert;
  htmx.ajax("GET", `${drop.replace("/0/", `/${session}/`)}?${query}`, { target: "#calendar-dialog", swap: "innerHTML" });
};

const done = () => {
  putBack?.();
  putBack = null;
  if (stale) refresh();
};

root.classList.add("is-loading"); // until the first sessions are drawn, and whenever they are fetched anew
const calendar = EventCalendar.create(root, {
  view: show === "week" ? "resourceTimeGridWeek" : "resourceTimeGridDay",
  date: day,
  timeZone: offset,
  locale: document.documentElement.lang,
  firstDay: 1,
  headerToolbar: { start: "", center: "", end: "" },
  eventSources: [{ events: load }],
  loading: (busy) => root.classList.toggle("is-loading", busy),
  eventContent: content,
  allDaySlot: false,
  datesAboveResources: show === "week",
  columnWidth: narrow ? "72vw" : "minmax(7.5rem, 1fr)",
  slotDuration: "00:15",
  slotLabelInterval: "01:00",
  slotHeight: 18,
  slotEventOverlap: false,
  snapDuration: { minutes: Number(grid) },
  slotMinTime: "08:00",
  slotMaxTime: "18:00",
  scrollTime: "00:00",
  nowIndicator: true,
  longPressDelay: 500,
  eventTimeFormat: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  slotLabelFormat: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  dayHeaderFormat: { weekday: "short", day: "numeric", month: "short" },
  resizeConstraint: ({ event, endDelta }) => endDelta.seconds >= -60 * event.extendedProps.added,
  dateClick: ({ dateStr, resource }) => {
    if (!course && !moving) return;
    location.assign(`${seek}?${new URLSearchParams({ at: dateStr.slice(0, 16), by, column: resource.id, ...sought })}`);
  },
  eventDragStart: () => { dragging = true; },
  eventResizeStart: () => { dragging = true; },
  eventDrop: (info) => propose(info, info.delta.seconds, info.event.extendedProps.added),
  eventResize: (info) => propose(info, 0, info.event.extendedProps.added + info.endDelta.seconds / 60),
  eventDragStop: () => setTimeout(() => { dragging = false; }),
  eventResizeStop: () => setTimeout(() => { dragging = false; }),
  eventClassNames: ({ event }) => (event.extendedProps.session ? [`session-${event.extendedProps.session}`] : []),
});
root.hidden = false;
root.classList.toggle("is-seeking", Boolean(course || moving));

root.addEventListener("click", ({ target }) => {
  const block = target.closest(".ec-event");
  const session = [...(block?.classList ?? [])].find((name) => name.startsWith("session-"));
  if (session && !dragging) location.assign(page.replace("/0/", `/${session.slice("session-".length)}/`));
});

dialog.addEventListener("close", done);
dialog.addEventListener("htmx:afterSwap", () => { if (!dialog.open) dialog.showModal(); });
for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) dialog.addEventListener(name, () => (dialog.open ? dialog.close() : done()));
document.addEventListener("calendar-changed", (event) => {
  if (dialog.contains(event.target)) {
    putBack = null;
    dialog.close();
  }
  refresh();
});
