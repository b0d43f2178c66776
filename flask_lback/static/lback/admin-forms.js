// The form of a record: counts what has changed, asks before it is lost, makes slugs, narrows long lists of boxes, and
// sends once. All of it is an addition: the server does its part without.
"use strict";
(() => {
  const form = document.querySelector("form[data-record]");
  if (!form) return;
  const save = form.querySelector("[data-save]");
  const plain = save?.textContent ?? "";

  /* ── What has changed ── */

  const isChanged = (field) => {
    if (field instanceof HTMLSelectElement) {
      const options = [...field.options];
      const isUntouched = !field.multiple && !options.some((option) => option.defaultSelected);
      if (isUntouched) return field.selectedIndex > 0;
      return options.some((option) => option.selected !== option.defaultSelected);
    }
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    return field.value !== field.defaultValue;
  };

  /* A row that goes, or is new, is one change; boxes of one name are one field, each right of a matrix is one. */
  const unit = (field) => {
    const row = field.closest("[data-inline-row]");
    const goes = row?.querySelector("[data-inline-delete]");
    return row && (row.dataset.inlineNew !== undefined || goes?.checked) ? row : (field.dataset.permission ?? field.name);
  };

  const changes = () => {
    const found = new Set(form.querySelectorAll("[data-inline-new]"));
    for (const field of form.elements) {
      const counts = field.name && field.type !== "hidden" && !(field instanceof HTMLButtonElement);
      if (counts && isChanged(field)) found.add(unit(field));
    }
    return found.size;
  };

  const count = () => {
    const number = changes();
    if (save?.dataset.saveMany) {
      save.textContent =
        number === 0 ? plain : number === 1 ? save.dataset.saveOne : save.dataset.saveMany.replace("{n}", String(number));
    }
    return number;
  };

  /* ── Leaving, and sending twice ── */

  let isSent = false;
  addEventListener("beforeunload", (event) => {
    if (!isSent && (form.dataset.unsaved !== undefined || changes() > 0)) event.preventDefault();
  });
  addEventListener("pageshow", () => {
    isSent = false; // the page came back from the browser's memory
  });
  form.addEventListener("submit", (event) => {
    if (isSent) event.preventDefault();
    isSent = true;
  });

  /* ── Slugs ── */

  const slugify = (text, keepsLetters) => {
    const plain = keepsLetters ? text.normalize("NFKC") : text.normalize("NFKD").replace(/[^\x00-\x7f]/g, "");
    return plain
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_\s-]/gu, "")
      .replace(/[-\s]+/g, "-")
      .replace(/^[-_]+|[-_]+$/g, "");
  };

  const follow = (slug) => {
    const sources = slug.dataset.slugFrom.split(" ").map((id) => document.getElementById(id));
    let follows = slug.value === "";
    slug.addEventListener("input", () => {
      follows = slug.value === ""; // what somebody has written stays
    });
    const fill = () => {
      if (!follows) return;
      const text = sources.map((source) => source?.value ?? "").join(" ");
      slug.value = slugify(text, slug.dataset.slugUnicode !== undefined)
        .slice(0, Number(slug.dataset.slugLength))
        .replace(/[-_]+$/, "");
      count();
    };
    sources.forEach((source) => source?.addEventListener("input", fill));
  };

  /* ── Long lists of boxes ── */

  const narrow = (choices) => {
    const input = document.createElement("input");
    input.type = "search";
    input.className = "input";
    input.placeholder = choices.dataset.narrow;
    input.setAttribute("aria-label", `${choices.dataset.narrow}: ${choices.getAttribute("aria-label")}`);
    input.addEventListener("input", () => {
      const text = input.value.trim().toLowerCase();
      choices.querySelectorAll("label").forEach((label) => {
        label.hidden = !label.textContent.toLowerCase().includes(text);
      });
    });
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault();
    });
    choices.before(input);
  };

  form.addEventListener("input", count);
  form.addEventListener("change", count);
  form.querySelectorAll("[data-slug-from]").forEach(follow);
  form.querySelectorAll("[data-narrow]").forEach(narrow);
  count();
})();
