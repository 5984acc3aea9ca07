export { followSource, ignoreSource, sourceOf, type FileSource } from './hook.ts';
export type { SourceLine, SourceLog } from './source-log.ts';
