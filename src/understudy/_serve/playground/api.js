// What the page says to the server: to the API as any app does, to the admin route as any test does.

export const base = location.pathname.replace(/\/$/, "");

async function answer(response) {
  const text = await response.text();
  let value = null;
  try {
    value = JSON.parse(text);
  } catch {
    // Not JSON: a fault, most likely. The status says enough.
  }
  if (response.ok) return value;
  const error = value?.error;
  throw new Error(`${response.status}: ${error?.message ?? error ?? text.slice(0, 200)}`);
}

export async function api(method, path, body) {
  const headers = { "OpenAI-Beta": "assistants=v2", authorization: "Bearer playground" };
  if (body !== undefined) headers["content-type"] = "application/json";
  return answer(await fetch(`${base}/v1${path}`, { method, headers, body: body && JSON.stringify(body) }));
}

export async function admin(verb, body = {}) {
  const headers = { "content-type": "application/json" };
  return answer(await fetch(`${base}/_understudy/${verb}`, { method: "POST", headers, body: JSON.stringify(body) }));
}

export async function schema() {
  return answer(await fetch(`${base}/_understudy/openapi.json`));
}

export function events(handlers) {
  const source = new EventSource(`${base}/_understudy/events`);
  for (const [name, handle] of Object.entries(handlers)) {
    source.addEventListener(name, (event) => handle(JSON.parse(event.data)));
  }
  return source;
}
