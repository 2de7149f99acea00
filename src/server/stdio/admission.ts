/** Decides when a message that was read is delivered: requests wait while too many are unanswered, or while answers are not read. */
import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import type { RequestId } from './request-id.ts';

export interface Admission {
  /** Delivers the message now, or holds it back. */
  accept(message: JSONRPCMessage, bytes: number): void;
  /** A request has been answered, or never will be. */
  release(id: RequestId): void;
  /** Delivers as many held messages as possible now. */
  pump(): void;
  /** How much is held back. */
  readonly held: { readonly messages: number; readonly bytes: number };
  end(): void;
}

export interface AdmissionOptions {
  readonly deliver: (message: JSONRPCMessage) => void;
  /** Whether the client reads its answers too slowly. */
  readonly isCongested: () => boolean;
  /** Called when messages that were held back have been delivered. */
  readonly onDelivered: () => void;
}

interface Held {
  readonly message: JSONRPCMessage;
  readonly id: RequestId;
  readonly bytes: number;
}

/** Unanswered requests of one kind. */
interface Lane {
  readonly waiting: Held[];
  waitingBytes: number;
  readonly unanswered: Map<RequestId, { readonly bytes: number; readonly since: number }[]>;
  readonly maxUnanswered: number;
  /** A request unanswered for this long never will be: it was dropped, or waits for events. */
  readonly expiryMs: number;
  count: number;
  bytes: number;
}

const MAX_CALLS = 256;
const MAX_OTHERS = 64;
const MAX_UNANSWERED_BYTES = 32 * 1024 * 1024;
const CALL_FORGET_MS = 60_000;
const OTHER_FORGET_MS = 2_000;

export function createAdmission({ deliver, isCongested, onDelivered }: AdmissionOptions): Admission {
  const calls = newLane(MAX_CALLS, CALL_FORGET_MS);
  // Pings, lists and handshakes are answered at once, and do not wait behind calls.
  const others = newLane(MAX_OTHERS, OTHER_FORGET_MS);
  let timer: NodeJS.Timeout | undefined;

  const admit = (lane: Lane, held: Held): void => {
    count(lane, held);
    deliver(held.message);
  };
  const hasCapacity = (lane: Lane): boolean => {
    if (isCongested()) return false;
    if (isFull(lane)) removeExpired(lane);
    return !isFull(lane);
  };
  const pump = (): void => {
    clearTimeout(timer);
    let delivered = false;
    for (const lane of [others, calls]) {
      // Delivering may answer at once, and an answer pumps again: the lane is checked again each time.
      while (lane.waiting.length > 0 && hasCapacity(lane)) {
        const next = take(lane, 0);
        if (!next) break;
        delivered = true;
        admit(lane, next);
      }
      // Deliver in order of arrival: a call must not overtake the handshake.
      if (lane === others && others.waiting.length > 0) break;
    }
    if (others.waiting.length + calls.waiting.length > 0) timer = setTimeout(pump, 1_000).unref();
    if (delivered) onDelivered();
  };
  const release = (id: RequestId): void => {
    removeRequest(calls.unanswered.has(id) ? calls : others, id);
    if (calls.waiting.length + others.waiting.length > 0) pump();
  };
  const cancel = (id: RequestId, message: JSONRPCMessage): void => {
    const at = calls.waiting.findIndex((held) => held.id === id);
    if (take(calls, at)) {
      // The call was held back and never starts.
      onDelivered();
      return;
    }
    deliver(message);
    // The call is not answered any more.
    release(id);
  };

  return {
    accept(message, bytes) {
      const cancelled = cancelledId(message);
      if (cancelled !== undefined) return cancel(cancelled, message);
      if (!('method' in message && 'id' in message)) return deliver(message);
      const lane = message.method === 'tools/call' ? calls : others;
      const held = { message, id: message.id, bytes };
      const isFirst = lane.waiting.length === 0 && others.waiting.length === 0;
      if (isFirst && hasCapacity(lane)) return admit(lane, held);
      hold(lane, held);
      pump();
    },
    release,
    pump,
    get held() {
      return {
        messages: calls.waiting.length + others.waiting.length,
        bytes: calls.waitingBytes + others.waitingBytes,
      };
    },
    end: () => clearTimeout(timer),
  };
}

function hold(lane: Lane, held: Held): void {
  lane.waiting.push(held);
  lane.waitingBytes += held.bytes;
}

/** Takes a held request out of its lane, if there is one at the index. */
function take(lane: Lane, index: number): Held | undefined {
  if (index < 0) return undefined;
  const [held] = index === 0 ? [lane.waiting.shift()] : lane.waiting.splice(index, 1);
  lane.waitingBytes -= held?.bytes ?? 0;
  return held;
}

/** Counts a request as unanswered. */
function count(lane: Lane, { id, bytes }: Held): void {
  const same = lane.unanswered.get(id) ?? [];
  same.push({ bytes, since: Date.now() });
  lane.unanswered.set(id, same);
  lane.count += 1;
  lane.bytes += bytes;
}

function newLane(maxUnanswered: number, expiryMs: number): Lane {
  return { waiting: [], waitingBytes: 0, unanswered: new Map(), maxUnanswered, expiryMs, count: 0, bytes: 0 };
}

/** One message is always admitted, whatever its size. */
function isFull({ count, bytes, maxUnanswered }: Lane): boolean {
  return count >= maxUnanswered || (count > 0 && bytes >= MAX_UNANSWERED_BYTES);
}

/** Stops counting the oldest request of an id. */
function removeRequest(lane: Lane, id: RequestId): void {
  const same = lane.unanswered.get(id);
  const first = same?.shift();
  if (!same || !first) return;
  if (same.length === 0) lane.unanswered.delete(id);
  lane.count -= 1;
  lane.bytes -= first.bytes;
}

function removeExpired(lane: Lane): void {
  const before = Date.now() - lane.expiryMs;
  for (const [id, same] of lane.unanswered) {
    while ((same[0]?.since ?? Number.POSITIVE_INFINITY) < before) removeRequest(lane, id);
  }
}

function cancelledId(message: JSONRPCMessage): RequestId | undefined {
  if (!('method' in message) || 'id' in message || message.method !== 'notifications/cancelled') return undefined;
  const id = message.params?.requestId;
  return typeof id === 'string' || typeof id === 'number' ? id : undefined;
}
