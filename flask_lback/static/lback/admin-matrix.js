/* Rows of the permission matrix: a button for all of a model, a mark at what has changed, and whom it reaches. */
(() => {
  "use strict";
  const matrix = document.querySelector("[data-matrix]");
  if (!matrix) return;
  const reach = document.querySelector("[data-reach]");
  const boxes = [...matrix.querySelectorAll("input[data-permission]")];
  const free = (row) => [...row.querySelectorAll("input[data-permission]:not(:disabled)")];

  const named = (changed) => (changed.length > 3
    ? reach.dataset.many.replace("{n}", changed.length)
    : changed.map((box) => box.dataset.permission).join(", "));

  const tell = () => {
    for (const box of boxes) {
      box.closest("td").classList.toggle("changed", box.checked !== box.defaultChecked);
    }
    if (!reach) return;
    const changed = boxes.filter((box) => box.checked !== box.defaultChecked);
    const given = changed.filter((box) => box.checked);
    const taken = changed.filter((box) => !box.checked);
    const parts = [];
    if (given.length) parts.push(reach.dataset.gives.replace("{names}", named(given)));
    if (taken.length) parts.push(reach.dataset.takes.replace("{names}", named(taken)));
    parts.push(reach.dataset.reach);
    reach.textContent = parts.join(" ");
  };

  for (const row of matrix.querySelectorAll("tbody tr:not(.part)")) {
    if (free(row).length < 2) continue;
    const head = row.querySelector("th");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "linklike";
    button.textContent = matrix.dataset.all;
    button.setAttribute("aria-label", matrix.dataset.allOf.replace("{name}", head.textContent.trim()));
    button.addEventListener("click", () => {
      const inputs = free(row);
      const wanted = !inputs.every((box) => box.checked);
      for (const box of inputs) {
        if (box.checked === wanted) continue;
        box.checked = wanted;
        box.dispatchEvent(new Event("change", { bubbles: true }));
      }
    });
    head.append(button);
  }
  matrix.addEventListener("change", tell);
  tell();
})();
