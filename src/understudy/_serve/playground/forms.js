// Forms made from the server's own OpenAPI document: what the admin route takes is what can be filled in here.

import { el } from "./dom.js";

const LONG = new Set(["text", "input", "logs", "message", "html"]);
const USUAL = new Set(["arguments", "code", "reason", "query", "retry_after", "status"]);

// The kinds of a union of {"Name": {...}} schemas, by name.
export function kindsOf(schema) {
  const kinds = new Map();
  for (const one of schema.anyOf) {
    if (one.properties) {
      const [name] = Object.keys(one.properties);
      kinds.set(name, one.properties[name]);
    }
  }
  return kinds;
}

// A control for one field; `read` gives its JSON value, undefined when it was left empty.
function control(name, schema, required) {
  const types = [schema, ...(schema.anyOf ?? [])];
  const type = (wanted) => types.find((one) => one.type === wanted);
  const choices = types.find((one) => one.enum)?.enum;
  if (choices) return choice(choices, required);
  if (type("boolean")) return checkbox();
  if (type("array")) return json("[]");
  if (type("object")) return json("{}");
  if (type("number") || type("integer")) return number();
  return text(name, required);
}

function choice(choices, required) {
  const blank = required ? [] : [el("option", { value: "" }, "(default)")];
  const input = el("select", {}, ...blank, ...choices.map((one) => el("option", { value: one }, String(one))));
  return { input, read: () => input.value || undefined };
}

function checkbox() {
  const input = el("input", { type: "checkbox" });
  return { input, read: () => input.checked || undefined };
}

function number() {
  const input = el("input", { type: "number", step: "any" });
  return { input, read: () => (input.value === "" ? undefined : Number(input.value)) };
}

function text(name, required) {
  const input = LONG.has(name) ? el("textarea", { rows: 2 }) : el("input", { autocomplete: "off" });
  input.required = required;
  return { input, read: () => (input.value === "" && !required ? undefined : input.value) };
}

function json(placeholder) {
  const input = el("textarea", { rows: 2, placeholder, spellcheck: false });
  input.addEventListener("input", () => input.setCustomValidity(""));
  const read = () => {
    if (input.value.trim() === "") return undefined;
    try {
      return JSON.parse(input.value);
    } catch (error) {
      input.setCustomValidity(`not JSON: ${error.message}`);
      input.reportValidity();
      throw error;
    }
  };
  return { input, read };
}

const isUsual = (field, schema) => LONG.has(field) || USUAL.has(field) || schema.required.includes(field);

// Fill a form with the fields of a kind; gives a function that reads them.
export function fields(form, prefix, name, schema, button) {
  const controls = [];
  const labels = Object.entries(schema.properties).map(([field, inner]) => {
    const made = control(field, inner, schema.required.includes(field));
    made.input.id = `${prefix}-${field}`;
    controls.push([field, made.read]);
    return el("label", { className: made.input.tagName === "TEXTAREA" ? "wide" : "" }, field, made.input);
  });
  const hint = el("p", { className: "hint wide" }, schema.description ?? "");
  const shown = labels.filter((_, place) => isUsual(Object.keys(schema.properties)[place], schema));
  const rest = labels.filter((label) => !shown.includes(label));
  const more = rest.length ? el("details", { className: "wide" }, el("summary", {}, "More"), ...rest) : null;
  form.replaceChildren(...[hint, ...shown, more, el("button", {}, button)].filter(Boolean));
  return () => {
    const value = {};
    for (const [field, read] of controls) {
      const given = read();
      if (given !== undefined) value[field] = given;
    }
    return { [name]: value };
  };
}
