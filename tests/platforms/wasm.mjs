// wasm.mjs PROGRAM VECTORS: what the core reads in WebAssembly is what JavaScript's own reader finds.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";

const [program, vectors] = process.argv.slice(2);
// Nothing is imported: the core needs nothing around it.
const { instance } = await WebAssembly.instantiate(await readFile(program));
const { memory, buffer, amount } = instance.exports;

function read(message) {
  const room = new Uint8Array(memory.buffer, buffer());
  room.set(message);
  const paid = amount(message.length);
  const id = room.subarray(0, room.indexOf(0));
  return paid < 0 ? undefined : { id: new TextDecoder().decode(id), amount: Number(paid) };
}

function expected(message) {
  const payload = JSON.parse(JSON.parse(message).payload);
  if (payload.payment === undefined) return undefined;
  const { id, amount } = JSON.parse(payload.payment);
  return { id, amount };
}

const names = (await readdir(vectors)).filter((name) => name.startsWith("FINISH_OK"));
let payments = 0;
for (const name of names) {
  const message = await readFile(`${vectors}/${name}`);
  const payment = expected(message);
  assert.deepEqual(read(message), payment, name);
  assert.equal(read(message.subarray(0, -2)), undefined, `${name} cut`);
  if (payment) payments++;
}
assert.ok(payments >= 3, `${payments} vectors with a payment`);
console.log(`ok     ${names.length} messages, ${payments} payments`);
