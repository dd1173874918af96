// The playground: what the tutorial does in OpenAI's playground, done on the simulated service.

import { admin, api, base, events, schema } from "./api.js";
import { byId, copy, el, show } from "./dom.js";
import { fields, kindsOf } from "./forms.js";

const LIVE = ["queued", "in_progress", "cancelling"];
const POLL_MS = 400;
const state = { assistant: null, thread: null, run: null, moves: [], runs: new Map(), requests: new Map() };

// -- saying what happened ---------------------------------------------------------

function notice(text, isError = false) {
  byId("notice").textContent = text;
  byId("notice").classList.toggle("error", isError);
}

// Do something; an error is shown, and ends it.
function doing(action) {
  return async (event) => {
    event?.preventDefault?.();
    try {
      notice("");
      await action(event);
    } catch (error) {
      notice(error.message, true);
    }
  };
}

const on = (id, event, action) => byId(id).addEventListener(event, doing(action));

// -- assistants -------------------------------------------------------------------

function tools() {
  const chosen = [];
  if (byId("tool-code").checked) chosen.push({ type: "code_interpreter" });
  if (byId("tool-search").checked) chosen.push({ type: "file_search" });
  for (const line of byId("tool-functions").value.split("\n")) {
    const name = line.trim();
    const parameters = { type: "object", properties: {} };
    if (name) chosen.push({ type: "function", function: { name, parameters } });
  }
  return chosen;
}

on("assistant-form", "submit", async () => {
  const body = { model: byId("assistant-model").value, tools: tools() };
  for (const name of ["name", "instructions"]) {
    const value = byId(`assistant-${name}`).value;
    if (value) body[name] = value;
  }
  const made = await api("POST", "/assistants", body);
  state.assistant = made.id;
  notice(`Created ${made.id}`);
  enable();
});

function showAssistants(assistants) {
  if (!assistants.some((one) => one.id === state.assistant)) state.assistant = assistants.at(-1)?.id ?? null;
  show(byId("assistants"), assistants.map((one) => {
    const choose = () => {
      state.assistant = one.id;
      enable();
    };
    const radio = el("input", { type: "radio", name: "assistant", checked: one.id === state.assistant, onchange: choose });
    const label = el("label", {}, radio, ` ${one.name ?? "(no name)"}, ${one.model}`);
    const id = el("code", {}, one.id);
    const button = el("button", { type: "button", className: "quiet" }, "Copy id");
    button.setAttribute("aria-label", `Copy id ${one.id}`);
    button.addEventListener("click", doing(async () => {
      await copy(one.id);
      notice(`Copied ${one.id}`);
    }));
    return el("li", {}, label, id, button);
  }));
  enable();
}

// -- threads and messages -----------------------------------------------------------

on("open-thread", "click", async () => {
  const made = await api("POST", "/threads", {});
  await openThread(made.id);
  notice(`Opened ${made.id}`);
});

byId("threads").addEventListener("change", doing(() => openThread(byId("threads").value)));

async function openThread(id) {
  choose(id);
  await refresh();
}

// Turn to a thread and to its latest run, which may have been seen before the thread was.
function choose(id) {
  state.thread = id;
  state.run = [...state.runs.values()].filter((one) => one.run?.thread_id === id).at(-1)?.run ?? null;
  showRun();
}

on("message-form", "submit", async () => {
  await api("POST", `/threads/${state.thread}/messages`, { role: "user", content: byId("message").value });
  byId("message").value = "";
});

function partText(part) {
  if (part.type === "text") return part.text.value;
  return `[${part.type} ${part.image_file?.file_id ?? part.image_url?.url ?? ""}]`;
}

function showMessages(messages) {
  show(byId("messages"), messages.map((one) => el(
    "li",
    { className: `message ${one.role}` },
    el("strong", {}, one.role),
    el("p", {}, one.content.map(partText).join("\n") || `(${one.status ?? "empty"})`),
    el("code", {}, one.id),
  )));
}

let refreshing = null;

// What the service holds, once for all events that come together.
function refresh() {
  refreshing ??= new Promise((resolve) => setTimeout(resolve, 50)).then(async () => {
    refreshing = null;
    const held = await admin("state");
    const threads = held.threads.map((one) => one.id);
    if (!threads.includes(state.thread)) choose(threads.at(-1) ?? null);
    show(byId("threads"), threads.map((id) => el("option", { value: id, selected: id === state.thread }, id)));
    showMessages(state.thread ? (await admin("messages", { thread_id: state.thread })).messages : []);
    enable();
  });
  return refreshing;
}

