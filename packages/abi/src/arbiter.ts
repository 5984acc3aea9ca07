/**
 * Who has the GPU's engines next, of those that share them. The GPU asks at the end of a packet and
 * when something has changed; who answers is whatever the host loaded as its scheduler.
 */

/**
 * Tenants are virtual machines, or processes on bare metal: whole numbers from 0. All times are
 * nanoseconds; `now` never goes back. No call may take longer than O(log n) for n tenants, nor throw
 * for anything that a tenant can cause.
 */
export interface Arbiter {
  /** The tenant is there from now on, asleep: its virtual machine has started. */
  join(tenant: number, now: number): void;
  /** It is gone; if it was awake, that is over too. */
  leave(tenant: number, now: number): void;
  /** It has a packet that could run now, and had none before. */
  wake(tenant: number, now: number): void;
  /** It has none any more: all are done, or wait for something else than the engines. */
  sleep(tenant: number, now: number): void;
  /**
   * It had the engines for `ns`, until now. Told when its packet is done or was preempted, before what
   * follows from that (`sleep`, `leave`). The sum over all tenants is the engines' busy time.
   */
  ran(tenant: number, ns: number, now: number): void;
  /** Who begins a packet now: one that is awake, or -1: the engines stay idle, whoever is awake. */
  pick(now: number): number;
  /**
   * Asked after `pick`: when its answer may be another though nothing else happens; Infinity: never.
   * That is the end of a turn, of a budget's period, or of a tick. While a packet runs, a GPU that
   * preempts stops it then, and asks `pick` who goes on; one that does not never asks in its middle.
   */
  askAt(now: number): number;
}
