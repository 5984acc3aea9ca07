/** For tests of schedulers, here and in coursework: engines that ask, and tenants that have work. */
export { Engine, type EngineOptions, type Load } from './engine.ts';
export { busy, mix } from './mix.ts';
