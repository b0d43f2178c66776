// The palette of the admin panel: pages at once, records as one types. Without it the button leads to the search page.
"use strict";
(() => {
  const dialog = document.getElementById("palette");
  if (!dialog?.showModal) return;
  const DELAY = 150;
  const SHORTEST = 2;
  const words = dialog.dataset;
  const input = dialog.querySelector("input");
  const list = dialog.querySelector("[role=listbox]");
  const pages = dialog.querySelector("[data-palette-pages]");
  const note = dialog.querySelector("[data-palette-note]");
  const status = dialog.querySelector("[data-palette-status]");
  const isMac = /mac|iphone|ipad/i.test(navigator.userAgentData?.platform ?? navigator.platform);
  let at = -1;
  let timer;
  let running;

  const make = (tag, attributes, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };

  const icon = (name) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", `${words.icons}#${name}`);
    svg.append(use);
    return svg;
  };

  const visible = () => [...list.querySelectorAll("[role=option]")].filter((option) => !option.closest("[hidden]"));

  const mark = (index) => {
    const options = visible();
    at = options.length ? (index + options.length) % options.length : -1;
    list.querySelectorAll('[aria-selected="true"]').forEach((option) => option.setAttribute("aria-selected", "false"));
    if (at < 0) {
      input.removeAttribute("aria-activedescendant");
      return;
    }
    options[at].setAttribute("aria-selected", "true");
    options[at].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", options[at].id);
  };

  /* after the results have changed; what was chosen stays chosen when it is still there */
  const settle = (isDone, failed = false) => {
    const chosen = input.getAttribute("aria-activedescendant");
    const options = visible();
    const place = options.findIndex((option) => option.id === chosen);
    input.setAttribute("aria-expanded", String(options.length > 0));
    note.hidden = !failed && (options.length > 0 || !isDone);
    note.textContent = failed ? words.failed : words.none;
    if (isDone) {
      status.textContent = failed ? words.failed : options.length === 0 ? words.none : options.length === 1 ? words.one : words.many.replace("{n}", options.length);
    }
    mark(Math.max(place, 0));
  };

  const drop = () => list.querySelectorAll("[data-palette-found]").forEach((group) => group.remove());

  const option = (id, url, text, name, ...more) =>
    make("a", { role: "option", id, href: url, tabindex: "-1", "aria-selected": "false" }, icon(name), make("span", { class: "min-w-0 truncate" }, text), ...more);

  const draw = (answer) => {
    drop();
    answer.groups.forEach((group, index) => {
      const rows = group.hits.map((hit, row) => option(`palette-${index}-${row}`, hit.url, hit.name, group.icon));
      if (group.more) rows.push(option(`palette-${index}-more`, group.more, words.more.replace("{models}", group.title.toLowerCase()), "right"));
      list.append(
        make(
          "div",
          { role: "group", "aria-label": group.title, "data-palette-found": "" },
          make("p", { class: "eyebrow", role: "presentation" }, group.title),
          ...rows,
        ),
      );
    });
    if (answer.left_out.length) {
      const address = `${words.all}?${new URLSearchParams({ q: input.value })}`;
      list.append(make("div", { role: "group", "aria-label": words.rest, "data-palette-found": "" }, option("palette-rest", address, words.rest, "search")));
    }
  };

  const ask = async (question) => {
    running?.abort();
    const controller = new AbortController();
    running = controller;
    try {
      const address = `${words.records}?${new URLSearchParams({ q: question })}`;
      const reply = await fetch(address, { headers: { Accept: "application/json" }, signal: controller.signal });
      if (!reply.ok) throw new Error(String(reply.status));
      const answer = await reply.json();
      if (running !== controller) return;
      draw(answer);
      settle(true);
    } catch {
      if (running !== controller || controller.signal.aborted) return;
      drop();
      settle(true, true);
    }
  };

  const filter = () => {
    clearTimeout(timer);
    const question = input.value.trim();
    const parts = question.toLowerCase().split(/\s+/);
    for (const page of pages.querySelectorAll("[role=option]")) page.hidden = !parts.every((part) => page.dataset.words.includes(part));
    pages.hidden = !pages.querySelector("[role=option]:not([hidden])");
    const asks = question.length >= SHORTEST;
    if (asks) timer = setTimeout(ask, DELAY, question);
    else {
      running?.abort();
      running = undefined;
      drop();
    }
    input.removeAttribute("aria-activedescendant");
    settle(!asks);
  };

  const open = () => {
    if (dialog.open) return;
    document.querySelectorAll("[popover]:popover-open").forEach((one) => one.hidePopover());
    input.value = "";
    dialog.showModal(); // remembers what had the focus, and gives it back
    input.focus();
    filter();
    status.textContent = "";
  };

  input.addEventListener("input", filter);
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const options = visible();
    if (event.key === "ArrowDown") mark(at + 1);
    else if (event.key === "ArrowUp") mark(at - 1);
    else if (event.key === "PageDown") mark(Math.min(at + 8, options.length - 1));
    else if (event.key === "PageUp") mark(Math.max(at - 8, 0));
    else if (event.key === "Enter" && at >= 0) {
      options[at].dispatchEvent(
        new MouseEvent("click", { bubbles: true, cancelable: true, ctrlKey: event.ctrlKey, metaKey: event.metaKey, shiftKey: event.shiftKey }),
      );
    } else return;
    event.preventDefault();
  });
  list.addEventListener("pointermove", (event) => {
    const found = event.target.closest?.("[role=option]");
    if (found && found.getAttribute("aria-selected") !== "true") mark(visible().indexOf(found));
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("[data-palette-close]")) dialog.close();
  });
  addEventListener("pagehide", () => dialog.close()); // a browser that goes back shows the page as it was left
  dialog.addEventListener("close", () => {
    clearTimeout(timer);
    running?.abort();
  });

  document.addEventListener("keydown", (event) => {
    const command = isMac ? event.metaKey : event.ctrlKey;
    if (!command || event.altKey || event.shiftKey || event.key.toLowerCase() !== "k") return;
    event.preventDefault();
    if (dialog.open) dialog.close();
    else open();
  });

  document.querySelectorAll("[data-palette-open]").forEach((button) => {
    button.setAttribute("role", "button");
    button.setAttribute("aria-haspopup", "dialog");
    button.setAttribute("aria-keyshortcuts", isMac ? "Meta+K" : "Control+K");
    button.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      open();
    });
    button.addEventListener("keydown", (event) => {
      if (event.key !== " ") return;
      event.preventDefault();
      open();
    });
  });
  document.querySelectorAll("[data-palette-key]").forEach((hint) => {
    hint.hidden = false;
    if (isMac) hint.textContent = "⌘ K";
  });
})();
