// Filters the names in listing.html while somebody types. Without it the server does that.
"use strict";
{
  const field = document.querySelector("#filter");
  const count = document.querySelector("#count");
  const none = document.querySelector("#none");
  const all = count.textContent;
  let names;

  const show = () => {
    const wanted = field.value.trim().toLowerCase();
    names ??= Array.from(document.querySelectorAll("tr:not(.up) > .name"), cell => [cell.parentNode, cell.textContent.toLowerCase()]);
    let shown = 0;
    for (const [row, name] of names) {
      row.hidden = !name.includes(wanted);
      if (!row.hidden) shown += 1;
    }
    count.textContent = wanted ? `${shown} / ${all}` : all;
    none.hidden = shown > 0 || (!wanted && names.length > 0);
    // A list in another order has the same filter.
    const fragment = wanted ? `#${new URLSearchParams({ filter: field.value.trim() })}` : "";
    history.replaceState(null, "", location.pathname + location.search + fragment);
    for (const form of document.querySelectorAll("thead form")) form.setAttribute("action", fragment || "./");
  };
  const read = () => {
    const wanted = new URLSearchParams(location.hash.slice(1)).get("filter") ?? "";
    if (wanted !== field.value) {
      field.value = wanted;
      show();
    }
  };

  // Where the server has filtered already, only the server has the other names.
  if (!field.defaultValue) {
    field.addEventListener("input", show);
    field.form.addEventListener("submit", event => {
      event.preventDefault();
      document.querySelector("tr:not([hidden], .up) > .name a")?.focus();
    });
    addEventListener("hashchange", read);
    read();
  }
  addEventListener("keydown", event => {
    if (event.key === "/" && event.target !== field && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      field.select();
    } else if (event.key === "Escape" && event.target === field) {
      field.blur();
    }
  });
}
