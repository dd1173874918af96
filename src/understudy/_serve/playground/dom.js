// Elements from values. Text is only ever set as text: what a user or a model wrote cannot become markup.

export const byId = (id) => document.getElementById(id);

export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && name !== "list") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

export function show(list, items) {
  list.replaceChildren(...items);
}

export async function copy(text) {
  await navigator.clipboard.writeText(text);
}
