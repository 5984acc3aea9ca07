export { Checker, type CheckedPart, type CheckReport, type CheckRequest } from './checker.ts';
export { loadPart, partFiles, type LoadedPart } from './load-part.ts';
export { scaffold, type Scaffold, type Scaffolded } from './scaffold.ts';
