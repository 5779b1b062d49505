// What the keyboard does beside Tab and Enter. Nothing here is needed: every page works without it.

// htmx may never run code out of markup; the content security policy forbids it as well.
function refuse() { throw new Error("code in markup is not run"); }
window.htmx?.registerExtension("no-eval", { init: (api) => api.initSecurity(undefined, refuse, refuse) });

const typing = (element) => element.matches("input:not([type=radio]), textarea, select, [contenteditable]");

// "/" comes back to the plate box, with its text selected for the next plate.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  event.preventDefault();
  const plate = document.getElementById("plate");
  if (plate) { plate.focus(); plate.select(); } else { window.location.assign("/"); }
});

// A digit chooses the card with that number, only while the focus is inside the group, and goes on to the next one.
document.addEventListener("keydown", (event) => {
  const group = event.target.closest?.("[data-choices]");
  if (!group || !/^[1-9]$/.test(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
  const radio = group.querySelectorAll("input[type=radio]")[Number(event.key) - 1];
  if (!radio) return;
  event.preventDefault();
  radio.checked = true;
  next(group).focus();
});

function next(group) {
  const form = group.closest("form");
  const places = [...form.querySelectorAll("[data-choices], [data-after-choices]")];
  return first(places[places.indexOf(group) + 1]);
}

function first(place) {
  if (place.matches("[data-choices]")) {
    return place.querySelector("input[type=radio]:checked") ?? place.querySelector("input[type=radio]");
  }
  return place.matches("input, [tabindex]") ? place : place.querySelector("input");
}

// After an answer: to the first thing it asks; to its heading when it came from the form that it replaced; else stay.
document.addEventListener("htmx:after:swap", (event) => {
  const target = event.detail?.ctx?.target;
  if (!target?.isConnected) return;
  const asked = target.querySelector("[data-focus]");
  if (asked) { first(asked).focus(); return; }
  const lost = document.activeElement === document.body || document.activeElement === null;
  const heading = target.querySelector("[data-focus-after-form]");
  if (lost && heading) heading.focus();
});
document.addEventListener("DOMContentLoaded", () => {
  const asked = document.querySelector("[data-focus]");
  if (asked) first(asked).focus();
});

// A session that ended shows on the next answer: htmx follows HX-Redirect by itself.
