// An emulation of production's clock for a local workerd, whose own clock runs: one that stands still while the Worker computes.
//
// It follows workerd's interface (src/workerd/io/io-channels.h, TimerChannel): `syncTime()` is called each time control enters the isolate, and
// a pending timer clamps the clock to its deadline. So the clock moves when something that was waited for settles, and on nothing else. It knows nothing
// of who waits, nor why.
//
// Not emulated: what production's event loop takes for "now" between two of its turns, and any step other than a millisecond.
const realNow = Date.now.bind(Date);
const realSetTimeout = globalThis.setTimeout;
const realClearTimeout = globalThis.clearTimeout;

const deadlines = new Map();
let shownMs = 0;
let insideMoves = true;

// In the variant `outside` only what leaves the process moves the clock: a stream that stays within does not.
export function chooseVariant(variant) {
  insideMoves = variant !== "outside";
}

// Control has entered the isolate.
export function enter() {
  let nowMs = realNow();
  for (const deadlineMs of deadlines.values()) nowMs = Math.min(nowMs, deadlineMs);
  shownMs = Math.max(shownMs, nowMs);
}

function settled(promise, moves) {
  return promise.then(
    (value) => {
      if (moves()) enter();
      return value;
    },
    (error) => {
      if (moves()) enter();
      throw error;
    },
  );
}

const always = () => true;

// An object of the platform's as it is, but that what its methods promise moves the clock when it settles. `wrap` is for what they return or promise.
export function entering(target, { moves = always, wrap = (value) => value, members = {} } = {}) {
  const methods = new Map();
  // By `Reflect`: of a method of a binding, `apply` would be one more method of the other Worker.
  const method = (name, member) => {
    if (!methods.has(name)) {
      methods.set(name, (...parameters) => {
        const result = Reflect.apply(member, target, parameters);
        return typeof result?.then === "function" ? settled(Promise.resolve(result).then(wrap), moves) : wrap(result);
      });
    }
    return methods.get(name);
  };
  // An object that is not the target itself: a callable one would be a function to `typeof`, and one that cannot be changed must be shown as it is.
  return new Proxy(Object.create(Object.getPrototypeOf(target)), {
    get(_, name) {
      if (Object.hasOwn(members, name)) return members[name];
      const member = Reflect.get(target, name, target);
      return typeof member === "function" ? method(name, member) : member;
    },
    set: (_, name, value) => Reflect.set(target, name, value, target),
    has: (_, name) => Reflect.has(target, name),
  });
}

// A message comes from outside: its listeners find the clock moved.
function socket(target) {
  const on = (kind, listener) =>
    target.addEventListener(kind, (event) => {
      enter();
      return typeof listener === "function" ? listener(event) : listener.handleEvent(event);
    });
  return entering(target, { members: { addEventListener: on } });
}

function response(target) {
  const members = { webSocket: target.webSocket ? socket(target.webSocket) : target.webSocket };
  return entering(target, { members });
}

const answered = (value) => (value instanceof Response ? response(value) : value);

// A binding to another Worker: `fetch`, and any method of it.
export const binding = (target) => entering(target, { wrap: answered });

// An incoming request: its body comes when it comes.
export const request = (target) => entering(target);

const isBinding = (name, value) => name.startsWith("RUNTIME") && typeof value === "object" && value !== null;

export function bindings(env) {
  const wrapped = Object.entries(env).map(([name, value]) => [name, isBinding(name, value) ? binding(value) : value]);
  return Object.fromEntries(wrapped);
}

function side(target) {
  const moves = () => insideMoves;
  const ends = (end) => entering(end, { moves });
  return entering(target, { moves, members: { getReader: (...how) => ends(target.getReader(...how)), getWriter: () => ends(target.getWriter()) } });
}

// Replaces what is global. Once, before any other code of the Worker.
export function install() {
  Date.now = () => shownMs;
  performance.now = () => shownMs;
  const realFetch = globalThis.fetch;
  globalThis.fetch = (...parameters) => settled(realFetch(...parameters).then(answered), always);
  const RealStream = globalThis.IdentityTransformStream;
  globalThis.IdentityTransformStream = class {
    constructor(...parameters) {
      const stream = new RealStream(...parameters);
      this.readable = side(stream.readable);
      this.writable = side(stream.writable);
    }
  };
  globalThis.setTimeout = (callback, ms = 0, ...parameters) => {
    const deadlineMs = shownMs + ms;
    const timer = realSetTimeout(() => {
      deadlines.delete(timer);
      // code inside the callback sees the time that was scheduled
      shownMs = Math.max(shownMs, deadlineMs);
      callback(...parameters);
    }, ms);
    deadlines.set(timer, deadlineMs);
    return timer;
  };
  globalThis.clearTimeout = (timer) => {
    deadlines.delete(timer);
    realClearTimeout(timer);
  };
}
