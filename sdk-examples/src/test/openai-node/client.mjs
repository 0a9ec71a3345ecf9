// Usage: node client.mjs http://127.0.0.1:8080/v1
// Lists models, completes, streams and is refused, and prints what it saw as one line of JSON.
import OpenAI from 'openai';

const client = new OpenAI({ baseURL: process.argv[2], apiKey: 'demo', maxRetries: 0 });
const model = 'llama-3.1-70b-instruct';
const messages = [{ role: 'user', content: 'Why do tide gates open by themselves?' }];

const models = await client.models.list();

const completion = await client.chat.completions.create({ model, messages, max_tokens: 24 });

const stream = await client.chat.completions.create({
  model,
  messages,
  max_tokens: 24,
  stream: true,
  stream_options: { include_usage: true },
});
let chunks = 0;
let text = '';
let finish = null;
let usage = null;
for await (const chunk of stream) {
  chunks++;
  text += chunk.choices[0]?.delta?.content ?? '';
  finish = chunk.choices[0]?.finish_reason ?? finish;
  usage = chunk.usage ?? usage;
}

const early = await client.chat.completions.create({ model, messages, max_tokens: 4000, stream: true });
for await (const chunk of early) {
  if (chunk.choices[0]?.delta?.content) {
    break; // closes the connection in the middle of the answer
  }
}

let refusal = null;
try {
  await client.chat.completions.create(
    { model, messages },
    { headers: { 'X-Tidegate-Tier': 'no-such-tier' } },
  );
} catch (e) {
  refusal = { name: e.constructor.name, status: e.status, message: e.message };
}

console.log(
  JSON.stringify({
    models: models.data.map((m) => m.id),
    completion: {
      text: completion.choices[0].message.content,
      finish: completion.choices[0].finish_reason,
      usage: completion.usage,
    },
    stream: { chunks, text, finish, usage },
    refusal,
  }),
);
