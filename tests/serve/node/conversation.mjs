// A conversation through the official Node SDK: created, polled and streamed. Prints one JSON object.
import OpenAI from "openai";

const url = process.argv[2];
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "sk-loopback", maxRetries: 0 });

async function say(verb, body) {
  const answer = await fetch(`${url}/_understudy/${verb}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(await answer.text());
}

const assistant = await client.beta.assistants.create({
  model: "gpt-4o",
  tools: [{ type: "function", function: { name: "get_weather", parameters: { type: "object", properties: {} } } }],
});
const thread = await client.beta.threads.create({ messages: [{ role: "user", content: "Hi" }] });

await say("next_run", { moves: [{ FunctionCall: { name: "get_weather", arguments: { city: "Paris" } } }, "Sunny."] });
let run = await client.beta.threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id });
const waiting = run.status;
const [call] = run.required_action.submit_tool_outputs.tool_calls;
run = await client.beta.threads.runs.submitToolOutputsAndPoll(run.id, {
  thread_id: thread.id,
  tool_outputs: [{ tool_call_id: call.id, output: "sunny" }],
});

await say("next_run", { moves: ["Streamed to Node."] });
const events = [];
let text = "";
const stream = client.beta.threads.runs.stream(thread.id, { assistant_id: assistant.id });
stream.on("event", (event) => events.push(event.event));
stream.on("textDelta", (delta) => (text += delta.value));
const final = await stream.finalRun();

const messages = await client.beta.threads.messages.list(thread.id);
console.log(
  JSON.stringify({
    waiting,
    arguments: call.function.arguments,
    polled: run.status,
    streamed: final.status,
    text,
    first: events[0],
    last: events.at(-1),
    texts: messages.data.map((message) => message.content[0].text.value),
  }),
);
