/** Of schedulers, here and in coursework: engines that ask, and tenants that have work. */
export { Engine, type EngineOptions, type Load } from './engine.ts';
export { busy, mix } from './mix.ts';
/** Of mediated devices: guests that drive theirs by hand. */
export { MediatedHost, RAM, RW, SYSTEM, VA, type MediatedGuest } from './mediated-guest.ts';
