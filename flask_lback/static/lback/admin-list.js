// Lists of the panel: every row that matches, and changed cells. All of it works without this.
"use strict";
(() => {
  const every = document.querySelector("[data-every]");
  if (every) {
    const form = every.form;
    const boxes = () => [...form.querySelectorAll(".sel")];
    // Runs after the script of every page, which counts the boxes of this one.
    document.addEventListener("change", (event) => {
      if (event.target === every) {
        for (const box of boxes()) box.checked = every.checked;
        const all = form.querySelector("[data-all]");
        all.checked = every.checked;
        all.indeterminate = false;
      } else if (event.target.matches(".sel, [data-all]") && !boxes().every((box) => box.checked)) {
        every.checked = false;
      }
      if (!every.checked) return;
      for (const out of form.querySelectorAll("[data-count]")) out.textContent = every.dataset.every;
    });
  }
})();

// A dot beside each changed cell, and a bar that counts them.
(() => {
  const bar = document.querySelector("[data-cells]");
  if (!bar) return;
  const cells = [...document.querySelectorAll("[data-cell]")];
  const sent = new Set(cells.filter((cell) => cell.classList.contains("changed")));
  const controls = new Map(cells.map((cell) => [cell, cell.querySelector("select, textarea, input:not([type=hidden])")]));
  const labels = new Map([...controls].map(([cell, control]) => [cell, control.getAttribute("aria-label")]));
  const count = bar.querySelector("[data-cells-count]");
  const names = bar.querySelector("[data-cells-names]");
  const save = bar.querySelector("[data-save]");
  const words = bar.dataset;

  const differs = (control) => {
    if (control.type === "checkbox") return control.checked !== control.defaultChecked;
    if (!(control instanceof HTMLSelectElement)) return control.value !== control.defaultValue;
    const initial = [...control.options].find((option) => option.defaultSelected) ?? control.options[0];
    return control.value !== (initial?.value ?? "");
  };

  const draw = () => {
    const changed = cells.filter((cell) => sent.has(cell) || differs(controls.get(cell)));
    for (const cell of cells) cell.classList.toggle("changed", changed.includes(cell));
    const one = changed.length === 1;
    count.textContent = (one ? words.one : words.many).replace("{n}", changed.length);
    count.hidden = changed.length === 0;
    names.textContent = changed.map((cell) => labels.get(cell)).join(", ");
    save.textContent = (one ? words.saveOne : words.saveMany).replace("{n}", changed.length);
    bar.hidden = changed.length === 0;
  };

  // A look-up changes its select without an event.
  for (const event of ["change", "input", "keyup", "pointerup"]) document.addEventListener(event, draw);
  bar.querySelector("[data-cells-undo]").addEventListener("click", (event) => {
    // Drawn with what was sent, or with tokens that no reset brings back: the page is asked for again.
    if (sent.size || cells.some((cell) => cell.querySelector("[data-lookup]"))) return;
    event.preventDefault();
    bar.reset();
    draw();
  });
  // A browser that goes back fills in what was there.
  addEventListener("pageshow", draw);
  draw();
})();
