'use strict';
// Runs steps, checks what they find, and reports each that failed.

const { Wrong, isSame } = require('./typed');

const PATIENCE = 60_000;
const steps = [];
const step = (name, run) => steps.push({ name, run });

function check(condition, ...words) {
  if (!condition)
    throw new Wrong(
      words.map((word) => (typeof word === 'string' ? word : JSON.stringify(word))).join(' '),
    );
}

function equal(got, wanted, what) {
  check(isSame(got, wanted), `${what}: ${JSON.stringify(got)}, not ${JSON.stringify(wanted)}`);
}

/** Asks until the answer is something, and returns it. */
async function wait(what, ask) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const found = await ask();
    if (found) return found;
    check(Date.now() < end, `${what}: not within ${PATIENCE / 1000} s`);
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
}

/** Something that is refused, as an exception with everything that the SDK takes from it. */
async function refused(status, code, call, kind = 'ClientRequestException') {
  let answer;
  try {
    answer = await call();
  } catch (error) {
    if (error.name !== kind) throw error;
    equal(error.httpStatusCode, status, 'the status');
    if (code) equal(error.errorCode, code, 'the code');
    check(
      error.errorCode && error.errorMsg && error.requestId,
      'code, message or request id is missing:',
      error,
    );
    return;
  }
  throw new Wrong(
    `nothing was refused, but ${status} ${code ?? ''} was expected: ${JSON.stringify(answer)}`,
  );
}

/** Runs the steps, and ends the process. */
async function runAll() {
  let failed = 0;
  let passed = 0;
  for (const [index, { name, run }] of steps.entries()) {
    const began = Date.now();
    try {
      await run();
      passed += 1;
      console.log(`ok ${index + 1} ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
    } catch (error) {
      failed += 1;
      const where = (error.stack ?? '')
        .split('\n')
        .filter((line) => line.includes('life.js'))
        .slice(0, 3)
        .join('\n');
      console.log(`FAILED ${index + 1} ${name}`);
      console.log(`    ${error.name}: ${error.message} ${JSON.stringify(error)}\n${where}`);
      if (index < 2) {
        console.log('nothing else can be tried');
        break;
      }
    }
  }
  console.log(`${passed} of ${steps.length} steps are as they should be`);
  process.exit(Math.min(failed, 100));
}

module.exports = { check, equal, refused, runAll, step, wait };
