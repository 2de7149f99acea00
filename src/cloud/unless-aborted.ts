/** The work's result, or at once the signal's reason where it aborts first. The work itself goes on. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  // A signal of its own: one call may make many requests at once, and Node warns of many listeners.
  const mine = AbortSignal.any([signal]);
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    mine.addEventListener('abort', onAbort);
  });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([aborted, work]);
  } finally {
    mine.removeEventListener('abort', onAbort);
  }
}
