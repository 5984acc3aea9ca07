/** The engines, and which of them runs a command. */
import type { CommandName } from '@doorbell/abi';
import { CopyEngine } from './copy-engine.ts';
import type { BellCounts, Engine } from './counts.ts';
import type { GpuMemory } from './range.ts';
import type { EngineRates } from './rates.ts';
import { type EngineClient, RenderEngine } from './render-engine.ts';

/** Runs a packet; gives nanoseconds. More than `limit`: it is too long, and need not be done. */
type EnginePacket = (client: EngineClient, packet: Uint32Array, limit: number) => number;

interface EngineCommand {
  readonly engine: Engine;
  readonly run: EnginePacket;
}

/** @throws Fault from each of the commands' `run`. */
export function engineCommands(
  memory: GpuMemory,
  rates: EngineRates,
  counts: BellCounts,
): Readonly<Record<CommandName, EngineCommand>> {
  const copy = new CopyEngine(memory, rates, counts);
  const render = new RenderEngine(memory, rates, counts);
  const onCopy = (run: EnginePacket): EngineCommand => ({ engine: 'copy', run });
  const onRender = (run: EnginePacket): EngineCommand => ({ engine: 'render', run });
  return {
    fill: onCopy((client, packet, limit) => copy.fill(client, packet, limit)),
    copy: onCopy((client, packet, limit) => copy.copy(client, packet, limit)),
    blit: onCopy((client, packet, limit) => copy.blit(client, packet, limit)),
    setTarget: onRender((client, packet) => render.setTarget(client, packet)),
    setViewport: onRender((client, packet) => render.setViewport(client, packet)),
    setScissor: onRender((client, packet) => render.setScissor(client, packet)),
    setTexture: onRender((client, packet) => render.setTexture(client, packet)),
    setTransform: onRender((client, packet) => render.setTransform(client, packet)),
    draw: onRender((client, packet, limit) => render.draw(client, packet, limit)),
  };
}