// -- scripts --------------------------------------------------------------------------

function showMoves() {
  show(byId("moves"), state.moves.map((move, place) => {
    const remove = el("button", { type: "button", className: "quiet" }, "Remove");
    remove.addEventListener("click", () => {
      state.moves.splice(place, 1);
      showMoves();
    });
    return el("li", {}, el("code", {}, JSON.stringify(move)), remove);
  }));
  byId("queue-script").disabled = state.moves.length === 0;
}

on("queue-script", "click", async () => {
  await admin("next_run", { moves: state.moves });
  state.moves = [];
  showMoves();
  notice("Queued: the next run takes it");
});

// A chooser of kinds, and the form of the kind chosen.
function chooser(prefix, kinds, button, use) {
  const select = byId(`${prefix}-kind`);
  const form = byId(`${prefix}-form`);
  let read = null;
  const choose = () => {
    read = fields(form, prefix, select.value, kinds.get(select.value), button);
  };
  show(select, [...kinds.keys()].map((name) => el("option", {}, name)));
  select.addEventListener("change", choose);
  form.addEventListener("submit", doing(async () => {
    await use(read());
    choose(); // an empty form for the next one
  }));
  choose();
}

// -- runs -----------------------------------------------------------------------------

const runPath = () => `/threads/${state.run.thread_id}/runs/${state.run.id}`;

on("run-form", "submit", async () => {
  const body = { assistant_id: state.assistant };
  if (byId("run-instructions").value) body.instructions = byId("run-instructions").value;
  state.run = await api("POST", `/threads/${state.thread}/runs`, body);
  showRun();
  await follow();
});

async function poll() {
  state.run = await api("GET", runPath());
  showRun();
}

// Ask for the run, as an app does, until it is over or waits for outputs; then list the messages.
async function follow() {
  const followed = state.run.id;
  while (byId("auto-poll").checked && state.run?.id === followed && LIVE.includes(state.run.status)) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    if (state.run?.id === followed) await poll();
  }
  if (state.run?.id === followed && state.run.status === "completed") await listMessages();
}

const listMessages = () => api("GET", `/threads/${state.thread}/messages`);

on("poll", "click", poll);
on("list-messages", "click", listMessages);
on("list-steps", "click", () => api("GET", `${runPath()}/steps`));
on("cancel", "click", async () => {
  state.run = await api("POST", `${runPath()}/cancel`, {});
  showRun();
  await follow();
});

on("outputs", "submit", async () => {
  const inputs = [...byId("outputs").querySelectorAll("textarea")];
  const outputs = inputs.map((input) => ({ tool_call_id: input.name, output: input.value }));
  state.run = await api("POST", `${runPath()}/submit_tool_outputs`, { tool_outputs: outputs });
  showRun();
  await follow();
});

function showRun() {
  const calls = state.run?.required_action?.submit_tool_outputs.tool_calls ?? [];
  const form = byId("outputs");
  const shown = [...form.querySelectorAll("textarea")].map((input) => input.name).join();
  if (shown !== calls.map((call) => call.id).join()) {
    show(form, calls.map((call) => {
      const input = el("textarea", { name: call.id, rows: 2, placeholder: "what the function returns" });
      return el("label", { className: "wide" }, `${call.function.name}(${call.function.arguments})`, input);
    }));
    form.append(el("button", { className: "primary" }, "Submit outputs"));
  }
  form.hidden = calls.length === 0;
  showTimeline();
  enable();
}

// -- the timeline, and what went over the wire -------------------------------------------

function showTimeline() {
  const seen = state.runs.get(state.run?.id);
  const status = seen?.status ?? state.run?.status ?? "";
  const id = el("code", {}, state.run?.id ?? "");
  show(byId("run-status"), state.run ? [id, " ", chip(status)] : ["No run yet."]);
  show(byId("timeline"), (seen?.moments ?? []).map((one) => el(
    "li",
    { className: one.what === "run" ? "of-run" : "of-part" },
    el("time", {}, `${one.at.toFixed(2)} s`),
    el("span", { className: "what" }, one.what.split("_")[0]),
    chip(one.name),
    el("span", { className: "note" }, one.note),
  )));
}

