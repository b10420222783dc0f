'use strict';
// Checks the JSON of an answer against the types that the SDK declares. The SDK for Node.js hands
// on what it has parsed, so what its users are promised is in the `.d.ts` files of its models: they
// are read here, and the names on the wire in the `.js` files.

const fs = require('fs');
const path = require('path');
const { isDeepStrictEqual } = require('util');

class Wrong extends Error {}

// IAM sends `null` for the pages before the first and after the last.
const MAY_BE_NULL = new Set(['Links.previous', 'Links.next']);

const models = new Map();

/** The fields of a model by their names on the wire: types, and whether they must be there. */
function model(folder, name) {
  const key = path.join(folder, name);
  if (!models.has(key)) {
    const declared = fs.readFileSync(`${key}.d.ts`, 'utf8');
    const program = fs.readFileSync(`${key}.js`, 'utf8');
    const constructor = /\n    constructor\([^)]*\) \{([^]*?)\n    \}/.exec(program)?.[1] ?? '';
    const required = new Set(
      [...constructor.matchAll(/this\['([^']+)'\] =/g)].map((found) => found[1]),
    );
    const fields = new Map();
    for (const [, setter, type] of declared.matchAll(/\n    (with\w+)\(\w+: ([^]+?)\): \w+;/g)) {
      const wire = new RegExp(`\\n    ${setter}\\(\\w+\\) \\{\\s*this\\['([^']+)'\\] =`).exec(
        program,
      )[1];
      fields.set(wire, { type: type.replace(/\s+/g, ' '), required: required.has(wire) });
    }
    models.set(key, fields);
  }
  return models.get(key);
}

function fail(place, value, type) {
  throw new Wrong(`${place}: ${JSON.stringify(value)} is not of type ${type}`);
}

function checkType(folder, value, type, place) {
  if (value === undefined || value === null) return;
  const array = /^Array<(.*)>$/.exec(type);
  const map = /^\{ \[key: string\]: (.*); \}$/.exec(type);
  if (array) {
    if (!Array.isArray(value)) fail(place, value, type);
    value.forEach((item, index) => {
      if (item === null) fail(`${place}[${index}]`, item, array[1]);
      checkType(folder, item, array[1], `${place}[${index}]`);
    });
  } else if (map) {
    if (typeof value !== 'object' || Array.isArray(value)) fail(place, value, type);
    for (const [key, item] of Object.entries(value))
      checkType(folder, item, map[1], `${place}.${key}`);
  } else if (type === 'string' || type.endsWith(' | string')) {
    if (typeof value !== 'string') fail(place, value, type);
  } else if (type === 'Date') {
    if (typeof value !== 'string' || Number.isNaN(Date.parse(value))) fail(place, value, type);
  } else if (type === 'number' || type === 'boolean') {
    if (typeof value !== type) fail(place, value, type);
  } else if (type !== 'object' && type !== 'any') {
    checkModel(folder, value, type, place);
  }
}

function checkModel(folder, value, name, place) {
  if (typeof value !== 'object' || Array.isArray(value)) fail(place, value, name);
  for (const [wire, { type, required }] of model(folder, name)) {
    const mayBeNull = MAY_BE_NULL.has(`${name}.${wire}`) && wire in value;
    if (required && !mayBeNull && (value[wire] === undefined || value[wire] === null)) {
      throw new Wrong(
        `${place}: \`${wire}\` of ${name} is missing; there are ${Object.keys(value).sort()}`,
      );
    }
    checkType(folder, value[wire], type, `${place}.${wire}`);
  }
}

/** Checks an answer against a model, and that the fields named in `present` are there. */
function answer(folder, name, value, ...present) {
  const fields = model(folder, name);
  if (fields.has('body') && fields.size === 1) {
    checkType(folder, value, fields.get('body').type, name);
  } else {
    checkModel(folder, value, name, name);
  }
  for (const wire of present) {
    if (value[wire] === undefined || value[wire] === null) {
      throw new Wrong(`${name}: \`${wire}\` is missing; there are ${Object.keys(value).sort()}`);
    }
  }
  return value;
}

/** Whether both are the same JSON. */
function isSame(one, other) {
  const plain = (value) => JSON.parse(JSON.stringify(value ?? null));
  return isDeepStrictEqual(plain(one), plain(other));
}

/** Checks that the answer has what the request's body had. */
function echoes(body, value, ...but) {
  for (const [wire, wanted] of Object.entries(body)) {
    if (but.includes(wire) || value[wire] === undefined) continue;
    if (!isSame(value[wire], wanted)) {
      throw new Wrong(
        `${wire}: ${JSON.stringify(value[wire])}, sent was ${JSON.stringify(wanted)}`,
      );
    }
  }
}

module.exports = { Wrong, answer, echoes, isSame, model };
