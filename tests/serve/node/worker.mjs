// One worker of a parallel suite: COUNT tests one after the other, in the simulation given. Speaks plain HTTP: no package needed.
const [base, name, count] = process.argv.slice(2);
const headers = { "content-type": "application/json", "openai-beta": "assistants=v2", authorization: "Bearer sk-node" };

async function say(path, body, method = "POST") {
  const answer = await fetch(base + path, { method, headers, body: body && JSON.stringify(body) });
  const value = await answer.json();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${JSON.stringify(value)}`);
  return value;
}

async function oneTest(number) {
  const expected = `${name}, test ${number}`;
  await say("/_understudy/reset", {});
  await say("/_understudy/next_run", { moves: [{ Wait: { seconds: 1 } }, expected] });
  const assistant = await say("/v1/assistants", { model: "gpt-4o" });
  const thread = { messages: [{ role: "user", content: "Hi" }] };
  let run = await say("/v1/threads/runs", { assistant_id: assistant.id, thread });
  while (["queued", "in_progress"].includes(run.status)) {
    run = await say(`/v1/threads/${run.thread_id}/runs/${run.id}`, undefined, "GET");
  }
  const messages = await say(`/v1/threads/${run.thread_id}/messages`, undefined, "GET");
  const text = messages.data[0].content[0].text.value;
  if (text !== expected) throw new Error(`expected ${expected}, got ${text}`);
  const held = await say("/_understudy/state", {});
  if (held.threads.length !== 1) throw new Error(`${held.threads.length} threads in a simulation of one test`);
  await say("/_understudy/check", {});
}

for (let number = 0; number < Number(count); number++) await oneTest(number);
console.log("ok");
