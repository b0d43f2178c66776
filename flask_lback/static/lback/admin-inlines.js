// Rows of an inline without a way to the server: the button "Add" copies the <template> of a row, and the cross of a new
// row takes it away again. Without this script the button sends the form, which comes back with one row more.
"use strict";
(() => {
  const BLANK = "__n__";

  /* the number in the names of a row: one more than the largest that is there */
  const nextNumber = (inline) => {
    const start = `${inline.dataset.inline}-`;
    const numbers = [...inline.querySelectorAll("[name]")]
      .filter((field) => field.name.startsWith(start))
      .map((field) => Number.parseInt(field.name.slice(start.length), 10));
    return Math.max(-1, ...numbers.filter(Number.isFinite)) + 1;
  };

  const numbered = (fragment, number) => {
    for (const element of fragment.querySelectorAll("*")) {
      for (const { name, value } of [...element.attributes]) {
        if (value.includes(BLANK)) element.setAttribute(name, value.replaceAll(BLANK, String(number)));
      }
    }
    return fragment;
  };

  const show = (inline) => {
    const rows = inline.querySelectorAll("[data-inline-row]").length;
    const button = inline.querySelector("[data-inline-add]");
    const none = inline.querySelector("[data-inline-none]");
    const table = inline.querySelector(".inline-scroll");
    if (button) button.disabled = Number(inline.dataset.inlineRoom) <= 0;
    if (none) none.hidden = rows > 0;
    if (table) table.hidden = rows === 0;
  };

  const changed = (inline) => inline.dispatchEvent(new Event("change", { bubbles: true }));

  const add = (inline) => {
    const template = inline.querySelector("template");
    const rows = inline.querySelector("[data-inline-rows]");
    rows.append(numbered(template.content.cloneNode(true), nextNumber(inline)));
    const row = rows.lastElementChild;
    row.dataset.inlineNew = "";
    inline.dataset.inlineRoom = String(Number(inline.dataset.inlineRoom) - 1);
    row.querySelectorAll("[data-inline-remove]").forEach((button) => {
      button.hidden = false;
    });
    show(inline);
    row.dispatchEvent(new CustomEvent("lback:added", { bubbles: true }));
    row.querySelector("input:not([type=hidden], [hidden]), select:not([hidden]), textarea")?.focus();
    changed(inline);
  };

  const remove = (inline, row) => {
    row.remove();
    inline.dataset.inlineRoom = String(Number(inline.dataset.inlineRoom) + 1);
    show(inline);
    (inline.querySelector("[data-inline-add]") ?? inline).focus();
    changed(inline);
  };

  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    const inline = event.target.closest("[data-inline]");
    if (!inline) return;
    const cross = event.target.closest("[data-inline-remove]");
    if (cross) remove(inline, cross.closest("[data-inline-row]"));
    else if (event.target.closest("[data-inline-add]") && inline.querySelector("template")) {
      event.preventDefault();
      add(inline);
    }
  });

  document.querySelectorAll("[data-inline]").forEach((inline) => {
    // Rows that came empty from the server can be taken away as well.
    inline.querySelectorAll("[data-inline-remove]").forEach((button) => {
      button.hidden = false;
    });
    show(inline);
  });
})();
