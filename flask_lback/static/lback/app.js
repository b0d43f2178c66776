// Everything here is an addition: each page works without it.
// Loaded in <head> without "defer", so that the theme is set before the first paint. Events are delegated.
"use strict";
(() => {
  const root = document.documentElement;
  const KEY = "lback-theme";
  const KEYS = "lback-keys";

  /* theme: the system decides until somebody chooses */
  const remembered = (name = KEY) => {
    try {
      return localStorage.getItem(name);
    } catch {
      return null; // storage is refused in some private modes
    }
  };
  const applyTheme = (theme) => {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    else delete root.dataset.theme;
  };
  const isDark = () =>
    root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;

  /* single letters: on until somebody switches them off (WCAG 2.1.4) */
  const applyKeys = (choice) => {
    if (choice === "off") root.dataset.keys = "off";
    else delete root.dataset.keys;
    document.querySelectorAll("[data-keys-switch]").forEach((box) => {
      box.checked = choice !== "off";
    });
  };
  const chooseKeys = (choice) => {
    applyKeys(choice);
    try {
      localStorage.setItem(KEYS, choice);
    } catch {
      /* the choice lasts for this page only */
    }
  };

  applyTheme(remembered());
  addEventListener("storage", (event) => {
    if (event.key === KEY) applyTheme(event.newValue);
    if (event.key === KEYS) applyKeys(event.newValue);
  });

  const toggleTheme = () => {
    applyTheme(isDark() ? "light" : "dark");
    try {
      localStorage.setItem(KEY, root.dataset.theme);
    } catch {
      /* the choice lasts for this page only */
    }
  };

  /* show and hide a password */
  const setReveal = (button, shown) => {
    const input = document.getElementById(button.dataset.reveal);
    if (!input) return;
    input.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
  };

  /* "20 Nov 2026" becomes "2 hours ago" below a day; the full time is in datetime and title */
  const relative = (element) => {
    const seconds = (new Date(element.dateTime) - Date.now()) / 1000;
    if (!Number.isFinite(seconds) || Math.abs(seconds) >= 86400) return;
    const words = new Intl.RelativeTimeFormat(root.lang || undefined, { numeric: "auto" });
    const [unit, size] = [["hour", 3600], ["minute", 60], ["second", 1]].find(([, s]) => Math.abs(seconds) >= s) ?? ["second", 1];
    element.textContent = words.format(Math.trunc(seconds / size), unit);
  };

  /* copy what is shown once; the button says that it is done */
  const copy = async (button) => {
    const field = document.getElementById(button.dataset.copy);
    if (!field) return;
    field.select();
    await navigator.clipboard.writeText(field.value);
    button.textContent = button.dataset.done;
  };

  /* on a phone the list of the account's pages scrolls sideways: to the one that is open */
  const showPresent = () => {
    document.querySelectorAll(".account-nav [aria-current]").forEach((link) => {
      const list = link.closest("ul");
      list.scrollLeft = link.offsetLeft - (list.clientWidth - link.offsetWidth) / 2;
    });
  };

  /* choosing rows of a list */
  const countRows = (form) => {
    const boxes = [...form.querySelectorAll(".sel")];
    const chosen = boxes.filter((box) => box.checked).length;
    const all = form.querySelector("[data-all]");
    if (all) {
      all.checked = chosen > 0 && chosen === boxes.length;
      all.indeterminate = chosen > 0 && chosen < boxes.length;
    }
    form.querySelectorAll("[data-count]").forEach((out) => {
      out.textContent = String(chosen);
    });
  };

  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    const reveal = event.target.closest("[data-reveal]");
    if (event.target.closest("[data-theme-toggle]")) toggleTheme();
    else if (reveal) setReveal(reveal, reveal.getAttribute("aria-pressed") !== "true");
    else if (event.target.closest("[data-back]")) history.back();
    else if (event.target.closest("[data-print]")) print();
    else if (event.target.closest("[data-copy]")) copy(event.target.closest("[data-copy]")).catch(() => {});
  });

  document.addEventListener("change", (event) => {
    if (event.target.matches?.("[data-keys-switch]")) chooseKeys(event.target.checked ? "on" : "off");
    const form = event.target.closest?.(".listform");
    if (!form) return;
    if (event.target.matches("[data-all]")) {
      form.querySelectorAll(".sel").forEach((box) => {
        box.checked = event.target.checked;
      });
    }
    countRows(form);
  });

  // A password that is shown would be remembered by the browser as plain text.
  document.addEventListener("submit", (event) => {
    event.target.querySelectorAll('[data-reveal][aria-pressed="true"]').forEach((button) => setReveal(button, false));
  });

  document.addEventListener("keydown", (event) => {
    if (!(event.target instanceof Element)) return;
    const command = event.ctrlKey || event.metaKey;
    if (command && !event.altKey && !event.shiftKey && event.key === "s") {
      const save = document.querySelector("[data-save]");
      if (save) {
        event.preventDefault();
        save.click();
      }
      return;
    }
    const typing = event.target.matches("input:not(.sel), textarea, select, [contenteditable]") || document.querySelector("dialog[open]");
    if (typing || command || event.altKey || root.dataset.keys === "off") return;
    const rows = [...document.querySelectorAll("[data-row]")];
    const at = rows.findIndex((row) => row.contains(document.activeElement));
    const go = (index) => rows[Math.max(0, Math.min(index, rows.length - 1))]?.querySelector(".rowlink")?.focus();
    const search = document.querySelector("[data-search]");
    const add = document.querySelector("[data-new]");
    const keys = document.getElementById("keys");
    const action = {
      "/": search && (() => search.focus()),
      n: add && (() => add.click()),
      j: rows.length && (() => go(at + 1)),
      k: rows.length && (() => go(at - 1)),
      x: at >= 0 && (() => rows[at].querySelector(".sel")?.click()),
      "?": keys && (() => keys.showPopover()),
    }[event.key];
    if (action) {
      event.preventDefault();
      action();
    }
  });

  applyKeys(remembered(KEYS));
  document.addEventListener("DOMContentLoaded", () => {
    applyKeys(remembered(KEYS)); // now that the switch is there
    document.querySelectorAll("[data-keys]").forEach((label) => {
      label.hidden = false;
    });
    document.querySelectorAll("button[data-reveal], button[data-print]").forEach((button) => {
      button.hidden = false;
    });
    // The clipboard is there for pages by https, and on this very machine.
    document.querySelectorAll("button[data-copy]").forEach((button) => {
      button.hidden = !navigator.clipboard;
    });
    showPresent();
    addEventListener("resize", showPresent);
    if (history.length > 1) {
      document.querySelectorAll("[data-back]").forEach((button) => {
        button.hidden = false;
      });
    }
    document.querySelectorAll("time[data-relative]").forEach(relative);
    document.querySelectorAll(".listform").forEach(countRows);
  });
})();
