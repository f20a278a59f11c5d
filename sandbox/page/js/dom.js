/** Building elements without ever parsing a string as markup. */

/**
 * @typedef {Node | string | number | null | false | undefined} Child
 * @typedef {Object<string, any>} Attributes `on` holds listeners, `testid` becomes `data-testid`,
 *   true is an empty attribute, null/false leave it out.
 */

/**
 * @param {string} tag
 * @param {Attributes} [attributes]
 * @param {...(Child | Child[])} children strings become text nodes
 * @returns {HTMLElement}
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(node, name, value);
  append(node, children);
  return node;
}

/** @param {HTMLElement} node @param {string} name @param {any} value */
function setAttribute(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name === "on") {
    for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
  } else if (name === "testid") {
    node.dataset.testid = value;
  } else {
    node.setAttribute(name, value === true ? "" : String(value));
  }
}

/** @param {Node} node @param {any[]} children */
function append(node, children) {
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    node.appendChild(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/**
 * Replaces everything inside; the focus stays on the child with the same test id.
 *
 * @param {Element} node @param {...(Child | Child[])} children
 */
export function fill(node, ...children) {
  const active = /** @type {HTMLElement | null} */ (document.activeElement);
  const focused = active && node.contains(active) ? active.dataset.testid : undefined;
  node.replaceChildren();
  append(node, children);
  if (focused) node.querySelector(`[data-testid="${CSS.escape(focused)}"]`)?.focus();
}

/** @param {string} id @returns {HTMLElement} an element of index.html */
export function byId(id) {
  const node = document.getElementById(id);
  if (!node) throw new Error(`index.html has no #${id}`);
  return node;
}

/** Sets text only when it differs, so that selections and screen readers are left in peace. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** True on the single-column layout. */
export const narrow = matchMedia("(max-width: 899.98px)");

export const calm = matchMedia("(prefers-reduced-motion: reduce)");
