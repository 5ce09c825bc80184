// The orchestrator, which counts what its coordinators read from and write to their databases: what the platform bills.
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import Original, { Coordinator as Whole } from "./original.js";

// Rows of all coordinators since the start; they live in this isolate, with the Worker.
const rows = { read: 0, written: 0 };
const cursors = [];
let isCounting = false;

// A cursor knows its counts when it has been read, which it is before the event ends.
function settle() {
  for (const cursor of cursors.splice(0)) {
    rows.read += cursor.rowsRead;
    rows.written += cursor.rowsWritten;
  }
}

function count(sql) {
  if (isCounting) return;
  isCounting = true;
  const prototype = Object.getPrototypeOf(sql);
  const { exec } = prototype;
  prototype.exec = function (...parts) {
    const cursor = exec.apply(this, parts);
    cursors.push(cursor);
    return cursor;
  };
}

export class Coordinator extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    count(ctx.storage.sql);
    this.whole = new Whole(ctx, env);
  }

  async fetch(request) {
    try {
      return await this.whole.fetch(request);
    } finally {
      settle();
    }
  }

  async alarm() {
    try {
      return await this.whole.alarm();
    } finally {
      settle();
    }
  }
}

export default class extends WorkerEntrypoint {
  constructor(ctx, env) {
    super(ctx, env);
    this.whole = new Original(ctx, env);
  }

  fetch(request) {
    if (new URL(request.url).pathname === "/soak/rows") return Response.json(rows);
    return this.whole.fetch(request);
  }

  scheduled(event) {
    return this.whole.scheduled(event);
  }
}
