/** What an application of the `Gpu` API is to the lab: it draws frames, and sees nothing but the Gpu. */
import type { Gpu } from '@doorbell/abi';
import type { Mesh } from './mesh.ts';
import type { Picture } from './picture.ts';

export interface SceneContext {
  /** Of the window, in pixels. */
  readonly width: number;
  readonly height: number;
  /** How many will be drawn. No frame depends on it, so that a shorter run is the start of a longer one. */
  readonly frames: number;
  readonly seed: number;
  /** The user's own, for the scenes that take one. */
  readonly model?: Mesh;
  readonly texture?: Picture;
}

export interface SceneRun {
  /** Draws and presents one image. Frames are asked for in turn, from 0. */
  frame(index: number): Promise<void>;
  /** Gives back what the scene made; the Gpu stays open. */
  close(): Promise<void>;
}

export interface Scene {
  readonly name: string;
  /** One sentence. */
  readonly doc: string;
  /** Whom its data is owed to, and on what terms. */
  readonly credit?: string;
  /** What the user may give of their own; nothing else is looked at. */
  readonly takes?: readonly ('model' | 'texture')[];
  /** @throws InputError when the window, model or texture does not suit the scene. */
  setup(gpu: Gpu, context: SceneContext): Promise<SceneRun>;
}

/** The GPU gave back other bytes than it was given: the implementation under it is wrong. */
export class WrongResult extends Error {
  override readonly name = 'WrongResult';
}