const chip = (name) => el("span", { className: `chip ${name}` }, name);

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function requestItem(entry) {
  const status = entry.status ?? (entry.broken ? "broken" : "…");
  const summary = el("summary", {}, el("b", {}, entry.method), ` ${entry.path} `, chip(String(status)));
  const body = entry.body ? [el("h4", {}, "Sent"), el("pre", {}, pretty(entry.body))] : [];
  const answer = [el("h4", {}, "Response"), el("pre", {}, entry.broken || pretty(entry.answer))];
  return el("li", {}, el("details", {}, summary, ...body, ...answer));
}

function sawRequest(entry) {
  const item = requestItem(entry);
  const before = state.requests.get(entry.number);
  if (before) {
    item.firstChild.open = before.firstChild.open;
    before.replaceWith(item);
  } else {
    byId("requests").prepend(item);
  }
  state.requests.set(entry.number, item);
}

function sawRun(seen) {
  state.runs.set(seen.id, seen);
  if (state.run === null && seen.run?.thread_id === state.thread) state.run = seen.run;
  if (state.run?.id === seen.id) {
    if (seen.run) state.run = seen.run;
    showRun();
  }
}

function sawState(seen) {
  byId("now").textContent = new Date(seen.now * 1000).toISOString().slice(0, 19).replace("T", " ");
  byId("mode").value = seen.mode;
  byId("queued").hidden = seen.scripts_left.length === 0;
  show(byId("scripts"), seen.scripts_left.map((text) => el("li", {}, el("code", {}, text))));
  show(byId("problems"), seen.problems.map((text) => el("li", {}, text)));
  byId("problems-section").hidden = seen.problems.length === 0;
  showAssistants(seen.assistants);
}

function forget() {
  Object.assign(state, { assistant: null, thread: null, run: null, moves: [] });
  state.runs.clear();
  state.requests.clear();
  byId("requests").replaceChildren();
  showMoves();
  showRun();
}

function enable() {
  const hasRun = state.run !== null;
  byId("add-message").disabled = !state.thread;
  byId("start-run").disabled = !(state.thread && state.assistant);
  byId("list-messages").disabled = !state.thread;
  byId("poll").disabled = !hasRun;
  byId("list-steps").disabled = !hasRun;
  byId("cancel").disabled = !hasRun || !["queued", "in_progress", "requires_action"].includes(state.run.status);
}

// -- the clock, and what to take away ------------------------------------------------------

on("step-form", "submit", async () => {
  await admin("clock", { advance: Number(byId("seconds").value) });
});
on("mode", "change", () => admin("clock", { mode: byId("mode").value }));
on("reset", "click", async () => {
  await admin("reset");
  await refresh();
});

function exporting(form, title) {
  return async () => {
    const { text } = await admin("export", { form });
    byId("exported-title").textContent = title;
    byId("exported-text").value = text;
    byId("exported").showModal();
  };
}

on("export-python", "click", exporting("python", "As a Python test"));
on("export-cassette", "click", exporting("cassette", "As a cassette"));
on("copy-export", "click", async () => {
  await copy(byId("exported-text").value);
  notice("Copied");
  byId("exported").close();
});
byId("close-export").addEventListener("click", () => byId("exported").close());

// -- the beginning ---------------------------------------------------------------------------

async function begin() {
  byId("simulation").textContent = base ? `simulation ${base.split("/").at(-1)}` : "the default simulation";
  const { components, "x-operations": operations } = await schema();
  chooser("move", kindsOf(components.schemas.Move), "Add the move", (move) => {
    state.moves.push(move);
    showMoves();
  });
  show(byId("fault-on"), ["", ...operations].map((name) => el("option", { value: name }, name || "any operation")));
  chooser("fault", kindsOf(components.schemas.Fault), "Inject the fault", async (fault) => {
    await admin("fault", { fault, on: byId("fault-on").value || null });
    notice("Set: the next request that fits meets it");
  });
  events({ state: sawState, run: sawRun, exchange: (entry) => { sawRequest(entry); refresh(); }, reset: forget });
  showRun();
  await refresh();
  document.body.dataset.ready = "yes";
}

doing(begin)();
