export { TRACE_SCHEMA } from './envelope.ts';
export { loadTrace, saveTrace } from './file.ts';
export { record } from './record.ts';
export * from './recording.ts';
export { runRequest } from './request.ts';
