// When an object of the cold-worker frees memory, and when it ends.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Memory } from "../js/memory.js";

const MB = 1 << 20;

test("an object that cannot collect ends when it leaves four times what it keeps", () => {
  const memory = new Memory(undefined);
  memory.kept(MB);
  memory.kept(MB);
  for (let loaded = 0; loaded < 8; loaded++) memory.letGoOf(MB);
  assert.equal(memory.isSpent, false);
  memory.collect();
  memory.letGoOf(MB);
  assert.equal(memory.isSpent, true);
});

test("a large isolate that is kept allows for more large ones", () => {
  const memory = new Memory(undefined);
  memory.kept(15 * MB);
  for (let loaded = 0; loaded < 40; loaded++) memory.letGoOf(0.05 * MB);
  assert.equal(memory.isSpent, false);
});

test("an object that can collect never ends", () => {
  let collected = 0;
  const memory = new Memory(() => collected++);
  memory.kept(MB);
  for (let loaded = 0; loaded < 100; loaded++) {
    memory.collect();
    memory.letGoOf(MB);
    assert.equal(memory.isSpent, false);
  }
  assert.equal(collected, 100);
});
