// Runs checks one after another and counts them.

const outcomes = { passed: 0, failed: 0 };

/** Runs one check; a check that throws has failed, and the next one runs all the same. */
export async function check(name, body) {
  const start = Date.now();
  try {
    await body();
    outcomes.passed += 1;
    console.log(`ok      ${name} (${Date.now() - start} ms)`);
  } catch (error) {
    outcomes.failed += 1;
    console.log(`FAILED  ${name} (${Date.now() - start} ms)\n        ${String(error?.stack ?? error).replaceAll("\n", "\n        ")}`);
  }
}

/** Prints the line that scripts/test adds up; the exit status. */
export function summary() {
  console.log(`${outcomes.passed} passed, ${outcomes.failed} failed`);
  return outcomes.failed === 0 && outcomes.passed > 0 ? 0 : 1;
}
