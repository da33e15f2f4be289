// Makers of elements: el("p", {class: "note"}, "text", another). An attribute that is a function listens to the event
// of that name; false, null and undefined leave the attribute out.

const svgNamespace = "http://www.w3.org/2000/svg";

function furnish(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function el(name, attributes = {}, ...children) {
  return furnish(document.createElement(name), attributes, children);
}

export function svg(name, attributes = {}, ...children) {
  return furnish(document.createElementNS(svgNamespace, name), attributes, children);
}

export const byId = (id) => document.getElementById(id);

// Changes text only when it differs: a screen reader and a selection are left in peace.
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// A child that is moved loses the focus.
export function replaceKeepingFocus(parent, children) {
  if (children.length === parent.children.length && children.every((child, i) => child === parent.children[i])) return;
  const focused = document.activeElement;
  parent.replaceChildren(...children);
  if (focused !== document.activeElement && parent.contains(focused)) focused.focus();
}

// Radio buttons in a fieldset; `chosen` is called with the value.
export function choice(fieldset, name, options, value, chosen) {
  for (const [key, label] of options) {
    const radio = el("input", {type: "radio", name, id: `${name}-${key}`, value: key, change: () => chosen(key)});
    radio.checked = key === value;
    fieldset.append(radio, el("label", {for: radio.id}, label));
  }
  return fieldset;
}
