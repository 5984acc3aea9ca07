/** What the page knows, and what it does. */
export { change, link } from './address.ts';
export { download, open } from './files.ts';
export { allowBackend, follow, price, run, runWith } from './run.ts';
export * from './signals.ts';
export { start } from './start.ts';
export {
  command,
  engineTimelines,
  go,
  packetsFrom,
  showPane,
  take,
  vramBytes,
  walkPages,
} from './stepping.ts';
export * from './terminal.ts';
export { note, transcript } from './transcript.ts';
