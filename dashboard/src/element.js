// Makes DOM elements. Text is always set as text, never parsed, so nothing in a report can become markup.

/**
 * An element with attributes and children. `null`, `undefined` and `false` are left out, as attributes and as children;
 * an attribute whose value is a function is an event listener (`onclick: f`).
 */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(name.replace(/^on/, ""), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...present(children));
  return node;
}

/** Replaces the children of `node`. */
export function fill(node, ...children) {
  node.replaceChildren(...present(children));
}

/** Opens everything folded that hides `node`, and the fold that it consists of. */
export function reveal(node) {
  for (let at = node; at; at = at.parentElement) if (at instanceof HTMLDetailsElement) at.open = true;
  const fold = node?.querySelector(":scope > details.fold");
  if (fold) fold.open = true;
}

function present(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}
