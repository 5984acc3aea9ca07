/** The pointer commands (VIRTIO 1.3 §5.7.6.10). Their queue has no responses. */
import type { Handler } from './call.ts';
import { CURSOR_SIZE, type CursorPlace } from './cursor.ts';
import { rgba } from './pixels.ts';
import { isWhole } from './rect.ts';
import { refuseUnless } from './refusal.ts';
import { done } from './reply.ts';
import { readPixels } from './rows.ts';
import type { Session } from './session.ts';

const whole = { x: 0, y: 0, width: CURSOR_SIZE, height: CURSOR_SIZE };

/** @throws Refusal */
function placeOf(
  { scanouts }: Session,
  pos: { readonly scanout_id: number; readonly x: number; readonly y: number },
): CursorPlace {
  const { scanout_id: scanout, x, y } = pos;
  refuseUnless(
    scanout < scanouts.count,
    'ERR_INVALID_SCANOUT_ID',
    `There is no scanout ${scanout}.`,
  );
  return { scanout, x, y };
}

export const updateCursor: Handler<'UPDATE_CURSOR'> = async ({ session }, command) => {
  const { resource_id, hot_x: hotX, hot_y: hotY } = command;
  const { onCursor, renderer } = session.parts;
  const place = placeOf(session, command.pos);
  if (resource_id === 0) {
    onCursor?.update(place, undefined);
    return done();
  }
  const resource = session.resources.find(resource_id);
  refuseUnless(
    resource.kind === 'image' && isWhole(whole, resource.host),
    'ERR_INVALID_PARAMETER',
    `Resource ${resource_id} is no image of ${CURSOR_SIZE} by ${CURSOR_SIZE}.`,
  );
  if (onCursor !== undefined) {
    const pixels = await readPixels(renderer, resource.host, whole);
    const format = resource.format.isKept ? resource.format : rgba;
    onCursor.update(place, { pixels, format, hotX, hotY });
  }
  return done();
};

export const moveCursor: Handler<'MOVE_CURSOR'> = ({ session }, command) => {
  session.parts.onCursor?.move(placeOf(session, command.pos));
  return done();
};
