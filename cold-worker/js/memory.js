// When the memory of isolates that were let go of is freed. V8's collector does not free them by itself: to it, one is an object of a few bytes.
const MB = 1 << 20;
// What one holds until then, by some 2 MB and four times its code.
const weightOf = (codeBytes) => 2 * MB + 4 * codeBytes;
// What may be left behind where V8 cannot be told to collect, in weights of what is kept and the next object must load again.
const MOST_LEFT = 4;

export class Memory {
  #gc;
  #kept = 0;
  #left = 0;

  // `gc` collects garbage, where the process is started with --expose-gc.
  constructor(gc = globalThis.gc) {
    this.#gc = gc;
  }

  // An isolate was loaded that is kept.
  kept(codeBytes) {
    this.#kept += weightOf(codeBytes);
  }

  // An isolate was loaded that will be let go of.
  letGoOf(codeBytes) {
    this.#left += weightOf(codeBytes);
  }

  // Frees what was let go of before, if V8 can be told.
  collect() {
    if (!this.#gc) return;
    this.#gc();
    this.#left = 0;
  }

  // Whether so much is left behind that the object should end: all that it loaded ends with it.
  get isSpent() {
    return this.#left > MOST_LEFT * this.#kept;
  }
}
