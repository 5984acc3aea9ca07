// Gives Node instrumented drivers instead of those in the files. Runs in the thread of the loaders,
// where Node 20 has no TypeScript.

/** @type {Map<string, string>} */
let modules = new Map();

export function initialize(given) {
  modules = given;
}

export function load(url, context, nextLoad) {
  const source = modules.get(url);
  return source === undefined
    ? nextLoad(url, context)
    : { format: 'module', source, shortCircuit: true };
}
