export {
  Checker,
  type CheckedPart,
  type CheckReport,
  type CheckRequest,
  type CheckTarget,
} from './checker.ts';
export { textOf } from './load-mutant.ts';
export { loadPart, partFiles, type LoadedPart } from './load-part.ts';
export { scaffold, type Scaffold, type Scaffolded } from './scaffold.ts';
