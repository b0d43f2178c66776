// The look-up of the admin panel: an addition to a select that holds what is chosen, which stays the thing that is sent.
// Combobox pattern of WAI-ARIA.
"use strict";
(() => {
  const DELAY = 200;
  let number = 0;

  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };

  const enhance = (select) => {
    const words = select.dataset;
    const id = `lookup-${++number}`;
    const input = make("input", {
      role: "combobox",
      type: "text",
      autocomplete: "off",
      spellcheck: "false",
      "aria-expanded": "false",
      "aria-autocomplete": "list",
      "aria-controls": id,
      placeholder: words.lookupHint,
    });
    for (const name of ["aria-describedby", "aria-invalid", "aria-label"]) {
      if (select.hasAttribute(name)) input.setAttribute(name, select.getAttribute(name));
    }
    const tokens = make("span", { class: "contents" });
    const frame = make("div", { class: "input lookup" }, tokens, input);
    const list = make("ul", { class: "menu", id, role: "listbox" });
    const nothing = make("p", { class: "menu", role: "status" }, words.lookupNone);
    const box = make("div", { class: "lookup-box" }, frame, list, nothing);
    let found = [];
    let at = -1;
    let timer;
    let asked = 0;

    const tell = () => select.dispatchEvent(new Event("change", { bubbles: true }));

    const chosen = () => [...select.selectedOptions].filter((option) => option.value !== "");

    const close = () => {
      list.hidden = nothing.hidden = true;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
      at = -1;
    };

    const mark = (index) => {
      at = index;
      [...list.children].forEach((row, i) => row.setAttribute("aria-selected", String(i === at)));
      if (at >= 0) {
        input.setAttribute("aria-activedescendant", list.children[at].id);
        list.children[at].scrollIntoView({ block: "nearest" });
      }
    };

    const draw = () => {
      tokens.replaceChildren(
        ...chosen().map((option) => {
          const remove = make("button", { type: "button", "aria-label": `${words.lookupRemove} ${option.text}` }, "×");
          remove.addEventListener("click", () => {
            option.selected = false;
            if (!select.multiple && select.options[0]?.value === "") select.options[0].selected = true;
            draw();
            tell();
            input.focus();
          });
          return make("span", { class: "token" }, option.text, remove);
        }),
      );
    };

    const take = ({ key, name }) => {
      let option = [...select.options].find((one) => one.value === key);
      if (!option) {
        option = new Option(name, key);
        select.add(option);
      }
      option.selected = true;
      input.value = "";
      close();
      draw();
      tell();
    };

    const ask = async () => {
      const mine = ++asked;
      const address = new URL(words.lookup, location.href);
      address.searchParams.set("q", input.value);
      const answer = await fetch(address, { headers: { Accept: "application/json" } }).catch(() => null);
      if (mine !== asked || !answer?.ok) return;
      const taken = new Set(chosen().map((option) => option.value));
      found = (await answer.json()).results.filter((row) => !taken.has(row.key));
      list.replaceChildren(
        ...found.map((row, index) => {
          const line = make("li", { role: "option", id: `${id}-${index}` }, row.name);
          line.addEventListener("pointerdown", (event) => {
            event.preventDefault();
            take(row);
          });
          return line;
        }),
      );
      list.hidden = found.length === 0;
      nothing.hidden = found.length > 0;
      input.setAttribute("aria-expanded", String(found.length > 0));
      mark(found.length ? 0 : -1);
    };

    input.addEventListener("input", () => {
      clearTimeout(timer);
      if (input.value.trim()) timer = setTimeout(ask, DELAY);
      else {
        asked++;
        close();
      }
    });
    input.addEventListener("blur", close);
    input.addEventListener("keydown", (event) => {
      const open = !list.hidden;
      if (event.key === "ArrowDown" && open) mark((at + 1) % found.length);
      else if (event.key === "ArrowUp" && open) mark((at - 1 + found.length) % found.length);
      else if (event.key === "Enter" && (open || input.value)) open && take(found[at]);
      else if (event.key === "Escape" && open) close();
      else if (event.key === "Backspace" && !input.value && chosen().length) {
        chosen().at(-1).selected = false;
        draw();
        tell();
        return;
      } else return;
      event.preventDefault();
    });

    const label = document.querySelector(`label[for="${CSS.escape(select.id)}"]`);
    list.setAttribute("aria-label", label?.textContent.trim() ?? "");
    input.id = select.id;
    select.removeAttribute("id");
    select.hidden = true;
    select.after(box);
    close();
    draw();
  };

  const enhanceAll = (root) => root.querySelectorAll("select[data-lookup]:not([disabled])").forEach(enhance);

  document.addEventListener("lback:added", (event) => enhanceAll(event.target)); // rows that came later
  enhanceAll(document);
})();
