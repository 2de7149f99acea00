/** A signal that is aborted by the caller's own, or when the time is over. */

export interface Deadline {
  readonly signal: AbortSignal;
  readonly over: () => boolean;
  /** Begins the time anew. */
  refresh(): void;
  /** Must be called when the work is done. */
  clear(): void;
}

/** Not by AbortSignal.any and AbortSignal.timeout: Node 20 may collect those before they have fired. */
export function startDeadline(signal: AbortSignal, milliseconds: number): Deadline {
  const controller = new AbortController();
  let over = false;
  const follow = (): void => controller.abort(signal.reason);
  if (signal.aborted) follow();
  signal.addEventListener('abort', follow, { once: true });
  const timer = setTimeout(() => {
    over = true;
    controller.abort();
  }, milliseconds);
  return {
    signal: controller.signal,
    over: () => over,
    refresh: () => void timer.refresh(),
    clear() {
      clearTimeout(timer);
      signal.removeEventListener('abort', follow);
    },
  };
}
