"use strict";

// Everything works without this file. It only spares waiting members a reload, and double clicks a second request.

const PAUSE_MIN = 2000;
const PAUSE_MAX = 30000;

/** Looks again while the outcome of a payment is open, less and less often, and shows what is new. */
function lookAgain(pause) {
  const state = document.getElementById("state");
  if (!state || !("waiting" in state.dataset)) {
    return;
  }
  setTimeout(async () => {
    if (!document.hidden) {
      await refresh(state);
    }
    lookAgain(Math.min(PAUSE_MAX, pause * 1.3));
  }, pause);
}

async function refresh(state) {
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" }, redirect: "manual", cache: "no-store" });
    if (answer.type === "opaqueredirect") {
      // Signed out meanwhile: the page itself leads to where one signs in.
      location.reload();
      return;
    }
    if (!answer.ok) {
      return;
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("state");
    if (!fresh) {
      location.reload();
      return;
    }
    if (fresh.innerHTML === state.innerHTML) {
      return;
    }
    if (!("waiting" in fresh.dataset)) {
      delete state.dataset.waiting;
    }
    // The element itself stays: screen readers announce what changes inside a status.
    state.replaceChildren(...fresh.childNodes);
    document.title = page.title;
  } catch {
    // Offline: the next look may do better.
  }
}

/** A form is sent once, however often its button is pressed. */
function sendOnce(form) {
  const button = form.querySelector("button[type=submit]");
  const words = [...button.childNodes];
  form.addEventListener("submit", (event) => {
    if (button.getAttribute("aria-disabled") === "true") {
      event.preventDefault();
      return;
    }
    button.setAttribute("aria-disabled", "true");
    button.replaceChildren(button.dataset.busy);
  });
  addEventListener("pageshow", () => {
    button.removeAttribute("aria-disabled");
    button.replaceChildren(...words);
  });
}

// A page that the browser kept may no longer be true.
addEventListener("pageshow", (event) => {
  if (event.persisted) {
    location.reload();
  }
});

document.querySelectorAll("form[data-once]").forEach(sendOnce);
document.querySelectorAll("[data-print]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => print());
});
lookAgain(PAUSE_MIN);
